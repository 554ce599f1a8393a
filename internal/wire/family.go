package wire

import "net/netip"

// Family is the IP version a message travels in.
type Family uint8

// The two families.
const (
	V4 Family = 4 // ICMP, RFC 792
	V6 Family = 6 // ICMPv6, RFC 4443
)

// FamilyOf says which family reaches addr. An IPv4-mapped IPv6 address counts
// as IPv4, because that is what goes on the wire.
func FamilyOf(addr netip.Addr) Family {
	if addr.Is4() || addr.Is4In6() {
		return V4
	}
	return V6
}

// String returns "IPv4" or "IPv6".
func (f Family) String() string {
	switch f {
	case V4:
		return "IPv4"
	case V6:
		return "IPv6"
	}
	return "no IP family"
}
