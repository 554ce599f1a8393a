package main

import (
	"net/netip"
	"regexp"
	"time"

	"github.com/rawping/rawping/internal/testbed"
	"github.com/rawping/rawping/internal/wire"
)

const ms = time.Millisecond

// row is a fault, the truth, and what a tool must say of it to be right.
type row struct {
	name  string
	truth string
	fault func(*trial) testbed.Fault // of a host of the responder; nil: another address
	addr  func(*trial) netip.Addr    // nil: the trial's own host of the responder
	while func(*trial) error         // what happens while the tool runs
	twice bool                       // both it and another of its kind are process 1 of their namespaces
	alone bool                       // nothing else runs
	rtts  bool                       // the RTTs matter
	right func(said) bool
}

// lost wants so many lost, neither more nor less.
func lost(n int) func(said) bool {
	return func(s said) bool { return s.figure && !s.nothing && s.lost == n }
}

// refused wants all to be lost, and the reason.
func refused(reason string) func(said) bool {
	r := regexp.MustCompile("(?i)" + reason)
	return func(s said) bool { return s.figure && s.lost == probes && r.MatchString(s.text) }
}

// unsent wants the reason why nothing was sent. Who says that all of it was lost,
// and no more, blames the network.
func unsent(reason, misleading string) func(said) bool {
	r, m := regexp.MustCompile("(?i)"+reason), regexp.MustCompile("(?i)"+misleading)
	return func(s said) bool { return r.MatchString(s.text) && (misleading == "" || !m.MatchString(s.text)) }
}

// same is a fault that is the same for everyone.
func same(f testbed.Fault) func(*trial) testbed.Fault {
	return func(*trial) testbed.Fault { return f }
}

// icmp is an error from a router, IPv4 and IPv6.
func icmp(type4, code4, type6, code6 uint8) func(*trial) testbed.Fault {
	return func(t *trial) testbed.Fault {
		e := &testbed.ICMPError{Type: type4, Code: code4}
		if t.family == wire.V6 {
			e = &testbed.ICMPError{Type: type6, Code: code6}
		}
		return testbed.Fault{ICMPError: e}
	}
}

// local is a destination that the client refuses to send to.
func local(which func(testbed.Addresses) testbed.LocalError) func(*trial) netip.Addr {
	return func(t *trial) netip.Addr { return which(t.bed.Addresses).Addr.Of(t.family) }
}

// dead answers nothing.
var dead = testbed.Fault{Lose: 1, Of: 1}

func rows() []row {
	return append(replies(), others()...)
}

// replies are the faults of what comes back.
func replies() []row {
	forged := dead
	forged.Forge = 3
	return []row{
		{name: "none", truth: "10 of 10 answered", fault: same(testbed.Fault{}), right: lost(0)},
		{
			name: "delay of 20 ms", truth: "10 of 10 answered, in 20 ms", fault: same(testbed.Fault{Delay: 20 * ms}), rtts: true,
			right: func(s said) bool { return lost(0)(s) && s.min >= 20*ms && s.min < 25*ms },
		},
		{
			name: "late, beyond the timeout", truth: "answered after 1.5 s; 1 s was allowed, where the tool has such a limit",
			fault: same(testbed.Fault{Delay: 1500 * ms}), rtts: true,
			right: func(s said) bool { return lost(probes)(s) || lost(0)(s) && s.min >= 1500*ms },
		},
		{name: "loss of 3 in 10", truth: "3 of 10 lost", fault: same(testbed.Fault{Lose: 3, Of: 10}), right: lost(3)},
		{name: "duplicates", truth: "10 of 10 answered, each twice", fault: same(testbed.Fault{Duplicate: 1}), right: lost(0)},
		{name: "reordering", truth: "10 of 10 answered, each third one overtaken", fault: same(testbed.Fault{Reorder: 3}), right: lost(0)},
		{name: "corrupt payload", truth: "no reply is what was sent", fault: same(testbed.Fault{CorruptPayload: 1}), right: lost(probes)},
		{name: "bad checksum", truth: "no reply has a valid checksum", fault: same(testbed.Fault{BadChecksum: true}), right: lost(probes)},
		{name: "truncated", truth: "no reply is as long as what was sent", fault: same(testbed.Fault{Truncate: 24}), right: lost(probes)},
		{name: "wrong identifier", truth: "no reply is to what was sent", fault: same(testbed.Fault{WrongID: 0x4000}), right: lost(probes)},
		{name: "wrong sequence number", truth: "no reply is to what was sent", fault: same(testbed.Fault{WrongSeq: 0x4000}), right: lost(probes)},
		{
			name: "wrong source", truth: "another host answers, the one asked is silent", right: lost(probes),
			fault: func(t *trial) testbed.Fault { return testbed.Fault{WrongSource: t.host(200)} },
		},
		{name: "dead, forged replies", truth: "dead; somebody sends replies with identifier and number right, and a payload made up", fault: same(forged), right: lost(probes)},
		{name: "dies, old replies replayed", truth: "dies after 5; somebody sends the 5 old replies again and again", fault: same(testbed.Fault{}), while: dies, right: lost(5)},
		{name: "dead, another pinger with the same identifier", truth: "dead; the same tool, process 1 in another container too, asks a host that lives", fault: same(dead), twice: true, alone: true, right: lost(probes)},
	}
}

// others are errors, and faults of our own system.
func others() []row {
	return []row{
		{name: "host unreachable", truth: "a router says so", fault: icmp(3, 1, 1, 3), right: refused("unreachable")},
		{name: "prohibited", truth: "a router's filter says so", fault: icmp(3, 13, 1, 1), right: refused("prohibit|filtered")},
		{name: "TTL exceeded", truth: "a router says so", fault: icmp(11, 0, 3, 0), right: refused("exceeded")},
		{
			name: "dead neighbour", truth: "nobody has the address", right: lost(probes),
			addr: func(t *trial) netip.Addr { return last(t.bed.DeadNeighbours.Of(t.family).Addr(), t.number) },
		},
		{
			name: "own firewall (EPERM)", truth: "nothing left this host: its firewall", right: unsent("not permitted|firewall", ""),
			addr: local(func(a testbed.Addresses) testbed.LocalError { return a.Firewall }),
		},
		{
			name: "no route", truth: "nothing left this host: it knows no way", right: unsent("no route|network is unreachable", ""),
			addr: local(func(a testbed.Addresses) testbed.LocalError { return a.NoRoute }),
		},
		{
			name: "route prohibit", truth: "nothing left this host: its route prohibits it", right: unsent("permission denied|prohibit", "broadcast"),
			addr: local(func(a testbed.Addresses) testbed.LocalError { return a.Prohibit }),
		},
		{
			name: "stopped process", truth: "10 of 10 answered, in 200 ms; the tool was stopped for 2 s over a reply (SIGSTOP)",
			fault: same(testbed.Fault{Delay: 200 * ms}), while: stops, rtts: true,
			right: func(s said) bool { return lost(0)(s) && s.min >= 200*ms && s.max < 1000*ms },
		},
	}
}

// last gives an address another last byte.
func last(addr netip.Addr, n int) netip.Addr {
	bytes := addr.AsSlice()
	bytes[len(bytes)-1] = byte(n) //nolint:gosec // G115: the number of a tool
	addr, _ = netip.AddrFromSlice(bytes)
	return addr
}
