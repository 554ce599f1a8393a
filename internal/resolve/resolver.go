package resolve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/rawping/rawping/internal/wire"
)

// Resolver finds the addresses of hosts. The zero value asks the system. It may
// be used by several goroutines at once if its functions may.
type Resolver struct {
	// Lookup returns a name's addresses, the best first; network is "ip", "ip4"
	// or "ip6". nil: Go's own resolver.
	Lookup func(ctx context.Context, network, name string) ([]netip.Addr, error)

	// Reachable reports whether this machine has a route to an address. nil: it
	// has one if connect(2) on a UDP socket, which sends nothing, succeeds.
	Reachable func(netip.Addr) bool

	// Nsswitch is the path of nsswitch.conf(5); "": /etc/nsswitch.conf.
	Nsswitch string
}

// First returns the address of a host that is to be used: a literal's own, or
// the first of a name's that the family admits. With Either and Both, if the
// first has no route, the next that has one is taken, and if none has, the first.
// The error is an *Error.
func (r Resolver) First(ctx context.Context, host string, f Family) (netip.Addr, error) {
	return r.Again(ctx, host, f, netip.Addr{})
}

// Again is First for a host that has been looked up before. It returns the current
// address as long as the host still has it, for name servers turn their answers
// round; but not one without a route where another has one.
func (r Resolver) Again(ctx context.Context, host string, f Family, current netip.Addr) (netip.Addr, error) {
	addrs, err := r.find(ctx, host, f)
	if err != nil {
		return netip.Addr{}, err
	}
	if i := slices.Index(addrs, current); i > 0 {
		addrs[0], addrs[i] = addrs[i], addrs[0]
	}
	if len(addrs) > 1 && (f == Either || f == Both) {
		if i := slices.IndexFunc(addrs, r.reachable); i > 0 {
			return addrs[i], nil
		}
	}
	return addrs[0], nil
}

// All returns every address of a host that the family admits, in the resolver's
// order, each once; with Both, an error if there is not at least one of either
// family. The error is an *Error.
func (r Resolver) All(ctx context.Context, host string, f Family) ([]netip.Addr, error) {
	addrs, err := r.find(ctx, host, f)
	if err != nil {
		return nil, err
	}
	if f == Both {
		for _, family := range []wire.Family{wire.V4, wire.V6} {
			if !slices.ContainsFunc(addrs, func(a netip.Addr) bool { return wire.FamilyOf(a) == family }) {
				return nil, &Error{host, NotFound, errors.New("has no " + family.String() + " address, but both families were asked for")}
			}
		}
	}
	return addrs, nil
}

// find returns the addresses of a literal or a name: at least one, or an error.
func (r Resolver) find(ctx context.Context, host string, f Family) ([]netip.Addr, error) {
	addr, literal, err := parse(host)
	if err == nil && literal {
		err = checkZone(host, addr)
	}
	if err != nil {
		return nil, err
	}
	if literal {
		addr, err := f.literal(host, addr)
		if err != nil {
			return nil, err
		}
		return []netip.Addr{addr}, nil
	}
	found, err := r.lookup(ctx, f.network(), host)
	if err != nil {
		return nil, r.wrongFamily(ctx, f, failure(host, err, r.nsswitch()))
	}
	var addrs []netip.Addr
	var useless netip.Addr
	for _, a := range found {
		a = a.Unmap()
		switch {
		case !f.admits(a) || slices.Contains(addrs, a):
		case checkAddr(host, a) != nil:
			useless = a
		default:
			addrs = append(addrs, a)
		}
	}
	switch {
	case len(addrs) > 0:
		return addrs, nil
	case useless.IsValid():
		return nil, &Error{host, NotFound, fmt.Errorf("resolves to nothing that is a host's address, as %s", useless)}
	}
	return nil, r.wrongFamily(ctx, f, &Error{host, NotFound, errors.New("the name has no address of the family that was asked for")})
}

// wrongFamily returns e, or a better one if the name has addresses of the family
// that was not asked for.
func (r Resolver) wrongFamily(ctx context.Context, f Family, e *Error) *Error {
	asked, other := wire.V4, V6
	if f == V6 {
		asked, other = wire.V6, V4
	}
	if e.Kind != NotFound || f != V4 && f != V6 {
		return e
	}
	if found, err := r.lookup(ctx, other.network(), e.Host); err != nil || !slices.ContainsFunc(found, other.admits) {
		return e
	}
	return &Error{e.Host, WrongFamily, fmt.Errorf("has no %s address, only of the other family%s", asked, modulesNote(r.nsswitch()))}
}

// lookup asks the resolver, and returns at the deadline even if that does not:
// its goroutine ends by itself, with nobody to take its answer.
func (r Resolver) lookup(ctx context.Context, network, name string) ([]netip.Addr, error) {
	ask := r.Lookup
	if ask == nil {
		ask = (&net.Resolver{PreferGo: true}).LookupNetIP
	}
	type answer struct {
		addrs []netip.Addr
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		addrs, err := ask(ctx, network, name)
		answers <- answer{addrs, err}
	}()
	select {
	case a := <-answers:
		return a.addrs, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (r Resolver) reachable(addr netip.Addr) bool {
	if r.Reachable != nil {
		return r.Reachable(addr)
	}
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 9)))
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

func (r Resolver) nsswitch() string {
	if r.Nsswitch != "" {
		return r.Nsswitch
	}
	return "/etc/nsswitch.conf"
}
