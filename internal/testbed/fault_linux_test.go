package testbed

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"github.com/rawping/rawping/internal/steady"
	"github.com/rawping/rawping/internal/wire"
)

// single is the prefix of one address.
func single(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }

// faulty runs a test of one fault for each family: requests 1 to n go to one
// host, one after the other, and the test reads what comes.
func faulty(t *testing.T, b *Bed, name string, fault func(f wire.Family) Fault, test func(t testing.TB, o *observer, host netip.Addr)) {
	for _, f := range families {
		t.Run(name+" "+f.String(), func(t *testing.T) {
			steady.Run(t, func(t testing.TB) {
				host := b.Responder.Of(f).Addr().Next()
				b.Forget()
				b.Rules()
				b.Rule(single(host), fault(f))
				test(t, observe(t, b, f), host)
			})
		})
	}
}

// seen waits until the responder has seen and done so much.
func seen(t testing.TB, b *Bed, host netip.Addr, want Tally) {
	t.Helper()
	require.Eventually(t, func() bool { return b.Seen(single(host)) == want }, eventually, tick)
}

// plain is a fault that is alike for both families.
func plain(f Fault) func(wire.Family) Fault { return func(wire.Family) Fault { return f } }

// right asserts that a message is the right reply to a request.
func right(t testing.TB, h heard, host netip.Addr, seq int) {
	t.Helper()
	require.Equal(t, host, h.from)
	require.Contains(t, []any{ipv4.ICMPTypeEchoReply, ipv6.ICMPTypeEchoReply}, h.Type)
	require.Zero(t, h.Code)
	require.Equal(t, id, h.echo().ID)
	require.Equal(t, seq, h.echo().Seq)
	require.Equal(t, payload(), h.echo().Data)
	if h.Type == ipv4.ICMPTypeEchoReply {
		require.Zero(t, sum(h.raw), "checksum")
	}
}

func TestTimeAndOrder(t *testing.T) {
	b := New(t)
	faulty(t, b, "none", plain(Fault{}), func(t testing.TB, o *observer, host netip.Addr) {
		o.send(host, 1, payload())
		right(t, o.must(), host, 1)
		o.nothing()
	})
	faulty(t, b, "delay and jitter", plain(Fault{Delay: 20 * time.Millisecond, Jitter: 5 * time.Millisecond}), func(t testing.TB, o *observer, host netip.Addr) {
		sent := time.Now()
		o.send(host, 1, payload())
		h := o.must()
		right(t, h, host, 1)
		require.GreaterOrEqual(t, h.at.Sub(sent), 20*time.Millisecond)
	})
	faulty(t, b, "duplicate", plain(Fault{Duplicate: 3, DuplicateAfter: time.Millisecond}), func(t testing.TB, o *observer, host netip.Addr) {
		o.send(host, 1, payload())
		for range 4 {
			right(t, o.must(), host, 1)
		}
		o.nothing()
	})
	faulty(t, b, "reorder", plain(Fault{Reorder: 3, Hold: 300 * time.Millisecond}), func(t testing.TB, o *observer, host netip.Addr) {
		// The one at the end, which nothing overtakes, comes all the same.
		for seq := 1; seq <= 6; seq++ {
			o.send(host, seq, payload())
			if seq == 5 {
				for _, want := range []int{1, 2, 4, 3, 5} {
					right(t, o.must(), host, want)
				}
			}
		}
		right(t, o.must(), host, 6)
	})
	faulty(t, b, "two different", plain(Fault{TwoDifferent: true}), func(t testing.TB, o *observer, host netip.Addr) {
		o.send(host, 1, payload())
		right(t, o.must(), host, 1)
		other := o.must().echo()
		require.Equal(t, []int{id, 1}, []int{other.ID, other.Seq})
		want := payload()
		invert(want)
		require.Equal(t, want, other.Data)
	})
}

