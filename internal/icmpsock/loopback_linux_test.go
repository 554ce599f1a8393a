package icmpsock

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/wire"
)

func TestLoopback(t *testing.T) {
	for _, k := range kinds {
		for _, quotes := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s quotes %v", k.name, quotes), func(t *testing.T) {
				_, c := openIn(t, Config{Policy: k.policy, NoStampKeys: quotes}, Class{Family: k.family}, nil)
				needStamps(t, c, !quotes)
				require.Equal(t, quotes, c.facts.StampQuotes)
				testLoopback(t, c, k.host, k.policy == RawOnly)
			})
		}
	}
}

func testLoopback(t *testing.T, c *conn, host netip.Addr, raw bool) {
	t.Helper()
	family := wire.FamilyOf(host)
	facts := c.Facts()
	assert.Equal(t, raw, facts.Raw)
	assert.NotZero(t, facts.ID)
	assert.True(t, facts.RecvStamps)

	for _, n := range []int{1, 2, 63, 64, 65, 200} {
		var outs []Out
		for i := range n {
			outs = append(outs, Out{
				Dst: host, Key: 0xf0000000 + uint32(i),
				Data: request(t, family, facts.ID, uint16(i), 16+i),
			})
		}
		before := time.Now().UnixNano()
		sent, err := c.Send(outs)
		require.NoError(t, err)
		require.Equal(t, n, sent)
		ins := collect(t, c, packets(c, n))
		after := time.Now().UnixNano()
		checkLoopback(t, c, host.String(), ins, n, before, after)
	}
	assert.Zero(t, c.Drops())
}

// checkLoopback checks the replies and stamps of n requests with the sequence
// numbers 0 to n-1.
func checkLoopback(t *testing.T, c *conn, host string, ins []In, n int, before, after int64) {
	t.Helper()
	seen := make(map[uint16]bool)
	left := make(map[uint32]int64)
	for _, in := range ins {
		assert.GreaterOrEqual(t, in.Time, before)
		assert.LessOrEqual(t, in.Time, after)
		switch in.Kind {
		case Stamp:
			key := in.Key
			if c.facts.StampQuotes {
				assert.Equal(t, host, in.To.String())
				assert.Equal(t, c.facts.ID, idOf(in.Data))
				assert.LessOrEqual(t, len(in.Data), stampQuote)
				key = 0xf0000000 + uint32(seqOf(in.Data))
			}
			left[key] = in.Time
		case Packet:
			require.True(t, isReply(in.Data), "% x", in.Data)
			assert.Equal(t, c.facts.ID, idOf(in.Data))
			seq := seqOf(in.Data)
			assert.False(t, seen[seq], "sequence number %d twice", seq)
			seen[seq] = true
			assert.Len(t, in.Data, 8+16+int(seq))
			assert.Equal(t, host, in.From.String())
			assert.Equal(t, host, in.To.String())
			assert.Equal(t, 1, in.Interface, "lo")
			assert.Equal(t, 64, in.Hops)
			assert.Equal(t, 0, in.TrafficClass)
			assert.False(t, in.Truncated)
		default:
			t.Errorf("unexpected: %+v", in)
		}
	}
	assert.Len(t, seen, n)
	assert.Len(t, left, n)
	for _, in := range ins {
		if in.Kind == Packet {
			key := 0xf0000000 + uint32(seqOf(in.Data))
			require.Contains(t, left, key)
			assert.LessOrEqual(t, left[key], in.Time, "left after its reply came")
		}
	}
}

// TestWithoutStamps is what older kernels give.
func TestWithoutStamps(t *testing.T) {
	for _, k := range kinds {
		for _, cfg := range []Config{
			{Policy: k.policy, NoSendStamps: true},
			{Policy: k.policy, NoRecvStamps: true},
			{Policy: k.policy, NoSendStamps: true, NoRecvStamps: true},
		} {
			_, c := openIn(t, cfg, Class{Family: k.family}, nil)
			assert.Equal(t, !cfg.NoSendStamps && !c.facts.NoOptions, c.facts.SendStamps)
			assert.Equal(t, !cfg.NoRecvStamps, c.facts.RecvStamps)
			time.Sleep(20 * time.Millisecond) // for stamps that come though unwanted
			_, err := c.Send([]Out{{Dst: k.host, Key: 1, Data: request(t, k.family, c.facts.ID, 1, 16)}})
			require.NoError(t, err)
			ins := collect(t, c, packets(c, 1))
			assert.Equal(t, c.facts.SendStamps, count(ins, Stamp) == 1)
			for _, in := range ins {
				if in.Kind == Packet && cfg.NoRecvStamps {
					assert.Zero(t, in.Time)
				}
			}
		}
	}
}

// TestFirstStamps: the very first reply has its stamps, although the kernel begins to
// stamp a moment after a socket has asked for it.
func TestFirstStamps(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			inNamespace(t, func() {
				for range 20 {
					n, c := openHere(t, Config{Policy: k.policy}, Class{Family: k.family})
					_, err := c.Send([]Out{{Dst: k.host, Data: request(t, k.family, c.facts.ID, 1, 16)}})
					require.NoError(t, err)
					for _, in := range collect(t, c, packets(c, 1)) {
						require.NotZero(t, in.Time)
					}
					require.NoError(t, n.Close())
				}
			})
		})
	}
}
