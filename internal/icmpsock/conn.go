package icmpsock

import (
	"net/netip"
	"time"

	"github.com/rawping/rawping/internal/wire"
)

// Class is what needs a socket of its own. Everything else that can differ
// from packet to packet goes with the packet: see [Options].
type Class struct {
	Family       wire.Family
	Mark         uint32 // fwmark (SO_MARK, socket(7)); 0: none
	DontFragment bool   // IPv4 don't-fragment (IP_MTU_DISCOVER, ip(7)) and its IPv6 counterpart
	Lane         uint8  // sockets that are alike but for their buffers; see echo

	// Source binds the socket to a local address, from which all its packets
	// leave. Only IPv6 datagram sockets on Linux need it (Facts.OneSource):
	// all others take Options.Source. Without a zone.
	Source netip.Addr
	Scope  int // index of the interface that a link-local Source belongs to; else 0
}

// Options are what goes with one packet as control messages (ip(7), ipv6(7)).
// A nil *Options, or a field's zero value, leaves the choice to the kernel.
// Options are not changed after they have been used in a send.
type Options struct {
	Hops         int        // TTL or hop limit, 1 to 255
	TrafficClass int        // the whole octet, DSCP<<2 | ECN, 0 to 255; 0 is also the kernel's choice
	Source       netip.Addr // source address, without a zone
	Interface    int        // index of the interface to leave by; binds VRF members too
}

// Out is one echo request to send.
type Out struct {
	Dst     netip.Addr // unmapped, without a zone
	Scope   int        // index of the interface a link-local Dst belongs to; 0: none
	Data    []byte     // the ICMP message; a caller's buffer, free again when Send returns
	Key     uint32     // comes back in the In that carries the transmit stamp
	Options *Options
}

// Kind says what an In is.
type Kind uint8

// What Recv can hand over.
const (
	Packet Kind = iota // an ICMP message that arrived
	Stamp              // the time at which a packet of ours left
	Error              // an ICMP error from the error queue of the socket (datagram sockets)
)

// In is one thing that a connection received.
type In struct {
	Kind      Kind
	Truncated bool  // the message was longer than the buffer for it
	Type      uint8 // Error: ICMP type
	Code      uint8 // Error: ICMP code

	// Time is the kernel's stamp in nanoseconds of the wall clock since 1970:
	// of arrival (Packet, Error) or of departure (Stamp). 0: there is none.
	// Without Facts.RecvStamps it is when this process read what arrived, or 0.
	Time int64

	// Data is the ICMP message, without IP header (Packet), what the error
	// quotes of our message, from its ICMP header on (Error), or, where
	// Facts.StampQuotes says so, the beginning of the message that left (Stamp).
	// It belongs to the connection and is good until the next Recv.
	Data []byte

	From         netip.Addr // source, without a zone; for an Error, the router
	Scope        int        // index of the interface a link-local From belongs to; 0: none
	To           netip.Addr // Packet: the local address it was sent to; Error, Stamp with Data: where our packet was going
	Interface    int        // index of the interface it came in by; 0: unknown
	Hops         int        // TTL or hop limit it arrived with; -1: unknown
	TrafficClass int        // traffic class octet it arrived with; -1: unknown
	Info         uint32     // Error: the next hop's MTU where the type has one
	Key          uint32     // Stamp without Data: the Out's
}

// Facts is what a connection knows of itself.
type Facts struct {
	Raw        bool   // a raw socket; otherwise of the datagram kind, whose identifier the kernel owns
	ID         uint16 // the ICMP identifier that requests must carry
	RecvStamps bool   // the kernel stamps arrivals
	SendStamps bool   // the kernel stamps departures
	RecvBuffer int    // bytes the kernel really gives to what waits to be read
	SendBuffer int    // bytes the kernel really gives to what waits to leave
	Limit      string // the kernel settings that kept the buffers smaller than asked for; "" if none

	// OneSource: every packet leaves from Class.Source, or from an address of
	// the kernel's choice. Another Options.Source fails, with the cause NoSource.
	OneSource bool

	// NoOptions: packets go as the kernel has them go. One with Options that say
	// more than Class.Source fails, with [OtherCause]. So it is with IPv6 datagram
	// sockets before Linux 5.18, which ignore control messages, and stamp no departure.
	NoOptions bool

	// StampQuotes: departure stamps come without our keys, but with the
	// beginning of the message (kernels before 6.13, which have no SCM_TS_OPT_ID
	// and whose own numbering a packet that a firewall refuses shifts). There is
	// none for a packet that left in fragments.
	StampQuotes bool

	// SilentRefusal: Send says that a packet was sent even if a local firewall
	// refused it, or the interface's queue was full. See Conn.Withheld.
	SilentRefusal bool
}

// Batch is how many messages one Recv reads at most: one that returned fewer
// packets has emptied the socket.
const Batch = 64

// Conn is one socket, or one connection to a simulated network. Only the
// engine's goroutine calls it, and no method blocks.
type Conn interface {
	// Send sends ms in order and returns how many the kernel took. If that is
	// not all, err is ms[n]'s own, classified by CauseOf; errors that earlier
	// packets caused leave by Recv and cost no other packet its sending.
	Send(ms []Out) (n int, err error)

	// Recv returns what has arrived, up to [Batch] packets: data is read first,
	// then the whole error queue, so that the transmit stamp of a returned reply is
	// in the same slice or was in an earlier one, and no error is in an earlier
	// slice than a packet that came before it. An empty slice means that nothing is
	// waiting. The slice and all in it are good until the next Recv.
	// An error means that the socket is lost.
	Recv() ([]In, error)

	// Withheld says why a packet that Send took, so long ago, never left this
	// host, if that can be known from the lack of its departure stamp: nil if it
	// may have left, or waits for a neighbour that does not answer. Where
	// Facts.SilentRefusal is false, it always is.
	Withheld(o *Out, ago time.Duration) error

	// Facts does not change while the connection is open.
	Facts() Facts

	// Drops counts the messages that the kernel threw away because our receive
	// buffer was full, since the connection was opened (SO_MEMINFO). While the
	// buffer of a raw socket is full, the kernel counts every ICMP message that
	// reaches the host, before it looks at the filters: a rise says that there
	// was loss, and is an upper bound of how much. Where the kernel does not tell (before
	// Linux 4.12, and in gVisor), it is 0.
	Drops() uint32

	Close() error
}

// Network opens connections and says when one of them has something to read.
// It owns at most one goroutine, which waits and never reads.
type Network interface {
	// Open opens a connection. An error that satisfies errors.Is(err,
	// os.ErrPermission) names what would give the right.
	Open(Class) (Conn, error)

	// Ready begins to wait, unless it is waiting already, and returns the
	// channel on which one value comes as soon as any connection has something
	// to read. Only the engine's goroutine calls it.
	Ready() <-chan struct{}

	// Close closes every connection and returns when the goroutine has ended.
	Close() error
}
