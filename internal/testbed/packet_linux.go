package testbed

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// The numbers that the responder needs (RFC 791, 792, 8200, 4443).
const (
	headerLen4 = 20
	headerLen6 = 40
	icmpLen    = 8 // of an echo message, or an error before its quote

	protoICMP4    = 1
	protoICMP6    = 58
	protoHopByHop = 0
	protoRouting  = 43
	protoFragment = 44
	protoOptions  = 60

	typeRequest4 = 8
	typeReply4   = 0
	typeRequest6 = 128
	typeReply6   = 129

	replyHops = 64
)

// request is an echo request as it came, in one piece.
type request struct {
	v6       bool
	src, dst netip.Addr
	hops     uint8
	class    uint8
	id, seq  uint16
	packet   []byte // from the IP header on
	message  []byte // from the ICMP header on, a part of packet
}

// payload is what the request carries after its ICMP header.
func (q *request) payload() []byte { return q.message[icmpLen:] }

// parseRequest reads a packet. intact is false if it is an echo request that
// does not hold together, which a host does not answer.
func parseRequest(packet []byte) (q request, is, intact bool) {
	switch {
	case len(packet) >= headerLen4 && packet[0]>>4 == 4:
		n := int(packet[0]&0x0f) * 4
		if packet[9] != protoICMP4 || n < headerLen4 || len(packet) < n+icmpLen || packet[n] != typeRequest4 {
			return q, false, false
		}
		q.src, q.dst = netip.AddrFrom4([4]byte(packet[12:])), netip.AddrFrom4([4]byte(packet[16:]))
		q.hops, q.class = packet[8], packet[1]
		q.message = packet[n:]
		intact = int(binary.BigEndian.Uint16(packet[2:])) == len(packet) && sum(packet[:n]) == 0 && sum(q.message) == 0
	case len(packet) >= headerLen6 && packet[0]>>4 == 6:
		if packet[6] != protoICMP6 || len(packet) < headerLen6+icmpLen || packet[headerLen6] != typeRequest6 {
			return q, false, false
		}
		q.v6 = true
		q.src, q.dst = netip.AddrFrom16([16]byte(packet[8:])), netip.AddrFrom16([16]byte(packet[24:]))
		q.hops, q.class = packet[7], packet[0]<<4|packet[1]>>4
		q.message = packet[headerLen6:]
		intact = int(binary.BigEndian.Uint16(packet[4:])) == len(q.message) && sum(pseudo(q.src, q.dst, len(q.message)), q.message) == 0
	default:
		return q, false, false
	}
	q.packet = packet
	q.id, q.seq = binary.BigEndian.Uint16(q.message[4:]), binary.BigEndian.Uint16(q.message[6:])
	return q, true, intact && q.message[1] == 0
}

// sum is the Internet checksum of the parts (RFC 1071), each of which but the
// last has an even length. Over what includes a right checksum it is 0.
func sum(parts ...[]byte) uint16 {
	var s uint32
	for _, p := range parts {
		for ; len(p) > 1; p = p[2:] {
			s += uint32(p[0])<<8 | uint32(p[1])
			s = s&0xffff + s>>16
		}
		if len(p) == 1 {
			s += uint32(p[0]) << 8
			s = s&0xffff + s>>16
		}
	}
	return ^uint16(s)
}

// pseudo is the header that the checksum of ICMPv6 covers too (RFC 8200 section 8.1).
func pseudo(src, dst netip.Addr, n int) []byte {
	b := slices.Concat(src.AsSlice(), dst.AsSlice(), make([]byte, 8))
	binary.BigEndian.PutUint32(b[32:], uint32(n)) //nolint:gosec // G115: a packet's length
	b[39] = protoICMP6
	return b
}

// seal writes the checksum of an ICMP message, if it is long enough to have one.
func seal(src, dst netip.Addr, message []byte) {
	if len(message) < 4 {
		return
	}
	binary.BigEndian.PutUint16(message[2:], 0)
	parts := [][]byte{message}
	if src.Is6() {
		parts = [][]byte{pseudo(src, dst, len(message)), message}
	}
	binary.BigEndian.PutUint16(message[2:], sum(parts...))
}

// wrap puts an IP header before an ICMP message. serial is the IPv4
// identification, by which fragments find together.
func wrap(src, dst netip.Addr, message []byte, options bool, serial uint16) []byte {
	if src.Is6() {
		return wrap6(src, dst, message, options)
	}
	h := make([]byte, headerLen4, headerLen4+8+len(message))
	if options {
		h = append(h, 1, 1, 1, 1, 1, 1, 1, 0) // no operation, end of list
	}
	h[0] = 0x40 | byte(len(h)/4)                                   //nolint:gosec // G115: 5 or 7
	binary.BigEndian.PutUint16(h[2:], uint16(len(h)+len(message))) //nolint:gosec // G115: bounded by maxMessage
	binary.BigEndian.PutUint16(h[4:], serial)
	h[8], h[9] = replyHops, protoICMP4
	copy(h[12:], src.AsSlice())
	copy(h[16:], dst.AsSlice())
	binary.BigEndian.PutUint16(h[10:], sum(h))
	return append(h, message...)
}

func wrap6(src, dst netip.Addr, message []byte, options bool) []byte {
	h := make([]byte, headerLen6, headerLen6+16+len(message))
	h[0], h[6], h[7] = 0x60, protoICMP6, replyHops
	if options {
		h[6] = protoHopByHop
		h = append(h, protoOptions, 0, 1, 4, 0, 0, 0, 0) // PadN
		h = append(h, protoICMP6, 0, 1, 4, 0, 0, 0, 0)
	}
	binary.BigEndian.PutUint16(h[4:], uint16(len(h)-headerLen6+len(message))) //nolint:gosec // G115: bounded by maxMessage
	copy(h[8:], src.AsSlice())
	copy(h[24:], dst.AsSlice())
	return append(h, message...)
}

// maxMessage is the longest ICMP message that fits into any packet that is made here.
const maxMessage = 65535 - headerLen4 - 8
