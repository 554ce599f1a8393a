package truth

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/testbed"
)

// TestTrap03LateReplies: a late reply stays its own probe's, and is no reply to
// the next.
func TestTrap03LateReplies(t *testing.T) {
	everyKind(t, func(w *world) {
		addr := w.rule(1, testbed.Fault{Delay: 450 * ms})
		r, c := w.one(3000*ms, hasty(addr, 5))
		require.Equal(w, map[echo.Kind]int{echo.Lost: 5, echo.Late: 5}, r.count, "%+v", c)
		for i, ev := range r.of(echo.Late) {
			require.Equal(w, uint64(i+1), ev.Number)
			require.GreaterOrEqual(w, ev.RTT, 450*ms)
		}
	})
}

// TestTrap08WrongSource: a reply from another address is no proof of life,
// unless the user says so.
func TestTrap08WrongSource(t *testing.T) {
	everyKind(t, func(w *world) {
		other := w.host(200)
		addr := w.rule(1, testbed.Fault{WrongSource: other})
		lenient := target(addr, 3)
		lenient.AnySource = true
		rs, c := w.probe(50*ms, target(addr, 3), lenient)
		require.Equal(w, map[echo.Kind]int{echo.Lost: 3, echo.WrongSource: 3}, rs[0].count, "%+v", c)
		require.Equal(w, map[echo.Kind]int{echo.Reply: 3}, rs[1].count)
		require.Equal(w, other, rs[1].events[0].From)
	})
}

// TestTrap10Duplicates: duplicates count once, and never in the RTT.
func TestTrap10Duplicates(t *testing.T) {
	everyKind(t, func(w *world) {
		addr := w.rule(1, testbed.Fault{Duplicate: 2, DuplicateAfter: 10 * ms})
		r, _ := w.one(3000*ms, target(addr, 5))
		require.Equal(w, map[echo.Kind]int{echo.Reply: 5, echo.Duplicate: 10}, r.count)
		late := w.rule(2, testbed.Fault{Delay: 420 * ms, Duplicate: 1, DuplicateAfter: 10 * ms})
		r, _ = w.one(3000*ms, hasty(late, 3))
		require.Equal(w, map[echo.Kind]int{echo.Lost: 3, echo.Late: 3, echo.Duplicate: 3}, r.count)
	})
}

// TestTrap10Reordered: what comes out of order is a reply, and is counted.
func TestTrap10Reordered(t *testing.T) {
	everyKind(t, func(w *world) {
		addr := w.rule(1, testbed.Fault{Reorder: 3})
		r, c := w.one(50*ms, target(addr, 11))
		require.Equal(w, map[echo.Kind]int{echo.Reply: 11}, r.count)
		require.Equal(w, uint64(3), c.OutOfOrder)
	})
}

// TestTrap12Damaged: what was damaged on the way is no reply.
func TestTrap12Damaged(t *testing.T) {
	faults := []testbed.Fault{
		{CorruptPayload: 1},
		{CorruptPayload: 56},
		{CorruptHeader: true},
		{Truncate: 40},
		{Truncate: 8},
		{Truncate: 30, TruncateZero: true},
		{Pad: 3},
		{CorruptPayload: 2, Duplicate: 1},
	}
	everyKind(t, func(w *world) {
		rs, c := w.probe(50*ms, w.each(faults)...)
		for i, r := range rs {
			corrupt := 3 * (1 + faults[i].Duplicate)
			require.Equal(w, map[echo.Kind]int{echo.Lost: 3, echo.Corrupt: corrupt}, r.count, "%+v: %+v", faults[i], c)
		}
	})
}

// TestTrap12BadChecksum: raw IPv4 sockets deliver it; for the others the kernel
// throws it away.
func TestTrap12BadChecksum(t *testing.T) {
	everyKind(t, func(w *world) {
		r, c := w.one(50*ms, target(w.rule(1, testbed.Fault{BadChecksum: true}), 3))
		want := map[echo.Kind]int{echo.Lost: 3}
		if w.raw() && w.family == 4 {
			want[echo.Corrupt] = 3
		}
		require.Equal(w, want, r.count)
		require.Zero(w, c.Drops, "a bad checksum is no overflow")
	})
}

// TestTrap12AcceptTruncated: some devices cut or zero what they send back.
func TestTrap12AcceptTruncated(t *testing.T) {
	everyKind(t, func(w *world) {
		accepting := func(n byte, f testbed.Fault) echo.Target {
			t := target(w.rule(n, f), 3)
			t.AcceptTruncated = true
			return t
		}
		rs, _ := w.probe(50*ms,
			accepting(1, testbed.Fault{Truncate: 40}), accepting(2, testbed.Fault{Truncate: 30, TruncateZero: true}),
			accepting(3, testbed.Fault{CorruptPayload: 1}), accepting(4, testbed.Fault{Truncate: 20}))
		require.Equal(w, map[echo.Kind]int{echo.Reply: 3}, rs[0].count, "cut")
		require.Equal(w, map[echo.Kind]int{echo.Reply: 3}, rs[1].count, "zeroed")
		require.Equal(w, map[echo.Kind]int{echo.Lost: 3, echo.Corrupt: 3}, rs[2].count, "altered")
		require.Equal(w, map[echo.Kind]int{echo.Lost: 3, echo.Corrupt: 3}, rs[3].count, "the token cut")
		require.True(w, rs[0].events[0].Truncated)
	})
}

