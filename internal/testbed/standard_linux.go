package testbed

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/rawping/rawping/internal/wire"
)

// StandardRule is a fault with a name and a place of its own: the prefixes
// 198.18.N.0/24 and 2001:db8:f:N::/64, N counting from 1 in decimal digits.
type StandardRule struct {
	Name   string
	Prefix PrefixPair
	Fault4 Fault
	Fault6 Fault
}

// Host returns the first host of the rule.
func (r StandardRule) Host(f wire.Family) netip.Addr { return r.Prefix.Of(f).Addr().Next() }

// Fault returns what the rule does to a family.
func (r StandardRule) Fault(f wire.Family) Fault {
	if f == wire.V6 {
		return r.Fault6
	}
	return r.Fault4
}

// Standard returns one rule for each kind of fault.
func Standard() []StandardRule {
	rules := append(standardReplies(), standardStrangers()...)
	rules = append(rules, standardErrors()...)
	for i := range rules {
		rules[i].Prefix = prefixPair(fmt.Sprintf("198.18.%d.0/24", i+1), fmt.Sprintf("2001:db8:f:%d::/64", i+1))
	}
	return rules
}

// UseStandard sets the standard rules, in the place of all others.
func (b *Bed) UseStandard() {
	b.Rules()
	for _, r := range Standard() {
		b.Rule(r.Prefix.V4, r.Fault4)
		b.Rule(r.Prefix.V6, r.Fault6)
	}
}

// alike is a rule that is the same for both families.
func alike(name string, f Fault) StandardRule {
	return StandardRule{Name: name, Fault4: f, Fault6: f}
}

func standardReplies() []StandardRule {
	const ms = time.Millisecond
	other := alike("reply from another address", Fault{})
	other.Fault4.WrongSource = netip.MustParseAddr("198.18.0.99")
	other.Fault6.WrongSource = netip.MustParseAddr("2001:db8:f::99")
	return []StandardRule{
		alike("right replies", Fault{}),
		alike("delay of 20 ms", Fault{Delay: 20 * ms}),
		alike("delay of 10 to 18 ms", Fault{Delay: 10 * ms, Jitter: 8 * ms}),
		alike("delay of 1.5 s", Fault{Delay: 1500 * ms}),
		alike("loses the first 3 of each 10", Fault{Lose: 3, Of: 10}),
		alike("loses 30 of 100 at random", Fault{LoseRandom: 30, Seed: 1}),
		alike("dead", Fault{Lose: 1, Of: 1}),
		alike("each reply twice", Fault{Duplicate: 1}),
		alike("each reply four times, 5 ms apart", Fault{Duplicate: 3, DuplicateAfter: 5 * ms}),
		alike("each third reply overtaken", Fault{Reorder: 3}),
		alike("payload corrupt, checksum right", Fault{CorruptPayload: 1}),
		alike("header corrupt, checksum right", Fault{CorruptHeader: true}),
		alike("bad checksum", Fault{BadChecksum: true}),
		alike("cut to 24 bytes of ICMP", Fault{Truncate: 24}),
		alike("zero from byte 24 of ICMP on", Fault{Truncate: 24, TruncateZero: true}),
		alike("16 bytes added", Fault{Pad: 16}),
		alike("another identifier", Fault{WrongID: 0x4000}),
		alike("another sequence number", Fault{WrongSeq: 0x4000}),
		other,
		alike("a second, different reply", Fault{TwoDifferent: true}),
		alike("IP options or extension headers", Fault{Options: true}),
	}
}

func standardStrangers() []StandardRule {
	return []StandardRule{
		alike("dead, 3 forged replies", Fault{Lose: 1, Of: 1, Forge: 3}),
		alike("alive, 3 forged replies", Fault{Forge: 3}),
		alike("each other one lost, 2 old replies replayed", Fault{Lose: 1, Of: 2, Replay: 2}),
		alike("alive, 3 forged errors", Fault{ForgeErrors: 3}),
		alike("dead, 3 forged errors", Fault{Lose: 1, Of: 1, ForgeErrors: 3}),
	}
}

// errors of both families that mean the same.
func standardErrors() []StandardRule {
	rule := func(name string, v4, v6 ICMPError, echoToo bool) StandardRule {
		return StandardRule{
			Name:   name,
			Fault4: Fault{ICMPError: &v4, EchoToo: echoToo},
			Fault6: Fault{ICMPError: &v6, EchoToo: echoToo},
		}
	}
	return []StandardRule{
		rule("host unreachable, 8 bytes quoted", ICMPError{Type: 3, Code: 1, Quote: 8}, ICMPError{Type: 1, Code: 3, Quote: 8}, false),
		rule("prohibited, all quoted", ICMPError{Type: 3, Code: 13}, ICMPError{Type: 1, Code: 1}, false),
		rule("TTL exceeded, from another router",
			ICMPError{Type: 11, From: netip.MustParseAddr("203.0.113.77")},
			ICMPError{Type: 3, From: netip.MustParseAddr("2001:db8:b::77")}, false),
		rule("parameter problem", ICMPError{Type: 12, Info: 20 << 24}, ICMPError{Type: 4, Info: 40}, false),
		rule("error with many headers quoted", ICMPError{Type: 3, Code: 1, Options: true}, ICMPError{Type: 1, Code: 3, ExtHeaders: true}, false),
		rule("error with RFC 4884 extensions", ICMPError{Type: 3, Code: 1, Quote: 8, Extensions: true}, ICMPError{Type: 1, Code: 3, Quote: 8, Extensions: true}, false),
		rule("error, and then the reply", ICMPError{Type: 3, Code: 1}, ICMPError{Type: 1, Code: 3}, true),
		rule("too big for 1300, and then the reply", ICMPError{Type: 3, Code: 4, Info: 1300}, ICMPError{Type: 2, Info: 1300}, true),
		rule("redirect, and then the reply", ICMPError{Type: 5, Code: 1, Info: 0xc6336402}, ICMPError{Type: 137}, true),
	}
}
