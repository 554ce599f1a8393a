package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/icmp"
)

var sizes = []int{0, 1, 7, 8, 15, 16, 17, 31, 32, 33, 55, 56, 57, 1400, 1401, 65507}

func TestNewRequestSizes(t *testing.T) {
	for _, tt := range []struct {
		f     Family
		size  int
		words string // of the error; "" if none
	}{
		{V4, 0, ""},
		{V4, 65507, ""},
		{V6, 65527, ""},
		{V4, -1, "payload of -1 bytes is out of range: IPv4 takes 0 to 65507"},
		{V4, 65508, "payload of 65508 bytes is out of range: IPv4 takes 0 to 65507"},
		{V6, 65528, "payload of 65528 bytes is out of range: IPv6 takes 0 to 65527"},
	} {
		r, err := NewRequest(tt.f, 1, tt.size)
		if tt.words == "" {
			if err != nil {
				t.Errorf("%v %d: %v", tt.f, tt.size, err)
			} else if r.Len() != HeaderLen+tt.size {
				t.Errorf("%v %d: length %d", tt.f, tt.size, r.Len())
			}
			continue
		}
		if !errors.Is(err, ErrSize) || err.Error() != tt.words {
			t.Errorf("%v %d: error %v, want %q", tt.f, tt.size, err, tt.words)
		}
	}
	if _, err := NewRequest(0, 1, 56); !errors.Is(err, ErrFamily) {
		t.Errorf("no family: error %v", err)
	}
}

// What Put writes is what x/net writes for the same fields, bit for bit.
func TestPutAgreesWithXNet(t *testing.T) {
	for _, f := range families {
		request, _ := f.xnetTypes()
		for _, size := range sizes {
			for _, seq := range []uint16{0, 1, 0x7fff, 0xffff} {
				_, got := message(t, f, 0xbeef, seq, size, testToken)
				data := make([]byte, size)
				for i := range data {
					data[i] = byte(i)
				}
				if size >= TokenLen {
					copy(data, "\x01\x02\x03\x04\x0a\x0b\x0c\x0d\xfe\xdc\xba\x98\x76\x54\x32\x10")
				}
				want, err := (&icmp.Message{
					Type: request,
					Body: &icmp.Echo{ID: 0xbeef, Seq: int(seq), Data: data},
				}).Marshal(nil)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want) {
					t.Errorf("%v size %d seq %d:\ngot  %.64x\nwant %.64x", f, size, seq, got, want)
				}
			}
		}
	}
}

func TestPutIsCompleteOverDirtyBuffer(t *testing.T) {
	for _, f := range families {
		for _, size := range []int{0, 15, 16, 56} {
			r, want := message(t, f, 7, 9, size, testToken)
			dirty := bytes.Repeat([]byte{0xee}, r.Len()+8)
			got := r.Put(dirty[:0], 9, testToken)
			if !bytes.Equal(got, want) {
				t.Errorf("%v size %d: got %x, want %x", f, size, got, want)
			}
			if !bytes.Equal(dirty[r.Len():], bytes.Repeat([]byte{0xee}, 8)) {
				t.Errorf("%v size %d: wrote beyond the message", f, size)
			}
			if again := r.Put(dirty, 9, testToken); !bytes.Equal(again, want) {
				t.Errorf("%v size %d: the second message differs from the first", f, size)
			}
		}
	}
}

// A sum of exactly 0xffff gives checksum 0, not 0xffff: x/net and the kernel
// find it right.
func TestPutChecksumZero(t *testing.T) {
	r, b := message(t, V4, 0, 0, 0, Token{})
	sum := binary.BigEndian.Uint16(b[2:])
	b = r.Put(b, sum, Token{}) // fills the sum up to 0xffff
	if got := binary.BigEndian.Uint16(b[2:]); got != 0 {
		t.Errorf("checksum %#04x, want 0", got)
	}
	if Checksum(b) != 0 {
		t.Errorf("%x does not verify", b)
	}
}