// TestTrap02Strangers: replies that are not to what we asked.
func TestTrap02Strangers(t *testing.T) {
	everyKind(t, func(w *world) {
		rs, c := w.probe(50*ms, w.each([]testbed.Fault{{WrongID: 0x5555}, {WrongSeq: 1000}})...)
		for _, r := range rs {
			require.Equal(w, map[echo.Kind]int{echo.Lost: 3}, r.count, "%+v", c)
		}
	})
}

// TestTrap02SameIdentifier has two engines with one identifier side by side: one
// asks a dead host, the other a living one, and the same dead host too.
func TestTrap02SameIdentifier(t *testing.T) {
	everyKind(t, func(w *world) {
		if !w.raw() {
			return // the kernel gives no identifier to two sockets of the other kind
		}
		w.config.ID = 4711
		dead, alive := w.rule(1, testbed.Fault{Lose: 1, Of: 1}), w.rule(2, testbed.Fault{})
		other := *w
		others := make(chan []*record)
		go func() {
			rs, _ := other.probe(0, target(alive, 40), target(dead, 20))
			others <- rs
		}()
		rs, c := w.probe(0, target(dead, 20), target(alive, 40))
		require.Equal(w, map[echo.Kind]int{echo.Lost: 20}, rs[0].count, "%+v", c)
		require.Equal(w, 40, rs[1].count[echo.Reply], "%+v", c)
		require.Zero(w, rs[1].count[echo.Duplicate], "%+v", c)
		second := <-others
		require.Equal(w, 40, second[0].count[echo.Reply])
		require.Equal(w, map[echo.Kind]int{echo.Lost: 20}, second[1].count)
	})
}

// TestTrap02Forged: replies with our identifier and number, but not our token,
// keep a dead host dead, and do not disturb one that lives.
func TestTrap02Forged(t *testing.T) {
	everyKind(t, func(w *world) {
		dead := w.rule(1, testbed.Fault{Lose: 1, Of: 1, Forge: 20})
		alive := w.rule(2, testbed.Fault{Forge: 20, Delay: 30 * ms})
		rs, _ := w.probe(50*ms, target(dead, 5), target(alive, 5))
		require.Equal(w, 5, rs[0].count[echo.Lost])
		require.Zero(w, rs[0].count[echo.Reply])
		require.Equal(w, 5, rs[1].count[echo.Reply])
		for _, ev := range rs[1].of(echo.Reply) {
			require.GreaterOrEqual(w, ev.RTT, 30*ms, "the forged one came first")
		}
	})
}

// TestTrap02Replayed: our own earlier replies, sent again, are duplicates.
func TestTrap02Replayed(t *testing.T) {
	everyKind(t, func(w *world) {
		// It answers six times, then dies; the old replies go on coming.
		addr := w.rule(1, testbed.Fault{})
		before, _ := w.one(0, target(addr, 6))
		require.Equal(w, 6, before.count[echo.Reply])
		w.rule(1, testbed.Fault{Lose: 1, Of: 1, Replay: 6})
		after, c := w.one(50*ms, target(addr, 6))
		require.Equal(w, map[echo.Kind]int{echo.Lost: 6}, after.count, "%+v", c)
	})
}

// TestExactLoss: what the network lost is what is reported.
func TestExactLoss(t *testing.T) {
	everyKind(t, func(w *world) {
		rs, _ := w.probe(0,
			target(w.rule(1, testbed.Fault{Lose: 3, Of: 5}), 10),
			target(w.rule(2, testbed.Fault{LoseRandom: 40, Seed: 7}), 30),
			target(w.rule(3, testbed.Fault{Delay: 100 * ms, Jitter: 100 * ms}), 20))
		require.Equal(w, map[echo.Kind]int{echo.Lost: 6, echo.Reply: 4}, rs[0].count)
		seen := w.Seen(hostPrefix(w.host(2)))
		require.Equal(w, 30, seen.Requests)
		require.Equal(w, map[echo.Kind]int{echo.Lost: seen.Lost, echo.Reply: 30 - seen.Lost}, rs[1].count)
		require.Equal(w, map[echo.Kind]int{echo.Reply: 20}, rs[2].count, "delay is no loss")
		for _, ev := range rs[2].of(echo.Reply) {
			require.GreaterOrEqual(w, ev.RTT, 100*ms)
			require.Equal(w, echo.KernelTime, ev.RTTSource)
		}
	})
}

// TestAnsweredTwiceDifferently: the right one counts, whichever comes first.
func TestAnsweredTwiceDifferently(t *testing.T) {
	everyKind(t, func(w *world) {
		r, c := w.one(50*ms, target(w.rule(1, testbed.Fault{TwoDifferent: true}), 3))
		require.Equal(w, 3, r.count[echo.Reply], "%+v", c)
		require.Zero(w, r.count[echo.Duplicate])
	})
}
