package echo

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTableExpiresInOrder(t *testing.T) {
	table := newTable()
	for _, timeout := range []time.Duration{30, 10, 20, 10} {
		table.fly(table.enter(), 100, 100, timeout)
	}
	var order []int32
	for now := Instant(100); now < 200; now++ {
		for {
			i, ok := table.expired(now)
			if !ok {
				break
			}
			require.Equal(t, now-1, table.at(i).until)
			table.judge(i, lost, now)
			order = append(order, i)
		}
	}
	require.Equal(t, []int32{1, 3, 2, 0}, order)
}

func TestTableRemembers(t *testing.T) {
	table := newTable()
	a := table.enter()
	table.fly(a, 1, 1, 10)
	table.judge(a, answered, 5)
	first := table.at(a).generation
	table.forget(Instant(5).Add(remembrance) - 1)
	require.NotEqual(t, a, table.enter(), "a slot is not used again while its probe is remembered")
	table.forget(Instant(5).Add(remembrance))
	require.Equal(t, a, table.enter())
	require.NotEqual(t, first, table.at(a).generation)
}

// TestTableAgainstModel does random things to a table and to a plain map.
func TestTableAgainstModel(t *testing.T) {
	table := newTable()
	flying := map[int32]Instant{}
	random := rand.New(rand.NewPCG(1, 2))
	timeouts := []time.Duration{5, 50, 500}
	for now := Instant(1); now < 20_000; now++ {
		switch random.IntN(3) {
		case 0:
			i := table.enter()
			timeout := timeouts[random.IntN(3)]
			table.fly(i, now, now, timeout)
			require.NotContains(t, flying, i)
			flying[i] = now.Add(timeout)
		case 1:
			for i := range flying {
				table.judge(i, answered, now-Instant(remembrance)+100)
				delete(flying, i)
				break
			}
		}
		for i, ok := table.expired(now); ok; i, ok = table.expired(now) {
			require.Less(t, flying[i], now)
			table.judge(i, lost, now-Instant(remembrance)+100)
			delete(flying, i)
		}
		for i, until := range flying {
			require.GreaterOrEqual(t, until, now, "slot %d", i)
		}
		table.forget(now)
	}
	require.Less(t, int(table.slots), 2000, "slots are used again")
}

func TestSlotsBySequenceNumber(t *testing.T) {
	table := newTable()
	s := newSubject(1, Target{})
	s.first = 65500 // wraps
	var slots []int32
	for n := uint64(1); n <= 100; n++ {
		slot := table.enter()
		table.at(slot).seq, table.at(slot).target = s.seq(n), 0
		require.True(t, table.remember(s, 0, s.seq(n), slot))
		slots = append(slots, slot)
	}
	for n := uint64(1); n <= 100; n++ {
		slot, ok := table.find(s, 0, s.seq(n))
		require.True(t, ok)
		require.Equal(t, slots[n-1], slot)
	}
	_, ok := table.find(s, 0, s.seq(101))
	require.False(t, ok)
	require.Len(t, s.slots, 128)
}

func TestSequenceNumbersAllInFlight(t *testing.T) {
	table := newTable()
	s := newSubject(1, Target{})
	send := func(n uint64) bool {
		slot := table.enter()
		if !table.remember(s, 0, s.seq(n), slot) {
			table.release(slot)
			return false
		}
		table.at(slot).seq, table.at(slot).target = s.seq(n), 0
		table.fly(slot, Instant(n), Instant(n), time.Second)
		return true
	}
	for n := uint64(1); n <= maxRing; n++ {
		require.True(t, send(n))
	}
	require.False(t, send(maxRing+1), "its number is in flight")
	slot, ok := table.find(s, 0, s.seq(1))
	require.True(t, ok)
	table.judge(slot, answered, 1)
	require.True(t, send(maxRing+1))
}

func TestScheduleOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var s schedule
	var want []turn
	for ticket := uint32(1); ticket <= 3000; ticket++ {
		turn := turn{due: Instant(random.IntN(500)), target: int32(ticket), ticket: ticket}
		s.push(turn)
		want = append(want, turn)
	}
	slices.SortFunc(want, func(a, b turn) int {
		if a.before(b) {
			return -1
		}
		return 1
	})
	for _, w := range want {
		got, ok := s.next()
		require.True(t, ok)
		require.Equal(t, w, got)
		s.pop()
	}
	_, ok := s.next()
	require.False(t, ok)
}

