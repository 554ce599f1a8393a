package main

import (
	"fmt"
	"net/netip"
	"syscall"
	"time"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/testbed"
	"github.com/rawping/rawping/internal/wire"
)

const ms = time.Millisecond

// host is one that an engine probes, and what may be said of it.
type host struct {
	group    string
	addr     netip.Addr
	other    netip.Addr // has the same fault; the target may move there. Not valid: it stays
	want     want
	fault    testbed.Fault
	sizes    []int
	timeouts []time.Duration
	hops     int
	whole    bool // ask not to fragment
	steady   bool // neither changed nor removed
}

// maxHosts is how many hosts of a prefix an engine has, at most.
const maxHosts = 31

// numbered returns an engine's nth address of a prefix. Bit 6 is in none of them:
// a forged error quotes an address that differs in it.
func numbered(prefix netip.Prefix, k kind, n int, other bool) netip.Addr {
	number := byte(n%maxHosts + 1) //nolint:gosec // G115: at most 31
	if !k.raw {
		number |= 0x20
	}
	if other {
		number |= 0x80
	}
	b := prefix.Addr().AsSlice()
	b[len(b)-1] = number
	addr, _ := netip.AddrFromSlice(b)
	return addr
}

// faults returns the test bed's rules and some more, each with a prefix of its own.
func faults() []testbed.StandardRule {
	all := testbed.Standard()
	alike := func(name string, f testbed.Fault) {
		all = append(all, testbed.StandardRule{Name: name, Fault4: f, Fault6: f})
	}
	alike("delay of 0 to 300 ms", testbed.Fault{Jitter: 300 * ms})
	alike("loses the first 1 of each 4", testbed.Fault{Lose: 1, Of: 4})
	alike("all of the payload corrupt, twice", testbed.Fault{CorruptPayload: 2000, Duplicate: 1})
	alike("late, and then again", testbed.Fault{Delay: late, Duplicate: 1, DuplicateAfter: 10 * ms})
	alike("dead, 20 forged replies", testbed.Fault{Lose: 1, Of: 1, Forge: 20})
	alike("dead, 12 forged errors", testbed.Fault{Lose: 1, Of: 1, ForgeErrors: 12})
	none := func(name string, v4, v6 testbed.ICMPError) { // messages that are no errors
		all = append(all, testbed.StandardRule{Name: name, Fault4: testbed.Fault{ICMPError: &v4}, Fault6: testbed.Fault{ICMPError: &v6}})
	}
	none("dead, a redirect", testbed.ICMPError{Type: 5, Code: 1, Info: 0xc6336402}, testbed.ICMPError{Type: 137})
	none("dead, a source quench or router solicitation", testbed.ICMPError{Type: 4}, testbed.ICMPError{Type: 133})
	alike(everyError, testbed.Fault{})
	alike(changing, testbed.Fault{})
	for i := range all {
		all[i].Prefix = testbed.PrefixPair{
			V4: netip.MustParsePrefix(fmt.Sprintf("198.18.%d.0/24", i+1)),
			V6: netip.MustParsePrefix(fmt.Sprintf("2001:db8:f:%d::/64", i+1)),
		}
	}
	return all
}

// Groups each host of which has a rule of its own.
const (
	everyError = "an error of every type and code"
	changing   = "rules that change"
)

// plan returns the hosts of an engine, and sets their rules.
func plan(bed *testbed.Bed, k kind) []host {
	var hosts []host
	for _, rule := range faults() {
		prefix := rule.Prefix.Of(k.family)
		switch rule.Name {
		case everyError:
			hosts = append(hosts, refusing(bed, prefix, k)...)
			continue
		case changing:
			hosts = append(hosts, unsteady(prefix, k)...)
			continue
		}
		f := rule.Fault(k.family)
		bed.Rule(prefix, f)
		count := 2
		if rule.Name == "right replies" {
			count = 12
		}
		for n := range count {
			h := responding(prefix, k, n, rule.Name, f)
			h.steady = n == 0 || h.want.exact || n >= 8
			hosts = append(hosts, h)
		}
	}
	hosts = append(hosts, narrow(bed, k)...)
	return append(hosts, elsewhere(bed, k)...)
}

// responding returns a host that the responder plays.
func responding(prefix netip.Prefix, k kind, n int, group string, f testbed.Fault) host {
	w := expect(f, k)
	return host{
		group: group, want: w, fault: f, sizes: sizes(f), timeouts: w.timeouts(f),
		addr: numbered(prefix, k, n, false), other: numbered(prefix, k, n, true),
	}
}

