package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"reflect"
	"slices"
	"testing"
)

// However short the quote, what there is of our packet is read, and nothing
// else.
func TestParsePacketOfEveryLength(t *testing.T) {
	for _, f := range families {
		src, dst := f.endpoints()
		_, request := message(t, f, 0x1234, 0x5678, 56, testToken)
		whole := packet(f, request, nil)
		least := len(whole) - 56
		for n := range len(whole) + 1 {
			var q Quote
			err := q.ParsePacket(f, whole[:n])
			if n < least {
				if !errors.Is(err, ErrShort) || !reflect.DeepEqual(q, Quote{}) {
					t.Errorf("%v, %d bytes: error %v, quote %+v", f, n, err, q)
				}
				continue
			}
			want := Quote{Valid: true, Dst: dst, Src: src, ID: 0x1234, Seq: 0x5678, Payload: whole[least:n]}
			if err != nil || !reflect.DeepEqual(q, want) {
				t.Errorf("%v, %d bytes: error %v\ngot  %+v\nwant %+v", f, n, err, q, want)
			}
		}
	}
}

func TestParsePacketIPv4(t *testing.T) {
	_, request := message(t, V4, 0x1234, 0x5678, 56, testToken)
	whole := packet(V4, request, nil)
	with := func(change func(b []byte)) []byte {
		b := slices.Clone(whole)
		change(b)
		return b
	}
	totalLength := func(n uint16) []byte {
		return with(func(b []byte) { binary.BigEndian.PutUint16(b[2:], n) })
	}
	padded := append(slices.Clone(whole[:28]), make([]byte, 100)...)
	for _, tt := range []struct {
		name    string
		b       []byte
		err     error
		payload int
	}{
		{"plain", whole, nil, 56},
		{"options", packet(V4, request, []byte{7, 7, 4, 0, 0, 0, 0, 0}), nil, 56},
		{"options of 40 bytes", packet(V4, request, make([]byte, 40)), nil, 56},
		{"options beyond the quote", packet(V4, nil, make([]byte, 40))[:59], ErrShort, 0},
		{"header length too small", with(func(b []byte) { b[0], b[16], b[17] = 0x44, typeEchoRequest4, 0 }), ErrNotEcho, 0},
		{"version 6", with(func(b []byte) { b[0] = 0x65 }), ErrNotEcho, 0},
		{"UDP", with(func(b []byte) { b[9] = 17 }), ErrNotEcho, 0},
		{"first fragment", with(func(b []byte) { b[6] = 0x20 }), nil, 56},
		{"don't fragment", with(func(b []byte) { b[6] = 0x40 }), nil, 56},
		{"later fragment", with(func(b []byte) { b[7] = 1 }), ErrNotEcho, 0},
		{"later fragment, high bits", with(func(b []byte) { b[6] = 0x10 }), ErrNotEcho, 0},
		{"echo reply", with(func(b []byte) { b[20] = typeEchoReply4 }), ErrNotEcho, 0},
		{"code", with(func(b []byte) { b[21] = 1 }), ErrNotEcho, 0},
		{"padding after the packet", append(slices.Clone(whole), make([]byte, 44)...), nil, 56},
		{"padding instead of the payload", padded, nil, 0},
		{"total length in host order", totalLength(0x5400), nil, 56},
		{"total length without header", totalLength(64), nil, 36},
		{"total length of 0", totalLength(0), nil, 56},
		{"total length within the headers", totalLength(27), nil, 56},
		{"total length of the headers", totalLength(28), nil, 0},
	} {
		q := Quote{ID: 1}
		if err := q.ParsePacket(V4, tt.b); !errors.Is(err, tt.err) {
			t.Errorf("%s: error %v, want %v", tt.name, err, tt.err)
			continue
		}
		want := Quote{}
		if tt.err == nil {
			payload := request[HeaderLen : HeaderLen+tt.payload]
			want = Quote{Valid: true, Dst: dst4, Src: src4, ID: 0x1234, Seq: 0x5678, Payload: payload}
		}
		if !reflect.DeepEqual(q, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", tt.name, q, want)
		}
	}
}

// extension builds an IPv6 extension header of n bytes.
func extension(kind, next byte, n int) []byte {
	b := make([]byte, n)
	b[0] = next
	switch kind {
	case protoAuth:
		b[1] = byte(n/4 - 2)
	case protoFragment:
		b[1] = 0xff // reserved: ignored on reception
	default:
		b[1] = byte(n/8 - 1)
	}
	return b
}