func TestToken(t *testing.T) {
	for _, size := range sizes {
		r, b := message(t, V4, 1, 2, size, testToken)
		tok, ok := ReadToken(b[HeaderLen:])
		if ok != r.HasToken() || ok != (size >= TokenLen) {
			t.Errorf("size %d: ReadToken %v, HasToken %v", size, ok, r.HasToken())
		}
		if ok && tok != testToken {
			t.Errorf("size %d: token %+v", size, tok)
		}
	}
}

func TestPayloadIntactAndShortened(t *testing.T) {
	_, b := message(t, V4, 1, 2, 56, testToken)
	whole := b[HeaderLen:]
	zeroFrom := func(n int) []byte {
		p := slices.Clone(whole)
		clear(p[n:])
		return p
	}
	flipped := slices.Clone(whole)
	flipped[40] ^= 1
	otherToken := slices.Clone(whole)
	otherToken[3] ^= 1
	for _, tt := range []struct {
		name              string
		size              int
		p                 []byte
		intact, shortened bool
	}{
		{"whole", 56, whole, true, false},
		{"another token", 56, otherToken, true, false},
		{"flipped bit", 56, flipped, false, false},
		{"flipped bit, short", 56, flipped[:50], false, false},
		{"longer", 56, append(slices.Clone(whole), 56), false, false},
		{"longer by zeros", 56, append(slices.Clone(whole), 0), false, false},
		{"nothing", 56, nil, false, false},
		{"not even a token", 56, whole[:15], false, false},
		{"token only", 56, whole[:16], false, true},
		{"one byte short", 56, whole[:55], false, true},
		{"zeros after the token", 56, zeroFrom(16), false, true},
		{"zeros at the end", 56, zeroFrom(55), false, true},
		{"zeros and short", 56, zeroFrom(16)[:30], false, true},
		{"pattern, zeros, short", 56, zeroFrom(20)[:30], false, true},
		{"pattern, zeros, pattern", 56, slices.Concat(whole[:20], make([]byte, 10), whole[30:]), false, false},
		{"size of a token", 16, whole[:16], true, false},
		{"size of a token, short", 16, whole[:15], false, false},
		{"no token, whole", 4, []byte{0, 1, 2, 3}, true, false},
		{"no token, zeros", 4, []byte{0, 0, 0, 0}, false, false},
		{"no token, short", 4, []byte{0, 1, 2}, false, false},
		{"no payload", 0, nil, true, false},
		{"no payload, but some came", 0, []byte{0}, false, false},
	} {
		r, err := NewRequest(V4, 1, tt.size)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.PayloadIntact(tt.p); got != tt.intact {
			t.Errorf("%s: intact %v, want %v", tt.name, got, tt.intact)
		}
		if got := r.PayloadShortened(tt.p); got != tt.shortened {
			t.Errorf("%s: shortened %v, want %v", tt.name, got, tt.shortened)
		}
	}
}

func TestPutAllocatesNothing(t *testing.T) {
	for _, f := range families {
		r, b := message(t, f, 1, 2, 56, testToken)
		if n := testing.AllocsPerRun(100, func() { b = r.Put(b, 3, testToken) }); n != 0 {
			t.Errorf("%v: %v allocations", f, n)
		}
	}
}

func TestPutPanicsWithoutRoom(t *testing.T) {
	r, b := message(t, V4, 1, 2, 56, testToken)
	defer func() {
		if p := recover(); p == nil || !strings.Contains(fmt.Sprint(p), "slice bounds") {
			t.Errorf("panic %v, want slice bounds out of range", p)
		}
	}()
	r.Put(b[:10:10], 1, testToken)
}

func BenchmarkPut(b *testing.B) {
	for _, f := range families {
		for _, size := range []int{16, 56, 1400, 65507} {
			b.Run(fmt.Sprintf("%v/%d", f, size), func(b *testing.B) {
				r, buf := message(b, f, 1, 2, size, testToken)
				b.SetBytes(int64(r.Len()))
				b.ReportAllocs()
				var seq uint16
				for b.Loop() {
					buf = r.Put(buf, seq, testToken)
					seq++
				}
			})
		}
	}
}