func TestLoss(t *testing.T) {
	b := New(t)
	faulty(t, b, "exact", plain(Fault{Lose: 3, Of: 10}), func(t testing.TB, o *observer, host netip.Addr) {
		for seq := 1; seq <= 100; seq++ {
			o.send(host, seq, payload())
			if (seq-1)%10 >= 3 {
				right(t, o.must(), host, seq)
			}
		}
		require.Equal(t, Tally{Requests: 100, Lost: 30, Replies: 70}, b.Seen(single(host)))
		for i, e := range b.Entries(single(host)) {
			require.EqualValues(t, i+1, e.Seq)
			require.Equal(t, i%10 < 3, e.Lost == 1)
		}
	})
	// Each host has a stream of its own, so the order of the hosts does not matter.
	lost := func(f wire.Family, swap bool) (all [2][]bool) {
		hosts := []netip.Addr{b.Responder.Of(f).Addr().Next(), b.Responder.Of(f).Addr().Next().Next()}
		b.Forget()
		b.Rules()
		b.Rule(b.Responder.Of(f), Fault{LoseRandom: 40, Seed: 7})
		o := observe(t, b, f)
		for seq := range 200 {
			for i := range hosts {
				if swap {
					i = 1 - i
				}
				o.send(hosts[i], seq, nil)
			}
		}
		require.Eventually(t, func() bool { return b.Seen(b.Responder.Of(f)).Requests == 400 }, eventually, tick)
		for i, host := range hosts {
			for _, e := range b.Entries(single(host)) {
				all[i] = append(all[i], e.Lost == 1)
			}
		}
		return all
	}
	for _, f := range families {
		first := lost(f, false)
		require.Equal(t, first, lost(f, true))
		require.NotEqual(t, first[0], first[1])
		n := 0
		for _, l := range first[0] {
			if l {
				n++
			}
		}
		require.InDelta(t, 80, n, 40)
	}
}

func TestDamage(t *testing.T) {
	b := New(t)
	cut := func(n int) []byte { return payload()[:n] }
	for _, test := range []struct {
		name    string
		fault   Fault
		payload []byte
		id, seq int
		code    int
	}{
		{"payload", Fault{CorruptPayload: 2}, append(cut(54), ^byte(55), ^byte(56)), id, 1, 0},
		{"header", Fault{CorruptHeader: true}, payload(), id, 1, 255},
		{"truncate", Fault{Truncate: 24}, cut(16), id, 1, 0},
		{"truncate to the header", Fault{Truncate: 8}, cut(0), id, 1, 0},
		{"truncate and zero", Fault{Truncate: 24, TruncateZero: true}, append(cut(16), make([]byte, 40)...), id, 1, 0},
		{"pad", Fault{Pad: 10}, append(payload(), make([]byte, 10)...), id, 1, 0},
		{"identifier", Fault{WrongID: 1}, payload(), id ^ 1, 1, 0},
		{"sequence number", Fault{WrongSeq: 0xffff}, payload(), id, 0, 0},
		{"options", Fault{Options: true}, payload(), id, 1, 0},
	} {
		faulty(t, b, test.name, plain(test.fault), func(t testing.TB, o *observer, host netip.Addr) {
			o.send(host, 1, payload())
			h := o.must()
			require.Equal(t, host, h.from)
			require.Equal(t, test.code, h.Code)
			require.Equal(t, test.id, h.echo().ID)
			require.Equal(t, test.seq, h.echo().Seq)
			require.True(t, bytes.Equal(test.payload, h.echo().Data), "%x", h.echo().Data)
			if o.family == wire.V4 {
				require.Zero(t, sum(h.raw), "checksum")
			}
		})
	}
	faulty(t, b, "cut within the header", plain(Fault{Truncate: 5}), func(t testing.TB, o *observer, host netip.Addr) {
		o.send(host, 1, payload())
		if o.family == wire.V6 {
			require.Len(t, o.must().raw, 5)
		}
		seen(t, b, host, Tally{Requests: 1, Replies: 1})
		o.nothing() // the kernel delivers nothing so short of IPv4
	})
	faulty(t, b, "source", func(f wire.Family) Fault {
		return Fault{WrongSource: b.Responder.Of(f).Addr().Next().Next()}
	}, func(t testing.TB, o *observer, host netip.Addr) {
		o.send(host, 1, payload())
		h := o.must()
		require.Equal(t, host.Next(), h.from)
		h.from = host
		right(t, h, host, 1)
	})
}