// refusing returns a host for each ICMP error, quoted in turn in every way.
func refusing(bed *testbed.Bed, prefix netip.Prefix, k kind) []host {
	codes := []struct{ typ, codes uint8 }{{3, 16}, {11, 2}, {12, 3}} // RFC 792, RFC 1812
	if k.family == wire.V6 {
		codes = []struct{ typ, codes uint8 }{{1, 8}, {2, 1}, {3, 2}, {4, 4}} // RFC 4443, RFC 7112
	}
	quotes := []testbed.ICMPError{
		{Quote: 8},
		{Quote: 9},
		{Quote: 24},
		{Quote: 40},
		{},
		{Extensions: true},
		{Extensions: true, Quote: 8},
		{Options: true, ExtHeaders: true},
		{Options: true, ExtHeaders: true, Quote: 8},
	}
	var hosts []host
	for _, c := range codes {
		for code := range c.codes {
			e := quotes[len(hosts)%len(quotes)]
			e.Type, e.Code, e.Info = c.typ, code, 1400
			e.Options = e.Options && k.family == wire.V4
			e.ExtHeaders = e.ExtHeaders && k.family == wire.V6
			h := responding(prefix, k, len(hosts), everyError, testbed.Fault{ICMPError: &e})
			h.want.must = 0 // not each of them comes to each kind of socket
			for _, addr := range []netip.Addr{h.addr, h.other} {
				bed.Rule(netip.PrefixFrom(addr, addr.BitLen()), h.fault)
			}
			hosts = append(hosts, h)
		}
	}
	return hosts
}

// unsteady returns hosts whose rules change: only the log says what may be said.
func unsteady(prefix netip.Prefix, k kind) []host {
	var hosts []host
	for n := range 8 {
		h := responding(prefix, k, n, changing, testbed.Fault{})
		h.want = want{
			logged: true, verdicts: setOf(echo.Reply, echo.Lost, echo.Refused),
			facts: setOf(echo.Duplicate, echo.Corrupt, echo.WrongSource),
		}
		h.sizes, h.timeouts = []int{56, 1200}, []time.Duration{500 * ms, time.Second}
		hosts = append(hosts, h)
	}
	return hosts
}

// narrow returns hosts behind a path with a small MTU.
func narrow(bed *testbed.Bed, k kind) []host {
	fits := responding(bed.Narrow.Of(k.family), k, 0, "narrow path, not to be fragmented", testbed.Fault{})
	fits.whole = true
	wide := responding(bed.Narrow.Of(k.family), k, 1, "path too narrow for one piece", testbed.Fault{})
	wide.sizes = []int{1400}
	wide.want.narrow = true // the router answers until the kernel has learnt
	wide.want.verdicts |= setOf(echo.Refused)
	return []host{fits, wide}
}

// elsewhere returns the hosts that are not the responder's.
func elsewhere(bed *testbed.Bed, k kind) []host {
	var hosts []host
	add := func(group string, addr netip.Addr, w want) *host {
		h := host{group: group, addr: addr, want: w, sizes: sizes(testbed.Fault{}), timeouts: w.timeouts(testbed.Fault{})}
		hosts = append(hosts, h)
		return &hosts[len(hosts)-1]
	}
	right := want{verdicts: setOf(echo.Reply), must: echo.Reply}
	lost := want{verdicts: setOf(echo.Lost), must: echo.Lost}
	add("a real host", bed.ServerAddr.Of(k.family), right).steady = true
	add("a real host", bed.ServerAddr.Of(k.family), right)
	add("the router", bed.RouterAddr.Of(k.family), right)

	exceeded := want{verdicts: setOf(echo.Refused), must: echo.Refused, icmp: &[2]uint8{11, 0}, router: bed.RouterAddr.Of(k.family)}
	if k.family == wire.V6 {
		exceeded.icmp = &[2]uint8{3, 0}
	}
	add("too few hops", bed.ServerAddr.Of(k.family), exceeded).hops = 1
	for _, e := range bed.RouterErrors(k.family) {
		w := want{verdicts: setOf(echo.Refused), must: echo.Refused, icmp: &[2]uint8{e.Type, e.Code}, router: bed.RouterAddr.Of(k.family)}
		add("refused by the router", e.Addr, w)
	}
	for _, e := range bed.LocalErrors() {
		w := want{verdicts: setOf(echo.NotSent), must: echo.NotSent, errno: e.Errno}
		if e.Errno == syscall.EPERM && k.family == wire.V6 && !k.raw {
			// This kind of socket is not told. Where the kernel may have had no room
			// for a departure stamp, the lack of one proves nothing.
			w.verdicts |= lost.verdicts
			if e == bed.Rejecting {
				w.verdicts |= setOf(echo.Refused)
			}
		}
		add("refused here: "+e.Name, e.Addr.Of(k.family), w)
	}
	for n := range 4 {
		add("silent", nth(bed.Silent.Of(k.family).Addr(), n+1), lost)
	}
	neighbour := want{verdicts: setOf(echo.Lost, echo.Refused), must: echo.Lost, router: bed.ClientAddr.Of(k.family)}
	for n := range 12 {
		h := add("no such neighbour", numbered(bed.DeadNeighbours.Of(k.family), k, n, false), neighbour)
		h.timeouts = []time.Duration{500 * ms, time.Second, 5 * time.Second}
	}
	return hosts
}

// nth returns the address n after another.
func nth(addr netip.Addr, n int) netip.Addr {
	for range n {
		addr = addr.Next()
	}
	return addr
}
