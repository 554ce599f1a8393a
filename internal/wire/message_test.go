package wire

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

func TestParseEcho(t *testing.T) {
	for _, f := range families {
		for _, size := range sizes {
			r, request := message(t, f, 0xbeef, 0xcafe, size, testToken)
			for class, b := range map[MessageClass][]byte{EchoRequest: request, EchoReply: asReply(f, request)} {
				var m Message
				if err := m.Parse(f, b); err != nil {
					t.Fatalf("%v size %d: %v", f, size, err)
				}
				want := Message{
					Type: b[0], Class: class, ID: 0xbeef, Seq: 0xcafe,
					Payload: b[HeaderLen:], ChecksumOK: true,
				}
				if !reflect.DeepEqual(m, want) {
					t.Errorf("%v size %d: got %+v, want %+v", f, size, m, want)
				}
				if !r.PayloadIntact(m.Payload) {
					t.Errorf("%v size %d: payload not intact", f, size)
				}
			}
		}
	}
}

func TestParseEchoOfXNet(t *testing.T) {
	for _, f := range families {
		_, reply := f.xnetTypes()
		b, err := (&icmp.Message{
			Type: reply, Code: 3,
			Body: &icmp.Echo{ID: 0x1234, Seq: 0x5678, Data: []byte("odd payload")},
		}).Marshal(nil)
		if err != nil {
			t.Fatal(err)
		}
		var m Message
		if err := m.Parse(f, b); err != nil {
			t.Fatal(err)
		}
		if m.Class != EchoReply || m.Code != 3 || m.ID != 0x1234 || m.Seq != 0x5678 ||
			string(m.Payload) != "odd payload" || !m.ChecksumOK {
			t.Errorf("%v: %+v", f, m)
		}
	}
}

func TestParseClasses(t *testing.T) {
	for typ := range 256 {
		for _, f := range families {
			want := OtherMessage
			request, reply := f.xnetTypes()
			var xnet icmp.Type = ipv4.ICMPType(typ)
			if f == V6 {
				xnet = ipv6.ICMPType(typ)
			}
			switch xnet {
			case request:
				want = EchoRequest
			case reply:
				want = EchoReply
			case ipv4.ICMPTypeDestinationUnreachable, ipv4.ICMPTypeTimeExceeded, ipv4.ICMPTypeParameterProblem,
				ipv6.ICMPTypeDestinationUnreachable, ipv6.ICMPTypePacketTooBig,
				ipv6.ICMPTypeTimeExceeded, ipv6.ICMPTypeParameterProblem:
				want = ErrorMessage
			}
			var m Message
			if err := m.Parse(f, errorMessage(f, byte(typ), 0, 0, nil)); err != nil {
				t.Fatal(err)
			}
			if m.Class != want || !m.ChecksumOK {
				t.Errorf("%v type %d: %v, checksum %v, want %v", f, typ, m.Class, m.ChecksumOK, want)
			}
		}
	}
}