// A raw IPv4 socket is given what has a bad checksum, an IPv6 socket is not.
func TestBadChecksum(t *testing.T) {
	b := New(t)
	faulty(t, b, "checksum", plain(Fault{BadChecksum: true}), func(t testing.TB, o *observer, host netip.Addr) {
		before := badChecksums(t, b)
		o.send(host, 1, payload())
		if o.family == wire.V4 {
			h := o.must()
			require.NotZero(t, sum(h.raw))
			require.Equal(t, payload(), h.echo().Data)
			return
		}
		require.Eventually(t, func() bool { return badChecksums(t, b) > before }, eventually, tick)
		require.Equal(t, before+1, badChecksums(t, b))
		o.nothing()
	})
}

func TestStrangers(t *testing.T) {
	b := New(t)
	dead := Fault{Lose: 1, Of: 1}
	forge := dead
	forge.Forge = 5
	faulty(t, b, "forged replies", plain(forge), func(t testing.TB, o *observer, host netip.Addr) {
		o.send(host, 1, payload())
		for range 5 {
			h := o.must()
			require.Equal(t, host, h.from)
			e := h.echo()
			require.Equal(t, []int{id, 1}, []int{e.ID, e.Seq})
			require.NotEqual(t, payload()[:16], e.Data[:16])
			require.Equal(t, payload()[16:], e.Data[16:])
		}
		o.nothing()
		require.Equal(t, Tally{Requests: 1, Lost: 1, Forged: 5}, b.Seen(single(host)))
	})
	faulty(t, b, "replay", plain(Fault{}), func(t testing.TB, o *observer, host netip.Addr) {
		for seq := 1; seq <= 4; seq++ {
			o.send(host, seq, payload())
			right(t, o.must(), host, seq)
		}
		replay := dead
		replay.Replay = 2
		b.Rule(single(host), replay)
		o.send(host, 5, payload())
		right(t, o.must(), host, 4)
		right(t, o.must(), host, 3)
		o.nothing()
		require.Equal(t, Tally{Requests: 5, Lost: 1, Replies: 4, Replayed: 2}, b.Seen(single(host)))
	})
	faulty(t, b, "forged errors", plain(Fault{ForgeErrors: 3}), func(t testing.TB, o *observer, host netip.Addr) {
		o.send(host, 1, payload())
		for range 3 {
			h := o.must()
			require.Equal(t, b.RouterAddr.Of(o.family), h.from)
			quote := quoteOf(t, o.family, h)
			same := quote.dst == host && quote.id == id && quote.seq == 1
			require.False(t, same, "%+v was sent", quote)
			require.Equal(t, b.ClientAddr.Of(o.family), quote.src)
		}
		right(t, o.must(), host, 1)
	})
}

// Requests and replies that are longer than a link carries come through whole.
func TestLong(t *testing.T) {
	b := New(t)
	faulty(t, b, "long", plain(Fault{}), func(t testing.TB, o *observer, host netip.Addr) {
		for seq, n := range []int{1472, 1473, 4000, 65000} {
			data := bytes.Repeat([]byte{1, 2, 3, 4, 5}, 13000)[:n]
			binary.BigEndian.PutUint32(data, uint32(n))
			o.send(host, seq, data)
			h := o.must()
			require.Equal(t, seq, h.echo().Seq)
			require.True(t, bytes.Equal(data, h.echo().Data), "%d bytes", n)
		}
		require.Equal(t, 65000, b.Entries(single(host))[3].Payload)
	})
}

// The log says when the answer had left, which is not when the request came, and says
// nothing where there was none of its own.
func TestAnswered(t *testing.T) {
	b := New(t)
	const delay = 20 * time.Millisecond
	faulty(t, b, "half lost, half late", plain(Fault{Delay: delay, Lose: 1, Of: 2, Forge: 1}), func(t testing.TB, o *observer, host netip.Addr) {
		o.send(host, 1, payload())
		o.must()                   // forged
		o.send(host, 2, payload()) // its answer comes last
		o.must()
		right(t, o.must(), host, 2)
		require.Eventually(t, func() bool { return b.Entries(single(host))[1].Answered > 0 }, eventually, tick)
		entries := b.Entries(single(host))
		require.Zero(t, entries[0].Answered)
		require.GreaterOrEqual(t, entries[1].Answered, entries[1].At+delay)
		require.LessOrEqual(t, entries[1].Answered, time.Since(b.Began()))
	})
}
