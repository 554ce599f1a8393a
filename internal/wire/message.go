package wire

import (
	"encoding/binary"
	"errors"
)

// Errors of parsing.
var (
	// ErrShort says that the bytes end before all needed fields are there.
	ErrShort = errors.New("message too short")

	// ErrFamily says that the family is neither V4 nor V6.
	ErrFamily = errors.New("neither IPv4 nor IPv6")

	// ErrNotEcho says that a quoted packet is not the beginning of an echo
	// request, so that it cannot be ours.
	ErrNotEcho = errors.New("quoted packet is not an echo request")
)

// ICMP types of RFC 792 and RFC 1122 section 3.2.2.
const (
	typeEchoReply4    = 0
	typeUnreachable4  = 3
	typeQuench4       = 4
	typeRedirect4     = 5
	typeEchoRequest4  = 8
	typeTimeExceeded4 = 11
	typeParameter4    = 12
)

// ICMPv6 types of RFC 4443.
const (
	typeUnreachable6  = 1
	typeTooBig6       = 2
	typeTimeExceeded6 = 3
	typeParameter6    = 4
	typeEchoRequest6  = 128
	typeEchoReply6    = 129
)

// Codes of destination unreachable.
const (
	codeFragmentationNeeded4 = 4
	codeAddress6             = 3
)

// MessageClass says what a message is for an echo engine.
type MessageClass uint8

// The classes of messages. They depend on the type alone: receivers of echo
// messages do not look at the code, which is 0 in ours.
const (
	OtherMessage MessageClass = iota // changes nothing, as source quench and redirect do
	EchoRequest                      // also our own, where a raw socket sees what loopback carries
	EchoReply
	ErrorMessage // destination unreachable, time exceeded, parameter problem, packet too big
)

// String returns words for the class, such as "echo reply".
func (c MessageClass) String() string {
	switch c {
	case OtherMessage:
		return "other message"
	case EchoRequest:
		return "echo request"
	case EchoReply:
		return "echo reply"
	case ErrorMessage:
		return "error message"
	}
	return "no message class"
}

// Message is a received ICMP or ICMPv6 message. Parse fills it in place; its
// slices are parts of what was parsed and as long-lived as that.
type Message struct {
	Type, Code uint8
	Class      MessageClass

	ID, Seq uint16 // EchoRequest, EchoReply
	Payload []byte // EchoRequest, EchoReply: all after the 8-byte header

	// ChecksumOK says that the checksum is right: for IPv4 it was verified over
	// all bytes. For IPv6 it is always true: the kernel has verified it before
	// the message reached the socket, and we could not, because it covers the
	// addresses of the IPv6 header (RFC 4443 section 2.3).
	ChecksumOK bool

	// MTU is the next hop's in bytes, from "fragmentation needed" (RFC 1191
	// section 4) or "packet too big" (RFC 4443 section 3.2). 0: there is none;
	// also what a router older than RFC 1191 sends.
	MTU uint32

	// Quote is what an ErrorMessage quotes. It is not Valid where that is not
	// an echo request.
	Quote Quote
}

// Parse fills m from b, an ICMP message of family f without IP header. The
// error is [ErrShort] or [ErrFamily], and leaves m zero. A wrong checksum or a
// quote that is not ours is no error: see ChecksumOK and Quote.Valid.
func (m *Message) Parse(f Family, b []byte) error {
	*m = Message{}
	if f != V4 && f != V6 {
		return ErrFamily
	}
	if len(b) < HeaderLen {
		return ErrShort
	}
	m.Type, m.Code = b[0], b[1]
	m.Class = ClassOf(f, m.Type)
	m.ChecksumOK = f == V6 || Checksum(b) == 0
	switch m.Class {
	case EchoRequest, EchoReply:
		m.ID = binary.BigEndian.Uint16(b[4:6])
		m.Seq = binary.BigEndian.Uint16(b[6:8])
		m.Payload = b[HeaderLen:]
	case ErrorMessage:
		m.MTU = nextHopMTU(f, b)
		_ = m.Quote.ParsePacket(f, originalDatagram(f, b)) // Valid says it
	case OtherMessage:
	}
	return nil
}

// AddressUnreachable6 reports whether m is what ICMPv6 says where an address cannot be
// reached on the last link, as that of a neighbour that does not answer (RFC 4443
// section 3.1). It looks at an ErrorMessage of either family.
func (m *Message) AddressUnreachable6() bool {
	return m.Type == typeUnreachable6 && m.Code == codeAddress6 // no error of IPv4 has this type
}

// ClassOf returns the class of the messages of a type.
func ClassOf(f Family, typ uint8) MessageClass {
	if f == V4 {
		switch typ {
		case typeEchoRequest4:
			return EchoRequest
		case typeEchoReply4:
			return EchoReply
		case typeUnreachable4, typeTimeExceeded4, typeParameter4:
			return ErrorMessage
		}
		return OtherMessage
	}
	switch typ {
	case typeEchoRequest6:
		return EchoRequest
	case typeEchoReply6:
		return EchoReply
	case typeUnreachable6, typeTooBig6, typeTimeExceeded6, typeParameter6:
		return ErrorMessage
	}
	return OtherMessage
}

// nextHopMTU returns the MTU that error message b gives, or 0. The code of
// "packet too big" is ignored (RFC 4443 section 3.2).
func nextHopMTU(f Family, b []byte) uint32 {
	switch {
	case f == V4 && b[0] == typeUnreachable4 && b[1] == codeFragmentationNeeded4:
		return uint32(binary.BigEndian.Uint16(b[6:8]))
	case f == V6 && b[0] == typeTooBig6:
		return binary.BigEndian.Uint32(b[4:8])
	}
	return 0
}

// minOriginalDatagram is the least length in bytes of a quote that extensions
// follow (RFC 4884 section 3).
const minOriginalDatagram = 128

// originalDatagram returns the quoted packet in error message b: all after the
// header, or, if a length field says that extensions follow, what comes before
// them (RFC 4884 sections 4 and 5). Byte 4 of an IPv4 parameter problem is its
// pointer; the length has byte 5 there, too.
//
// A length below 128 bytes is 0, "no extensions", or from a sender that filled
// an unused field at will; one beyond the message was true before somebody cut
// it. Neither is worth losing an error for: what is there is the quote, and
// what may follow it stands behind all that we read of it.
func originalDatagram(f Family, b []byte) []byte {
	quote := b[HeaderLen:]
	n := 0
	switch {
	case f == V4:
		n = int(b[5]) * 4
	case b[0] == typeUnreachable6 || b[0] == typeTimeExceeded6:
		n = int(b[4]) * 8
	}
	if n < minOriginalDatagram || n > len(quote) {
		return quote
	}
	return quote[:n]
}