func TestParsePacketIPv6(t *testing.T) {
	_, request := message(t, V6, 0x1234, 0x5678, 56, testToken)
	whole := packet(V6, request, nil)
	chain := slices.Concat(
		extension(protoHopByHop, protoDestOptions, 8),
		extension(protoDestOptions, protoRouting, 24),
		extension(protoRouting, protoFragment, 40),
		extension(protoFragment, protoAuth, 8),
		extension(protoAuth, protoDestOptions, 28),
		extension(protoDestOptions, protoICMPv6, 8),
		request)
	later := extension(protoFragment, protoICMPv6, 8)
	later[3] = 8
	first := extension(protoFragment, protoICMPv6, 8)
	first[3] = 1 // more fragments
	mapped := func(at int) []byte {
		b := slices.Clone(whole)
		a := netip.MustParseAddr("::ffff:192.0.2.1").As16()
		copy(b[at:], a[:])
		return b
	}
	payloadLength := func(n uint16, tail int) []byte {
		b := append(slices.Clone(whole), make([]byte, tail)...)
		binary.BigEndian.PutUint16(b[4:], n)
		return b
	}
	for _, tt := range []struct {
		name    string
		b       []byte
		err     error
		payload int
	}{
		{"plain", whole, nil, 56},
		{"every extension header", packet6(protoHopByHop, chain), nil, 56},
		{"first fragment", packet6(protoFragment, append(first, request...)), nil, 56},
		{"later fragment", packet6(protoFragment, append(later, request...)), ErrNotEcho, 0},
		{"extension header cut", packet6(protoRouting, extension(protoRouting, protoICMPv6, 24)[:23]), ErrShort, 0},
		{"extension header of 1 byte", packet6(protoAuth, []byte{protoICMPv6}), ErrShort, 0},
		{"nothing after extension header", packet6(protoAuth, extension(protoAuth, protoICMPv6, 8)), ErrShort, 0},
		{"ESP", packet6(50, request), ErrNotEcho, 0},
		{"no next header", packet6(59, request), ErrNotEcho, 0},
		{"ICMP of IPv4", packet6(protoICMP, request), ErrNotEcho, 0},
		{"version 4", append([]byte{0x45}, whole[1:]...), ErrNotEcho, 0},
		{"echo reply", packet6(protoICMPv6, asReply(V6, request)), ErrNotEcho, 0},
		{"mapped source", mapped(8), ErrNotEcho, 0},
		{"mapped destination", mapped(24), ErrNotEcho, 0},
		{"padding after the packet", payloadLength(64, 100), nil, 56},
		{"payload length of 0", payloadLength(0, 0), nil, 56},
		{"payload length less than there is", payloadLength(40, 0), nil, 32},
	} {
		q := Quote{ID: 1}
		if err := q.ParsePacket(V6, tt.b); !errors.Is(err, tt.err) {
			t.Errorf("%s: error %v, want %v", tt.name, err, tt.err)
			continue
		}
		want := Quote{}
		if tt.err == nil {
			payload := request[HeaderLen : HeaderLen+tt.payload]
			want = Quote{Valid: true, Dst: dst6, Src: src6, ID: 0x1234, Seq: 0x5678, Payload: payload}
		}
		if !reflect.DeepEqual(q, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", tt.name, q, want)
		}
	}
}

func TestQuoteParseEcho(t *testing.T) {
	for _, f := range families {
		_, request := message(t, f, 0x1234, 0x5678, 56, testToken)
		other := slices.Clone(request)
		other[0] = 13
		for _, tt := range []struct {
			name    string
			b       []byte
			err     error
			payload []byte
		}{
			{"whole", request, nil, request[8:]},
			{"header only", request[:8], nil, []byte{}},
			{"half a token", request[:16], nil, request[8:16]},
			{"padding instead of the token", slices.Concat(request[:8], make([]byte, 16)), nil, []byte{}},
			{"padding in the token", slices.Concat(request[:16], make([]byte, 8)), nil, slices.Concat(request[8:16], make([]byte, 8))},
			{"short", request[:7], ErrShort, nil},
			{"nothing", nil, ErrShort, nil},
			{"another type", other, ErrNotEcho, nil},
		} {
			var q Quote
			if err := q.ParseEcho(f, tt.b); !errors.Is(err, tt.err) {
				t.Errorf("%v %s: error %v, want %v", f, tt.name, err, tt.err)
				continue
			}
			want := Quote{}
			if tt.err == nil {
				want = Quote{Valid: true, ID: 0x1234, Seq: 0x5678, Payload: tt.payload}
			}
			if !reflect.DeepEqual(q, want) {
				t.Errorf("%v %s: got %+v, want %+v", f, tt.name, q, want)
			}
		}
	}
	var q Quote
	if err := errors.Join(q.ParsePacket(0, nil), q.ParseEcho(0, nil)); !errors.Is(err, ErrFamily) {
		t.Errorf("no family: error %v", err)
	}
}

// An error about somebody else's packet is an error message all the same.
func TestParseErrorWithForeignQuote(t *testing.T) {
	udp := packet(V4, bytes.Repeat([]byte{1}, 20), nil)
	udp[9] = 17
	for _, quote := range [][]byte{nil, udp, udp[:5], make([]byte, 200)} {
		var m Message
		if err := m.Parse(V4, errorMessage(V4, 3, 4, 1400, quote)); err != nil {
			t.Fatal(err)
		}
		if m.Class != ErrorMessage || m.MTU != 1400 || !reflect.DeepEqual(m.Quote, Quote{}) {
			t.Errorf("quote %x: %+v", quote, m)
		}
	}
}
