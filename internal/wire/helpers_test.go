package wire

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// Addresses for documentation (RFC 5737, RFC 3849).
var (
	src4 = netip.MustParseAddr("192.0.2.1")
	dst4 = netip.MustParseAddr("198.51.100.7")
	src6 = netip.MustParseAddr("2001:db8::1")
	dst6 = netip.MustParseAddr("2001:db8:1::7")
)

var families = []Family{V4, V6}

func (f Family) protocol() int {
	if f == V4 {
		return protoICMP
	}
	return protoICMPv6
}

// xnetTypes returns the types of x/net for echo request and echo reply.
func (f Family) xnetTypes() (request, reply icmp.Type) {
	if f == V4 {
		return ipv4.ICMPTypeEcho, ipv4.ICMPTypeEchoReply
	}
	return ipv6.ICMPTypeEchoRequest, ipv6.ICMPTypeEchoReply
}

func (f Family) endpoints() (src, dst netip.Addr) {
	if f == V4 {
		return src4, dst4
	}
	return src6, dst6
}

var testToken = Token{Slot: 0x01020304, Generation: 0x0a0b0c0d, MAC: 0xfedcba9876543210}

// message builds an echo request and returns a copy of its bytes.
func message(tb testing.TB, f Family, id, seq uint16, size int, tok Token) (*Request, []byte) {
	tb.Helper()
	r, err := NewRequest(f, id, size)
	if err != nil {
		tb.Fatal(err)
	}
	return r, r.Put(make([]byte, r.Len()), seq, tok)
}

// asReply turns an echo request into the reply that a host would send.
func asReply(f Family, request []byte) []byte {
	b := slices.Clone(request)
	if f == V6 {
		b[0] = typeEchoReply6
		return b
	}
	b[0] = typeEchoReply4
	setChecksum(b)
	return b
}

func setChecksum(b []byte) {
	b[2], b[3] = 0, 0
	binary.BigEndian.PutUint16(b[2:], Checksum(b))
}

// packet puts an IP header, with the given IPv4 options, before payload.
func packet(f Family, payload, options []byte) []byte {
	if f == V6 {
		return packet6(protoICMPv6, payload)
	}
	b := make([]byte, ipv4HeaderLen, ipv4HeaderLen+len(options)+len(payload))
	b[0] = 4<<4 | byte((ipv4HeaderLen+len(options))/4)
	binary.BigEndian.PutUint16(b[2:], uint16(cap(b)))
	b[8], b[9] = 1, protoICMP
	copy(b[12:], src4.AsSlice())
	copy(b[16:], dst4.AsSlice())
	return slices.Concat(b, options, payload)
}

// packet6 puts an IPv6 header before payload, which is of kind next.
func packet6(next byte, payload []byte) []byte {
	b := make([]byte, ipv6HeaderLen)
	b[0] = 6 << 4
	binary.BigEndian.PutUint16(b[4:], uint16(len(payload)))
	b[6], b[7] = next, 1
	copy(b[8:], src6.AsSlice())
	copy(b[24:], dst6.AsSlice())
	return slices.Concat(b, payload)
}

// errorMessage builds an ICMP error with the given second word.
func errorMessage(f Family, typ, code byte, word uint32, quote []byte) []byte {
	b := make([]byte, HeaderLen+len(quote))
	b[0], b[1] = typ, code
	binary.BigEndian.PutUint32(b[4:], word)
	copy(b[HeaderLen:], quote)
	if f == V4 {
		setChecksum(b)
	}
	return b
}
