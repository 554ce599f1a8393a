package resolve

import (
	"fmt"
	"net/netip"

	"github.com/rawping/rawping/internal/wire"
)

// Family says which addresses of a host are wanted.
type Family uint8

// The policies.
const (
	Either Family = iota // the resolver's order; First passes over a family without a route
	V4                   // IPv4 only
	V6                   // IPv6 only
	Both                 // IPv4 and IPv6: All fails unless the host has both
)

// network returns the word that net.Resolver.LookupNetIP has for the family.
func (f Family) network() string {
	switch f {
	case V4:
		return "ip4"
	case V6:
		return "ip6"
	}
	return "ip"
}

// admits reports whether an address is of the family.
func (f Family) admits(addr netip.Addr) bool {
	return f == Either || f == Both || (f == V4) == (wire.FamilyOf(addr) == wire.V4)
}

// literal returns the address that a literal stands for, if the family admits it.
func (f Family) literal(host string, addr netip.Addr) (netip.Addr, error) {
	if !f.admits(addr) {
		wanted := wire.V4
		if f == V6 {
			wanted = wire.V6
		}
		return netip.Addr{}, &Error{Host: host, Kind: WrongFamily, Err: fmt.Errorf("is an %s address, but %s was asked for", wire.FamilyOf(addr), wanted)}
	}
	return addr, nil
}
