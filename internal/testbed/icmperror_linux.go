package testbed

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// Limits of what an error may be long, and of what it quotes at least where
// extensions follow (RFC 1812 section 4.3.2.3, RFC 4443 section 2.4, RFC 4884).
const (
	maxError4     = 576
	maxError6     = 1280
	minQuote4884  = 128
	mplsExtension = 4 + 4 + 4 // extension header, object header, label
)

// refuse returns the ICMP error about a request.
func refuse(q *request, e ICMPError, from Pair, serial uint16) []byte {
	src := e.From
	if !src.IsValid() {
		src = from.V4
		if q.v6 {
			src = from.V6
		}
	}
	quote := quoted(q, e)
	m := make([]byte, icmpLen, icmpLen+len(quote)+minQuote4884)
	m[0], m[1] = e.Type, e.Code
	binary.BigEndian.PutUint32(m[4:], e.Info)
	m = append(m, quote...)
	if e.Extensions {
		m = extend(m, q.v6)
	}
	m = m[:min(len(m), maxMessage)]
	seal(src, q.src, m)
	return wrap(src, q.src, m, false, serial)
}

// quoted returns what an error quotes of a request.
func quoted(q *request, e ICMPError) []byte {
	head := slices.Clone(q.packet[:len(q.packet)-len(q.message)])
	if !q.v6 && e.Options {
		head = recordRoute(head)
	}
	if q.v6 && e.ExtHeaders {
		head = extensionHeaders(head)
	}
	n := e.Quote
	if n == 0 {
		n = maxError4 - headerLen4 - icmpLen - len(head)
		if q.v6 {
			n = maxError6 - headerLen6 - icmpLen - len(head)
		}
		if e.Extensions {
			n -= mplsExtension
		}
	}
	return append(head, q.message[:min(n, len(q.message))]...)
}

// recordRoute gives an IPv4 header as many options as it can have: an empty
// record route, and the end of the list.
func recordRoute(head []byte) []byte {
	const room = 60 - headerLen4
	options := make([]byte, room)
	options[0], options[1], options[2] = 7, room-1, 4
	head = append(head[:headerLen4:headerLen4], options...)
	head[0] = 0x4f
	binary.BigEndian.PutUint16(head[2:], binary.BigEndian.Uint16(head[2:])+room)
	binary.BigEndian.PutUint16(head[10:], 0)
	binary.BigEndian.PutUint16(head[10:], sum(head))
	return head
}

// extensionHeaders puts one of each kind behind an IPv6 header: hop-by-hop
// options, destination options, routing, fragment (the whole packet in one),
// and destination options again.
func extensionHeaders(head []byte) []byte {
	hop := []byte{protoOptions, 0, 1, 4, 0, 0, 0, 0}
	dst := []byte{protoRouting, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	routing := append([]byte{protoFragment, 2, 0, 0, 0, 0, 0, 0}, make([]byte, 16)...)
	fragment := []byte{protoOptions, 0, 0, 0, 0, 0, 0, 1}
	last := []byte{protoICMP6, 0, 1, 4, 0, 0, 0, 0}
	chain := slices.Concat(hop, dst, routing, fragment, last)
	head[6] = protoHopByHop
	binary.BigEndian.PutUint16(head[4:], binary.BigEndian.Uint16(head[4:])+uint16(len(chain))) //nolint:gosec // G115: 64
	return append(head, chain...)
}

// extend pads the quote of an error, says how long it is, and adds an MPLS
// label stack (RFC 4884 sections 3 to 5 and 7, RFC 4950).
func extend(m []byte, v6 bool) []byte {
	word, at := 4, 5
	if v6 {
		word, at = 8, 4
	}
	m = m[:min(len(m), icmpLen+255*word)] // the length is one byte
	n := max(len(m)-icmpLen, minQuote4884)
	n = (n + word - 1) / word * word
	m = append(m, make([]byte, icmpLen+n-len(m))...)
	m[at] = byte(n / word)                                           //nolint:gosec // G115: at most 255
	ext := []byte{0x20, 0, 0, 0, 0, 8, 1, 1, 0x00, 0x10, 0x01, 0xff} // label 256, bottom of stack, TTL 255
	binary.BigEndian.PutUint16(ext[2:], sum(ext))
	return append(m, ext...)
}

// neverSent returns the like of a request that was never sent: by turns it has
// another identifier, another sequence number, another destination.
func neverSent(q *request, turn int) *request {
	other := *q
	other.packet = slices.Clone(q.packet)
	other.message = other.packet[len(q.packet)-len(q.message):]
	switch turn % 3 {
	case 0:
		other.id ^= 0x5555
	case 1:
		other.seq += 0x4000
	case 2:
		at := 19 // the last byte of the destination
		if q.v6 {
			at = 39
		}
		other.packet[at] ^= 0x55
		b := other.dst.AsSlice()
		b[len(b)-1] ^= 0x55
		other.dst, _ = netip.AddrFromSlice(b)
	}
	binary.BigEndian.PutUint16(other.message[4:], other.id)
	binary.BigEndian.PutUint16(other.message[6:], other.seq)
	seal(other.src, other.dst, other.message)
	if !q.v6 {
		n := len(other.packet) - len(other.message)
		binary.BigEndian.PutUint16(other.packet[10:], 0)
		binary.BigEndian.PutUint16(other.packet[10:], sum(other.packet[:n]))
	}
	return &other
}
