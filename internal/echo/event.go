package echo

import (
	"net/netip"
	"time"

	"github.com/rawping/rawping/internal/icmpsock"
)

// Kind says what an event tells of a probe.
type Kind uint8

// The verdicts. Every probe gets exactly one of them, and it is final.
const (
	Reply     Kind = iota + 1 // a reply that proved to be ours came in time
	Lost                      // sent, and nothing but silence by its timeout
	Refused                   // an ICMP error came instead: see Event.ICMP
	NotSent                   // never left this host, whatever its kernel said first: see Event.Cause
	Abandoned                 // sent, then given up undecided: target removed, run stopped, socket lost
)

// The facts. They explain a verdict, and never change a count that was given.
const (
	Late        Kind = iota + 16 // a valid reply after any other verdict than Reply
	LateRefusal                  // an ICMP error after the verdict Lost or NotSent
	Duplicate                    // another valid reply to a probe that had one
	Corrupt                      // a reply with our identifier, number and source, but a bad checksum, token or payload
	WrongSource                  // a valid reply, but from another address than the target's
	Missed                       // sending slots of an endless target that passed by: see Event.Missed
)

// Verdict reports whether k is a verdict, not a further fact.
func (k Kind) Verdict() bool { return k >= Reply && k <= Abandoned }

func (k Kind) String() string {
	switch k {
	case Reply:
		return "reply"
	case Lost:
		return "lost"
	case Refused:
		return "refused"
	case NotSent:
		return "not sent"
	case Abandoned:
		return "abandoned"
	case Late:
		return "late"
	case LateRefusal:
		return "late refusal"
	case Duplicate:
		return "duplicate"
	case Corrupt:
		return "corrupt"
	case WrongSource:
		return "wrong source"
	case Missed:
		return "missed"
	}
	return "no event"
}

// RTTSource says how an RTT was taken.
type RTTSource uint8

// From the best to the weakest. A figure over many RTTs is as good as its weakest.
const (
	KernelTime RTTSource = iota + 1 // departure and arrival stamped by the kernel
	MixedTime                       // departure read in this process, arrival stamped by the kernel
	UserTime                        // both read in this process: on a busy host it is too long
)

func (s RTTSource) String() string {
	switch s {
	case KernelTime:
		return "kernel"
	case MixedTime:
		return "mixed"
	case UserTime:
		return "user"
	}
	return ""
}

// ICMPError is an ICMP error message that a probe met.
type ICMPError struct {
	Type, Code uint8
	MTU        uint32     // fragmentation needed, packet too big: what the next hop takes; else 0
	Router     netip.Addr // who sent it; without a zone
}

// Event is a verdict on one probe, or a further fact. The engine owns it: it
// is good only until the observer returns.
type Event struct {
	Kind   Kind
	Target TargetID
	Ref    any    // Target.Ref
	Number uint64 // the probe's number within its target, from 1
	Seq    uint16 // its sequence number on the wire

	At   Instant   // when: arrival for what arrived, else when it was judged
	Wall time.Time // the same moment on the wall clock, for people only
	Sent Instant   // departure; 0 for NotSent

	RTT       time.Duration // Reply, Late, Duplicate, Corrupt, WrongSource; for Refused, how long the error took
	RTTSource RTTSource

	Addr         netip.Addr // the target's address, with its zone
	From         netip.Addr // who answered; without a zone
	To           netip.Addr // the local address the answer came to; invalid: unknown
	Interface    int        // index of the interface the answer came in by; 0: unknown
	Hops         int        // TTL or hop limit of the answer; -1: unknown
	TrafficClass int        // of the answer; -1: unknown
	Size         int        // bytes of the ICMP message that answered

	OutOfOrder bool // Reply: a later probe of this target was answered before
	Truncated  bool // Reply: accepted although shortened or zeroed (Target.AcceptTruncated)
	Suspect    bool // our own socket dropped packets while the probe was in flight
	Weak       bool // matched without a token: the payload has no room for one

	ICMP   ICMPError      // Refused, LateRefusal
	Cause  icmpsock.Cause // NotSent, Abandoned by SocketLost
	Err    error          // the system's own words for Cause
	Missed uint64         // Missed: how many slots
}
