package icmpsock

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/ipv4"

	"github.com/rawping/rawping/internal/wire"
)

// frame returns an IPv4 packet behind a link header of so many bytes.
func frame(t *testing.T, link int, change func(*ipv4.Header), payload []byte) []byte {
	t.Helper()
	h := &ipv4.Header{
		Version: 4, Len: 20, TotalLen: 20 + len(payload), TTL: 64, Protocol: 1,
		Src: []byte{192, 0, 2, 1}, Dst: []byte{192, 0, 2, 2},
	}
	if change != nil {
		change(h)
	}
	b, err := h.Marshal()
	require.NoError(t, err)
	sum := wire.Checksum(b)
	b[10], b[11] = byte(sum>>8), byte(sum)
	return append(append(make([]byte, link), b...), payload...)
}

func frame6(link int, payload []byte) []byte {
	b := make([]byte, link+40)
	h := b[link:]
	h[0], h[4], h[5], h[6], h[7] = 0x60, byte(len(payload)>>8), byte(len(payload)), 58, 64
	h[8], h[23], h[24], h[39] = 0xfd, 1, 0xfd, 2
	return append(b, payload...)
}

func TestSentMessage(t *testing.T) {
	echo4, echo6 := request(t, wire.V4, 77, 5, 56), request(t, wire.V6, 77, 5, 56)
	for _, link := range []int{0, 4, 14, 18, 22} {
		message, to, ok := sentMessage(wire.V4, 77, frame(t, link, nil, echo4))
		require.True(t, ok, link)
		assert.Equal(t, echo4[:stampQuote], message)
		assert.Equal(t, netip.MustParseAddr("192.0.2.2"), to)

		message, to, ok = sentMessage(wire.V6, 77, frame6(link, echo6))
		require.True(t, ok, link)
		assert.Equal(t, echo6[:stampQuote], message)
		assert.Equal(t, netip.MustParseAddr("fd00::2"), to)
	}
	small := request(t, wire.V4, 77, 5, 3)
	message, _, ok := sentMessage(wire.V4, 77, append(frame(t, 14, nil, small), 0, 0))
	require.True(t, ok, "short, and padded by the link")
	assert.Equal(t, small, message[:len(small)])
	_, _, ok = sentMessage(wire.V4, 77, frame(t, 14, nil, echo4)[:60])
	require.True(t, ok, "cut off")

	damaged := frame(t, 14, nil, echo4)
	damaged[14+19] ^= 1
	for name, b := range map[string][]byte{
		"damaged":          damaged,
		"a fragment":       frame(t, 14, func(h *ipv4.Header) { h.Flags = ipv4.MoreFragments }, echo4),
		"another protocol": frame(t, 14, func(h *ipv4.Header) { h.Protocol = 17 }, echo4),
		"another's":        frame(t, 14, nil, request(t, wire.V4, 78, 5, 56)),
		"far behind":       frame(t, 128, nil, echo4),
		"a header only":    frame(t, 14, nil, nil),
		"half a message":   frame(t, 14, nil, echo4[:4]),
		"nothing":          nil,
	} {
		_, _, ok := sentMessage(wire.V4, 77, b)
		assert.False(t, ok, name)
	}
}

func FuzzSentMessage(f *testing.F) {
	f.Add(false, []byte{0x45, 0, 0, 28, 0, 0, 0, 0, 64, 1, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1, 8, 0, 0, 0, 0, 77, 0, 1})
	f.Add(true, frame6(14, []byte{128, 0, 0, 0, 0, 77, 0, 1}))
	f.Fuzz(func(t *testing.T, v6 bool, b []byte) {
		family := wire.V4
		if v6 {
			family = wire.V6
		}
		message, to, ok := sentMessage(family, 77, b)
		if ok {
			assert.GreaterOrEqual(t, len(message), 8)
			assert.LessOrEqual(t, len(message), stampQuote)
			assert.Equal(t, family, wire.FamilyOf(to))
		}
	})
}
