package stats

import (
	"math"
	"time"

	"github.com/rawping/rawping/internal/echo"
)

// moments are the figures over RTTs that need no memory of each: by the method
// of Welford (Knuth, The Art of Computer Programming, volume 2, 4.2.2), which
// neither overflows nor subtracts large numbers that are nearly equal.
type moments struct {
	n        uint64
	min, max time.Duration
	mean     float64 // nanoseconds
	squares  float64 // sum of the squared distances from the mean
}

func (m *moments) add(rtt time.Duration) {
	m.n++
	if m.n == 1 {
		m.min, m.max, m.mean = rtt, rtt, float64(rtt)
		return
	}
	m.min, m.max = min(m.min, rtt), max(m.max, rtt)
	from := float64(rtt) - m.mean
	m.mean += from / float64(m.n)
	m.squares += from * (float64(rtt) - m.mean)
}

// merge adds what o has seen (Chan, Golub, LeVeque 1979, "Updating formulae and
// a pairwise algorithm for computing sample variances").
func (m *moments) merge(o *moments) {
	if o.n == 0 {
		return
	}
	if m.n == 0 {
		*m = *o
		return
	}
	m.min, m.max = min(m.min, o.min), max(m.max, o.max)
	mine, others := float64(m.n), float64(o.n)
	apart := o.mean - m.mean
	m.mean += apart * (others / (mine + others))
	m.squares += o.squares + apart*apart*(mine*others/(mine+others))
	m.n += o.n
}

// Min returns the least RTT.
func (w *Window) Min() (time.Duration, bool) { return w.rtt.min, w.rtt.n > 0 }

// Max returns the greatest RTT.
func (w *Window) Max() (time.Duration, bool) { return w.rtt.max, w.rtt.n > 0 }

// Mean returns the mean RTT, to the nearest nanosecond.
func (w *Window) Mean() (time.Duration, bool) {
	mean := math.Round(w.rtt.mean)
	switch { // a conversion must not leave what was measured
	case mean <= float64(w.rtt.min):
		return w.rtt.min, w.rtt.n > 0
	case mean >= float64(w.rtt.max):
		return w.rtt.max, true
	}
	return time.Duration(mean), true
}

// StdDev returns the standard deviation of the RTTs, to the nearest nanosecond:
// that of the population, as ping(8) has it, so it is 0 for one reply.
func (w *Window) StdDev() (time.Duration, bool) {
	if w.rtt.n == 0 {
		return 0, false
	}
	return time.Duration(math.Round(math.Sqrt(w.rtt.squares / float64(w.rtt.n)))), true
}

// RTTSource says how the RTTs were taken: as the weakest of them. It is 0
// without a reply.
func (w *Window) RTTSource() echo.RTTSource { return w.source }