func TestParseBadChecksum(t *testing.T) {
	for _, size := range []int{0, 1, 56, 1401} {
		_, request := message(t, V4, 1, 2, size, testToken)
		reply := asReply(V4, request)
		for i := range reply {
			b := slices.Clone(reply)
			b[i] ^= 0x10
			var m Message
			if err := m.Parse(V4, b); err != nil {
				t.Fatal(err)
			}
			if m.ChecksumOK {
				t.Errorf("size %d: flipped bit in byte %d not found", size, i)
			}
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, f := range families {
		_, b := message(t, f, 1, 2, 0, testToken)
		for n := range HeaderLen {
			m := Message{ID: 1, Quote: Quote{Valid: true}}
			if err := m.Parse(f, b[:n]); !errors.Is(err, ErrShort) || !reflect.DeepEqual(m, Message{}) {
				t.Errorf("%v, %d bytes: error %v, message %+v", f, n, err, m)
			}
		}
	}
	m := Message{ID: 1}
	if err := m.Parse(5, make([]byte, 8)); !errors.Is(err, ErrFamily) || m.ID != 0 {
		t.Errorf("no family: error %v, message %+v", err, m)
	}
}

// A message that is parsed into leaves nothing of what was in it before.
func TestParseLeavesNothingBehind(t *testing.T) {
	_, request := message(t, V4, 1, 2, 56, testToken)
	inputs := [][]byte{
		request,
		errorMessage(V4, 3, 4, 1400, packet(V4, request, nil)),
		errorMessage(V4, 5, 0, 0, nil),
		errorMessage(V4, 11, 0, 0, nil),
	}
	for i, first := range inputs {
		for j, second := range inputs {
			var used, fresh Message
			if err := errors.Join(used.Parse(V4, first), used.Parse(V4, second), fresh.Parse(V4, second)); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(used, fresh) {
				t.Errorf("%d after %d: got %+v, want %+v", j, i, used, fresh)
			}
		}
	}
}

func TestParseMTU(t *testing.T) {
	for _, tt := range []struct {
		f         Family
		typ, code byte
		word      uint32
		want      uint32
	}{
		{V4, 3, 4, 1400, 1400},
		{V4, 3, 4, 0x00200000 | 576, 576}, // with a length of RFC 4884
		{V4, 3, 4, 0, 0},
		{V4, 3, 1, 1400, 0},
		{V4, 11, 4, 1400, 0},
		{V6, 2, 0, 1280, 1280},
		{V6, 2, 9, 1 << 20, 1 << 20}, // receivers ignore the code
		{V6, 1, 0, 1280, 0},
	} {
		var m Message
		if err := m.Parse(tt.f, errorMessage(tt.f, tt.typ, tt.code, tt.word, nil)); err != nil {
			t.Fatal(err)
		}
		if m.MTU != tt.want {
			t.Errorf("%v type %d code %d: MTU %d, want %d", tt.f, tt.typ, tt.code, m.MTU, tt.want)
		}
	}
}

// xnetErrors returns every error of x/net for a quote, with exts where the type
// can have extensions.
func xnetErrors(f Family, quote []byte, exts []icmp.Extension) []icmp.Message {
	if f == V4 {
		return []icmp.Message{
			{Type: ipv4.ICMPTypeDestinationUnreachable, Code: 1, Body: &icmp.DstUnreach{Data: quote, Extensions: exts}},
			{Type: ipv4.ICMPTypeTimeExceeded, Body: &icmp.TimeExceeded{Data: quote, Extensions: exts}},
			{Type: ipv4.ICMPTypeParameterProblem, Body: &icmp.ParamProb{Pointer: 21, Data: quote, Extensions: exts}},
		}
	}
	return []icmp.Message{
		{Type: ipv6.ICMPTypeDestinationUnreachable, Code: 3, Body: &icmp.DstUnreach{Data: quote, Extensions: exts}},
		{Type: ipv6.ICMPTypePacketTooBig, Body: &icmp.PacketTooBig{MTU: 1280, Data: quote}},
		{Type: ipv6.ICMPTypeTimeExceeded, Body: &icmp.TimeExceeded{Data: quote, Extensions: exts}},
		{Type: ipv6.ICMPTypeParameterProblem, Body: &icmp.ParamProb{Pointer: 40, Data: quote}},
	}
}

// Errors that x/net builds, with and without extensions, give back what of our
// packet was quoted: neither padding nor extensions become payload.
func TestParseErrorsOfXNet(t *testing.T) {
	extensions := []icmp.Extension{
		&icmp.MPLSLabelStack{Class: 1, Type: 1, Labels: []icmp.MPLSLabel{{Label: 16014, TC: 4, S: true, TTL: 255}}},
		&icmp.RawExtension{Data: []byte{0, 8, 3, 1, 0, 0, 0, 15}}, // an interface's index
	}
	for _, f := range families {
		src, dst := f.endpoints()
		for _, size := range []int{0, 8, 16, 56, 57, 84, 120, 1000} {
			_, request := message(t, f, 0x1234, 0x5678, size, testToken)
			for _, exts := range [][]icmp.Extension{nil, extensions} {
				for _, xm := range xnetErrors(f, packet(f, request, nil), exts) {
					name := fmt.Sprintf("%v %v size %d extensions %d", f, xm.Type, size, len(exts))
					b, err := xm.Marshal(nil)
					if err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					var m Message
					if err := m.Parse(f, b); err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					want := Quote{Valid: true, Dst: dst, Src: src, ID: 0x1234, Seq: 0x5678, Payload: request[HeaderLen:]}
					if m.Class != ErrorMessage || !m.ChecksumOK || !reflect.DeepEqual(m.Quote, want) {
						t.Errorf("%s: %v, checksum %v\ngot  %+v\nwant %+v", name, m.Class, m.ChecksumOK, m.Quote, want)
					}
				}
			}
		}
	}
}

// The length of RFC 4884 bounds the quote where it can be true.
func TestOriginalDatagramLength(t *testing.T) {
	quote := bytes.Repeat([]byte{1}, 200)
	for _, tt := range []struct {
		name   string
		f      Family
		typ    byte
		at     int // byte that holds the length
		length byte
		want   int
	}{
		{"none", V4, 3, 5, 0, 200},
		{"128 bytes", V4, 3, 5, 32, 128},
		{"whole", V4, 11, 5, 50, 200},
		{"beyond the message", V4, 11, 5, 51, 200},
		{"less than the least", V4, 12, 5, 31, 200},
		{"the pointer is not the length", V4, 12, 4, 32, 200},
		{"beside the pointer", V4, 12, 5, 32, 128},
		{"none", V6, 1, 4, 0, 200},
		{"128 bytes", V6, 1, 4, 16, 128},
		{"128 bytes", V6, 3, 4, 16, 128},
		{"whole", V6, 3, 4, 25, 200},
		{"beyond the message", V6, 3, 4, 255, 200},
		{"less than the least", V6, 3, 4, 15, 200},
		{"the MTU is not the length", V6, 2, 4, 16, 200},
		{"the pointer is not the length", V6, 4, 4, 16, 200},
	} {
		b := errorMessage(tt.f, tt.typ, 0, 0, quote)
		b[tt.at] = tt.length
		if got := len(originalDatagram(tt.f, b)); got != tt.want {
			t.Errorf("%v type %d, %s: %d bytes, want %d", tt.f, tt.typ, tt.name, got, tt.want)
		}
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	var m Message
	for _, f := range families {
		_, request := message(t, f, 1, 2, 56, testToken)
		for _, b := range [][]byte{
			asReply(f, request),
			errorMessage(f, 3, 1, 0, packet(f, request, nil)),
			errorMessage(f, 3, 1, 0, packet(f, request, nil)[:21]),
		} {
			if n := testing.AllocsPerRun(100, func() { _ = m.Parse(f, b) }); n != 0 {
				t.Errorf("%v type %d: %v allocations", f, b[0], n)
			}
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for _, f := range families {
		_, request := message(b, f, 1, 2, 56, testToken)
		_, large := message(b, f, 1, 2, 1400, testToken)
		for _, in := range []struct {
			name string
			b    []byte
		}{
			{"reply56", asReply(f, request)},
			{"reply1400", asReply(f, large)},
			{"error", errorMessage(f, 3, 1, 0, packet(f, request, nil))},
		} {
			b.Run(fmt.Sprintf("%v/%s", f, in.name), func(b *testing.B) {
				b.ReportAllocs()
				var m Message
				for b.Loop() {
					if err := m.Parse(f, in.b); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