func TestBucket(t *testing.T) {
	b := newBucket(100, 0)
	for range 64 {
		require.True(t, b.take(0))
	}
	require.False(t, b.take(0))
	next := b.next(0)
	require.InDelta(t, 10*time.Millisecond, time.Duration(next), 2)
	require.False(t, b.take(next-3))
	require.True(t, b.take(next))
	require.False(t, b.take(next))

	long := next.Add(time.Hour)
	n := 0
	for b.take(long) {
		n++
	}
	require.Equal(t, 64, n, "it holds no more, however long it waits")

	full := newBucket(100, 0)
	full.putBack()
	require.Equal(t, 64.0, full.tokens, "nor does what is put back")

	free := newBucket(0, 0)
	require.True(t, free.take(0))
	require.Equal(t, Instant(5), free.next(5))
	require.Equal(t, 5000.0, newBucket(100_000, 0).depth, "50 ms")

	slow := newBucket(1e-12, 0)
	for slow.take(0) {
	}
	require.Equal(t, Instant(Longest)+1, slow.next(0), "thousands of years are more than an Instant holds")
}

func TestTimeline(t *testing.T) {
	const wall = int64(1e18)
	var l timeline
	l.observe(1000, wall+1000)
	at, sure := l.place(wall+5000, 4000, 6000)
	require.Equal(t, Instant(5000), at)
	require.True(t, sure)

	_, sure = l.place(wall+int64(time.Hour), 4000, 6000)
	require.False(t, sure, "a stamp from the future")
	at, sure = l.place(wall+6010, 4000, 6000)
	require.Equal(t, Instant(6000), at, "a little off is moved into the span")
	require.True(t, sure)

	hour := int64(time.Hour)
	l.observe(7000, wall+hour+7000)
	require.Equal(t, uint64(1), l.steps)
	at, sure = l.place(wall+5000, 4000, 8000)
	require.Equal(t, Instant(5000), at, "stamped before the step, read after it")
	require.True(t, sure)
	at, sure = l.place(wall+hour+7500, 4000, 8000)
	require.Equal(t, Instant(7500), at, "stamped after the step")
	require.True(t, sure)

	microsecond := int64(time.Microsecond)
	var n timeline
	n.observe(0, wall)
	n.observe(Instant(100*microsecond), wall+130*microsecond) // the first pair was read less closely
	n.observe(Instant(200*microsecond), wall+190*microsecond)
	at, sure = n.place(wall+180*microsecond, 1, Instant(200*microsecond))
	require.Equal(t, Instant(150*microsecond), at, "the closest pair counts")
	require.True(t, sure)
	require.Zero(t, n.steps)

	millisecond := int64(time.Millisecond)
	var m timeline
	m.observe(0, wall)
	m.observe(Instant(10*millisecond), wall+9*millisecond)
	at, sure = m.place(wall+5*millisecond, 1, Instant(10*millisecond))
	require.Equal(t, Instant(5*millisecond), at, "before the step, or after it: the kinder of the two")
	require.False(t, sure)
}

// TestSlotUsedAgainByItsSubject: the subject with index 0 gets the slot of its own
// last probe for the number 0, which is also what an empty entry looks like.
func TestSlotUsedAgainByItsSubject(t *testing.T) {
	table := newTable()
	s := newSubject(1, Target{})
	slot := table.enter()
	require.True(t, table.remember(s, 0, 65535, slot))
	p := table.at(slot)
	p.target, p.seq, p.state = 0, 65535, answered
	table.release(slot)
	require.True(t, table.remember(s, 0, 0, table.enter()))
	require.Len(t, s.slots, 1)
}

func TestTableProlongs(t *testing.T) {
	table := newTable()
	for range 4 {
		table.fly(table.enter(), 100, 100, 10)
	}
	table.prolong(0, 115)
	table.prolong(2, 112)
	var order []int32
	for now := Instant(100); now < 200; now++ {
		for i, ok := table.expired(now); ok; i, ok = table.expired(now) {
			table.judge(i, lost, now)
			order = append(order, i)
		}
	}
	require.Equal(t, []int32{1, 3, 2, 0}, order)
}

// TestRingStaysSmall probes for an hour at one a second: the slots that are used
// again by the same subject must not look like numbers that are still remembered.
func TestRingStaysSmall(t *testing.T) {
	table := newTable()
	s := newSubject(1, Target{})
	now := Instant(1)
	for n := uint64(1); n <= 3600; n++ {
		table.forget(now)
		slot := table.enter()
		require.True(t, table.remember(s, 0, s.seq(n), slot))
		table.at(slot).target, table.at(slot).seq = 0, s.seq(n)
		if n%3 == 0 {
			table.release(slot) // it could not be sent
		} else {
			table.fly(slot, now, now, time.Second)
			table.judge(slot, answered, now)
		}
		now = now.Add(time.Second)
	}
	require.LessOrEqual(t, len(s.slots), 32)
}
