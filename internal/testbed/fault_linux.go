package testbed

import (
	"fmt"
	"net/netip"
	"time"
)

// Fault is what becomes of the requests to a prefix. The zero value answers
// them rightly, and each field adds something.
//
// What counts requests counts them for each destination of the rule by itself,
// and what is random has a stream for each destination, so that it does not
// depend on the order in which the destinations are probed.
type Fault struct {
	Delay  time.Duration // before the answer, at least
	Jitter time.Duration // added to it, evenly spread from 0 to here

	// Lose loses the first Lose requests of each Of: exactly n of m.
	Lose, Of int
	// LoseRandom loses so many of a hundred, as a stream from Seed says.
	LoseRandom float64
	Seed       uint64

	Duplicate      int           // so many copies follow the reply
	DuplicateAfter time.Duration // each as much later than the one before
	// Reorder holds every k-th reply until the next one to the same request's
	// destination has left, but no longer than Hold (one second if that is 0).
	Reorder int
	Hold    time.Duration

	CorruptPayload int  // inverts so many bytes at the payload's end
	CorruptHeader  bool // the code, which must be 0
	BadChecksum    bool
	Truncate       int    // the ICMP message ends after so many bytes, 8 of which are its header
	TruncateZero   bool   // it keeps its length, and the rest is zeroed
	Pad            int    // so many bytes are added to it
	WrongID        uint16 // changes these bits of the identifier
	WrongSeq       uint16 // is added to the sequence number
	WrongSource    netip.Addr
	TwoDifferent   bool // a second reply follows, all of its payload inverted
	Options        bool // IPv4 options, or IPv6 extension headers, in the reply's own IP header

	// What follows comes at once, and even from a host that loses every request
	// (Lose: 1, Of: 1): it is somebody else who sends it.

	Replay      int // the last so many undamaged replies of that address are sent again
	Forge       int // so many replies with the right identifier and sequence number; of the payload, 16 bytes at the start are random
	ForgeErrors int // so many ICMP errors that quote what was never sent: in turn another identifier, sequence number, destination

	ICMPError *ICMPError // instead of the reply
	EchoToo   bool       // the error, and then the reply
}

// ICMPError is an ICMP error as some router might send it.
type ICMPError struct {
	Type, Code uint8
	From       netip.Addr // the router; not valid: [Addresses].RouterAddr
	// Info is the four bytes after the checksum: the next hop's MTU, the pointer
	// of a parameter problem (IPv4: in the first byte), a redirect's gateway.
	Info uint32
	// Quote is how many bytes of our ICMP message are quoted after its IP header,
	// at most all. 0: as many as the standards allow, an error of 576 bytes (IPv4,
	// RFC 1812) or 1280 (IPv6, RFC 4443).
	Quote      int
	Options    bool // IPv4: the quoted header has 40 bytes of options
	ExtHeaders bool // IPv6: the quoted packet has all kinds of extension headers
	Extensions bool // RFC 4884: quote padded to 128 bytes, its length, an MPLS label (RFC 4950)
}

// forgedLen is how much of a payload a forged reply makes up.
const forgedLen = 16

// check says what is wrong with a fault for destinations of a family.
func (f Fault) check(v6 bool) error {
	counts := []int{f.Lose, f.Of, f.Duplicate, f.Reorder, f.CorruptPayload, f.Truncate, f.Pad, f.Replay, f.Forge, f.ForgeErrors}
	for _, n := range counts {
		if n < 0 {
			return fmt.Errorf("a count of %d", n)
		}
	}
	switch {
	case f.Delay < 0 || f.Jitter < 0 || f.Hold < 0 || f.DuplicateAfter < 0:
		return fmt.Errorf("a negative time")
	case f.Lose > f.Of:
		return fmt.Errorf("%d of %d lost", f.Lose, f.Of)
	case f.Reorder == 1:
		return fmt.Errorf("every reply held: none could overtake")
	case f.WrongSource.IsValid() && f.WrongSource.Is6() != v6:
		return fmt.Errorf("source %v is of the other family", f.WrongSource)
	case f.ICMPError != nil && f.ICMPError.From.IsValid() && f.ICMPError.From.Is6() != v6:
		return fmt.Errorf("router %v is of the other family", f.ICMPError.From)
	case f.ICMPError != nil && f.ICMPError.Quote < 0:
		return fmt.Errorf("a quote of %d bytes", f.ICMPError.Quote)
	}
	return nil
}

// hold is how long a reply waits to be overtaken.
func (f *Fault) hold() time.Duration {
	if f.Hold == 0 {
		return time.Second
	}
	return f.Hold
}

// intact says that a reply leaves as it should be: one that may be replayed.
func (f *Fault) intact() bool {
	return f.CorruptPayload == 0 && !f.CorruptHeader && !f.BadChecksum && f.Truncate == 0 && f.Pad == 0 &&
		f.WrongID == 0 && f.WrongSeq == 0 && !f.WrongSource.IsValid()
}
