package wire

import (
	"encoding/binary"
	"net/netip"
)

// Lengths of IP headers in bytes.
const (
	ipv4HeaderLen = 20 // without options; RFC 791 section 3.1
	ipv6HeaderLen = 40 // RFC 8200 section 3
)

// Protocol and next header numbers (RFC 8200 section 4, RFC 4302).
const (
	protoHopByHop    = 0
	protoICMP        = 1
	protoRouting     = 43
	protoFragment    = 44
	protoAuth        = 51
	protoICMPv6      = 58
	protoDestOptions = 60
)

// Quote is the packet that an ICMP error quotes, as far as the quote reaches.
// It is what its sender says it was: only the token, where Payload reaches it,
// shows that it was ours.
type Quote struct {
	// Valid says that the quote is an echo request and reaches at least to its
	// identifier and sequence number. All other fields are zero otherwise.
	Valid bool

	// Dst and Src are the addresses of the quoted IP header, unmapped and
	// without a zone. Not valid after ParseEcho.
	Dst, Src netip.Addr

	ID, Seq uint16

	// Payload is what the quote has of our payload: often nothing, because 8
	// bytes after the IP header are enough for a router (RFC 792). It is a part
	// of what was parsed. Extensions may follow it where their sender does not
	// say so; a payload whose token is all zeros is padding, and left out.
	Payload []byte
}

// ParsePacket fills q from b, which begins at the quoted IP header. The error
// is [ErrShort], [ErrFamily] or [ErrNotEcho], and leaves q zero.
func (q *Quote) ParsePacket(f Family, b []byte) error {
	*q = Quote{}
	switch f {
	case V4:
		return q.parseIPv4(b)
	case V6:
		return q.parseIPv6(b)
	}
	return ErrFamily
}

// ParseEcho fills q from b, which begins at the quoted ICMP header, as the
// error queue of a datagram socket gives it (IP_RECVERR in ip(7)). Dst and Src
// are left to the caller. The error is [ErrShort], [ErrFamily] or [ErrNotEcho],
// and leaves q zero.
func (q *Quote) ParseEcho(f Family, b []byte) error {
	*q = Quote{}
	var typ uint8
	switch f {
	case V4:
		typ = typeEchoRequest4
	case V6:
		typ = typeEchoRequest6
	default:
		return ErrFamily
	}
	if len(b) < HeaderLen {
		return ErrShort
	}
	if b[0] != typ || b[1] != 0 {
		return ErrNotEcho
	}
	q.Valid = true
	q.ID = binary.BigEndian.Uint16(b[4:6])
	q.Seq = binary.BigEndian.Uint16(b[6:8])
	q.Payload = b[HeaderLen:]
	// A router that quotes the least and pads it to make room for extensions
	// must not look like one that quotes a wrong token.
	if len(q.Payload) >= TokenLen && allZero(q.Payload[:TokenLen]) {
		q.Payload = q.Payload[:0]
	}
	return nil
}

// parseIPv4 is ParsePacket for IPv4 (RFC 791 section 3.1).
func (q *Quote) parseIPv4(b []byte) error {
	if len(b) < ipv4HeaderLen {
		return ErrShort
	}
	n := int(b[0]&0x0f) * 4
	offset := binary.BigEndian.Uint16(b[6:8]) & 0x1fff
	if b[0]>>4 != 4 || n < ipv4HeaderLen || b[9] != protoICMP || offset != 0 {
		return ErrNotEcho
	}
	if len(b) < n {
		return ErrShort
	}
	// The total length ends the payload where padding follows. Stacks exist that
	// change it before they quote it: one that cannot be true is not used.
	if total := int(binary.BigEndian.Uint16(b[2:4])); total >= n+HeaderLen && total < len(b) {
		b = b[:total]
	}
	if err := q.ParseEcho(V4, b[n:]); err != nil {
		return err
	}
	q.Src = netip.AddrFrom4([4]byte(b[12:16]))
	q.Dst = netip.AddrFrom4([4]byte(b[16:20]))
	return nil
}

// parseIPv6 is ParsePacket for IPv6 (RFC 8200 sections 3 and 4).
func (q *Quote) parseIPv6(b []byte) error {
	if len(b) < ipv6HeaderLen {
		return ErrShort
	}
	if b[0]>>4 != 6 {
		return ErrNotEcho
	}
	src := netip.AddrFrom16([16]byte(b[8:24]))
	dst := netip.AddrFrom16([16]byte(b[24:40]))
	// Mapped addresses do not travel in IPv6 packets. Unmapped, this one could
	// pass for the address of an IPv4 target.
	if src.Is4In6() || dst.Is4In6() {
		return ErrNotEcho
	}
	payload := b[ipv6HeaderLen:]
	if n := int(binary.BigEndian.Uint16(b[4:6])); n >= HeaderLen && n < len(payload) {
		payload = payload[:n]
	}
	payload, err := skipExtensions(b[6], payload)
	if err != nil {
		return err
	}
	if err := q.ParseEcho(V6, payload); err != nil {
		return err
	}
	q.Src, q.Dst = src, dst
	return nil
}

// skipExtensions walks the extension headers at the start of b, the first of
// which is of kind next, and returns what follows them: an ICMPv6 message, at
// least its first fragment (RFC 8200 section 4).
func skipExtensions(next uint8, b []byte) ([]byte, error) {
	for next != protoICMPv6 {
		switch next {
		case protoHopByHop, protoRouting, protoDestOptions, protoFragment, protoAuth:
		default:
			return nil, ErrNotEcho
		}
		if len(b) < 8 { // the least that each of them has
			return nil, ErrShort
		}
		n := (int(b[1]) + 1) * 8
		switch next {
		case protoFragment:
			if binary.BigEndian.Uint16(b[2:4])&0xfff8 != 0 {
				return nil, ErrNotEcho // not the first fragment
			}
			n = 8
		case protoAuth:
			n = (int(b[1]) + 2) * 4 // counted in words of 4 bytes, less 2 (RFC 4302 section 2.2)
		}
		if len(b) < n {
			return nil, ErrShort
		}
		next, b = b[0], b[n:]
	}
	return b, nil
}
