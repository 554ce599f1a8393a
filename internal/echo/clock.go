package echo

import "time"

// Instant is a point of the engine's time: nanoseconds of the monotonic clock
// since some moment before the engine's clock was made. It is positive; 0 stands
// for no instant. No step of the wall clock moves it.
type Instant int64

// Add returns i moved by d.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d) }

// Sub returns the time from j to i.
func (i Instant) Sub(j Instant) time.Duration { return time.Duration(i - j) }

// Clock reads the engine's time together with the wall clock, the latter in
// nanoseconds since 1970, as close to each other as it can.
type Clock func() (now Instant, wall int64)

// pairWidth is how far apart the two readings of a pair may be: a process that
// is put aside between them would see a clock step where there was none.
const pairWidth = 20 * time.Microsecond

// SystemClock returns a Clock that reads the system's.
func SystemClock() Clock {
	base := time.Now().Add(-time.Second)
	return func() (Instant, int64) {
		var now time.Duration
		var wall int64
		best := time.Duration(-1)
		for range 4 {
			before := time.Since(base)
			t := time.Now() // the wall clock first, then the monotonic one
			after := t.Sub(base)
			if width := after - before; best < 0 || width < best {
				now, wall, best = after, t.UnixNano(), width
			}
			if best <= pairWidth {
				break
			}
		}
		return Instant(now), wall
	}
}
