package testbed

import (
	"net/netip"
	"syscall"

	"github.com/rawping/rawping/internal/wire"
)

// Pair is what there is once for each family.
type Pair struct{ V4, V6 netip.Addr }

// Of returns the address of a family.
func (p Pair) Of(f wire.Family) netip.Addr {
	if f == wire.V6 {
		return p.V6
	}
	return p.V4
}

// PrefixPair is Pair for prefixes.
type PrefixPair struct{ V4, V6 netip.Prefix }

// Of returns the prefix of a family.
func (p PrefixPair) Of(f wire.Family) netip.Prefix {
	if f == wire.V6 {
		return p.V6
	}
	return p.V4
}

// LocalError is a destination that the client's own system refuses to send to.
type LocalError struct {
	Name  string
	Addr  Pair
	Errno syscall.Errno // what sendto returns
}

// RouterError is a destination that the router answers with an ICMP error.
type RouterError struct {
	Name       string // as nft calls it
	Addr       netip.Addr
	Type, Code uint8
}

// Addresses is what lies where. Every bed has the same.
type Addresses struct {
	ClientAddr, ServerAddr Pair // the kernel of either end; the server answers echo requests
	RouterAddr             Pair // the router as the client sees it, and the source of its errors
	ClientLinkLocal        netip.Addr
	RouterLinkLocal        netip.Addr // with the zone that it has in the client

	Responder PrefixPair // answered by the responder, according to the rules
	Narrow    PrefixPair // the part of Responder behind a path with an MTU of 1280
	Silent    PrefixPair // the router drops everything to here

	DeadNeighbour  Pair       // on the client's link, and nobody has the address
	DeadNeighbours PrefixPair // thousands of them (net.ipv4.neigh.default.gc_thresh3 bounds how many at once)

	Blackhole   LocalError // route of type blackhole: EINVAL
	Unreachable LocalError // route of type unreachable: EHOSTUNREACH
	Prohibit    LocalError // route of type prohibit: EACCES
	NoRoute     LocalError // no route, and no default route: ENETUNREACH
	Firewall    LocalError // dropped in the output hook: EPERM
	Rejecting   LocalError // rejected in the output hook: EPERM, and an ICMP error from the client itself

	RouterErrors4, RouterErrors6 []RouterError
}

// NarrowMTU is the MTU of the path to [Addresses].Narrow.
const NarrowMTU = 1280

// LocalErrors returns all destinations that the client refuses to send to.
func (a Addresses) LocalErrors() []LocalError {
	return []LocalError{a.Blackhole, a.Unreachable, a.Prohibit, a.NoRoute, a.Firewall, a.Rejecting}
}

// RouterErrors returns the destinations that the router answers with an error.
func (a Addresses) RouterErrors(f wire.Family) []RouterError {
	if f == wire.V6 {
		return a.RouterErrors6
	}
	return a.RouterErrors4
}

// addresses lays the network out in the prefixes for documentation (RFC 5737,
// RFC 3849) and for benchmarks (RFC 2544); the dead neighbours, of which there
// are many, in the one between providers and their customers (RFC 6598).
func addresses() Addresses {
	a := Addresses{
		ClientAddr:      pair("198.51.100.1", "2001:db8:a::1"),
		RouterAddr:      pair("198.51.100.2", "2001:db8:a::2"),
		ServerAddr:      pair("203.0.113.2", "2001:db8:b::2"),
		ClientLinkLocal: netip.MustParseAddr("fe80::1%" + clientLink),
		RouterLinkLocal: netip.MustParseAddr("fe80::2%" + clientLink),
		Responder:       prefixPair("198.18.0.0/15", "2001:db8:f::/48"),
		Narrow:          prefixPair("198.19.255.0/24", "2001:db8:f:ffff::/64"),
		Silent:          prefixPair("192.0.2.96/27", "2001:db8:e:96::/64"),
		DeadNeighbour:   pair("198.51.100.5", "2001:db8:a::5"),
		DeadNeighbours:  prefixPair("100.64.0.0/20", "2001:db8:a::dead:0/112"),
		Blackhole:       LocalError{"blackhole", pair("192.0.2.129", "2001:db8:d::129"), syscall.EINVAL},
		Unreachable:     LocalError{"unreachable", pair("192.0.2.130", "2001:db8:d::130"), syscall.EHOSTUNREACH},
		Prohibit:        LocalError{"prohibit", pair("192.0.2.131", "2001:db8:d::131"), syscall.EACCES},
		NoRoute:         LocalError{"no route", pair("192.0.2.132", "2001:db8:d::132"), syscall.ENETUNREACH},
		Firewall:        LocalError{"firewall", pair("192.0.2.33", "2001:db8:e::33"), syscall.EPERM},
		Rejecting:       LocalError{"rejecting firewall", pair("192.0.2.34", "2001:db8:e::34"), syscall.EPERM},
	}
	a.RouterErrors4 = []RouterError{
		{"net-unreachable", netip.MustParseAddr("192.0.2.1"), 3, 0},
		{"host-unreachable", netip.MustParseAddr("192.0.2.2"), 3, 1},
		{"prot-unreachable", netip.MustParseAddr("192.0.2.3"), 3, 2},
		{"port-unreachable", netip.MustParseAddr("192.0.2.4"), 3, 3},
		{"net-prohibited", netip.MustParseAddr("192.0.2.5"), 3, 9},
		{"host-prohibited", netip.MustParseAddr("192.0.2.6"), 3, 10},
		{"admin-prohibited", netip.MustParseAddr("192.0.2.7"), 3, 13},
	}
	a.RouterErrors6 = []RouterError{
		{"no-route", netip.MustParseAddr("2001:db8:e::1"), 1, 0},
		{"admin-prohibited", netip.MustParseAddr("2001:db8:e::2"), 1, 1},
		{"addr-unreachable", netip.MustParseAddr("2001:db8:e::3"), 1, 3},
		{"port-unreachable", netip.MustParseAddr("2001:db8:e::4"), 1, 4},
		{"policy-fail", netip.MustParseAddr("2001:db8:e::5"), 1, 5},
		{"reject-route", netip.MustParseAddr("2001:db8:e::6"), 1, 6},
	}
	return a
}

func pair(v4, v6 string) Pair {
	return Pair{netip.MustParseAddr(v4), netip.MustParseAddr(v6)}
}

func prefixPair(v4, v6 string) PrefixPair {
	return PrefixPair{netip.MustParsePrefix(v4), netip.MustParsePrefix(v6)}
}
