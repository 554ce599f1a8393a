package wire

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// checksumRFC is the example of RFC 1071 section 4.1, word by word.
func checksumRFC(b []byte) uint16 {
	var sum uint32
	for ; len(b) > 1; b = b[2:] {
		sum += uint32(b[0])<<8 | uint32(b[1])
	}
	if len(b) > 0 {
		sum += uint32(b[0]) << 8
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}

func TestChecksum(t *testing.T) {
	for _, tt := range []struct {
		name string
		b    []byte
		want uint16
	}{
		{"nothing", nil, 0xffff},
		{"zeros", make([]byte, 64), 0xffff},
		{"RFC 1071 section 3", []byte{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7}, 0x220d},
		{"one byte", []byte{0x12}, 0xedff},
		{"three bytes", []byte{0x12, 0x34, 0x56}, ^uint16(0x6834)},
		{"all ones", bytes.Repeat([]byte{0xff}, 65515), 0x00ff},
		{"carries end around", bytes.Repeat([]byte{0xff}, 40), 0},
	} {
		if got := Checksum(tt.b); got != tt.want {
			t.Errorf("%s: got %#04x, want %#04x", tt.name, got, tt.want)
		}
	}
}

func TestChecksumAgreesWithRFC(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	random := make([]byte, 65536)
	for i := range random {
		random[i] = byte(rnd.Uint32())
	}
	ones := bytes.Repeat([]byte{0xff}, 300)
	for n := range 300 {
		for start := range 9 { // every alignment
			if b := random[start : start+n]; Checksum(b) != checksumRFC(b) {
				t.Fatalf("%d bytes from %d: got %#04x, want %#04x", n, start, Checksum(b), checksumRFC(b))
			}
		}
		if b := ones[:n]; Checksum(b) != checksumRFC(b) {
			t.Fatalf("%d ones: got %#04x, want %#04x", n, Checksum(b), checksumRFC(b))
		}
	}
	for _, n := range []int{1400, 1401, 65507, 65535, 65536} {
		if b := random[:n]; Checksum(b) != checksumRFC(b) {
			t.Errorf("%d bytes: got %#04x, want %#04x", n, Checksum(b), checksumRFC(b))
		}
	}
}

// The one's complement sum is the sum modulo 0xffff, where only a sum of zeros
// is 0.
func TestFold(t *testing.T) {
	check := func(sum uint64) {
		want := uint16(sum % 0xffff)
		if sum != 0 && want == 0 {
			want = 0xffff
		}
		if got := fold(sum); got != want {
			t.Errorf("%#x: got %#04x, want %#04x", sum, got, want)
		}
	}
	for _, sum := range []uint64{0, 1, 0xfffe, 0xffff, 0x10000, 0x1ffff, 0x10000ffff, 0x8000ffff_80000000, ^uint64(1), ^uint64(0)} {
		check(sum)
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 10000 {
		check(rnd.Uint64() >> rnd.UintN(64))
	}
}

func FuzzChecksum(f *testing.F) {
	f.Add([]byte{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7})
	f.Add(bytes.Repeat([]byte{0xff}, 67))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, want := Checksum(b), checksumRFC(b); got != want {
			t.Errorf("got %#04x, want %#04x", got, want)
		}
	})
}

func BenchmarkChecksum(b *testing.B) {
	for _, n := range []int{64, 1400, 65507} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			data := bytes.Repeat([]byte{0xa5}, n)
			b.SetBytes(int64(n))
			b.ReportAllocs()
			var sum uint16
			for b.Loop() {
				sum += Checksum(data)
			}
			_ = sum
		})
	}
}
