package stats

import (
	"math"
	"time"
)

// jitter follows how much the RTT changes from one reply to the next, in the
// order of their arrival, as RFC 3550 section 6.4.1 and check_icmp do. What is
// lost between two replies does not part them.
type jitter struct {
	sum      float64       // of the differences in this window, nanoseconds
	min, max time.Duration // of them
	estimate float64       // RFC 3550's, nanoseconds
	previous time.Duration // the RTT before
	n        uint32        // differences in this window
	goesOn   bool          // there is an RTT before
}

func (j *jitter) add(rtt time.Duration) {
	previous, goesOn := j.previous, j.goesOn
	j.previous, j.goesOn = rtt, true
	if !goesOn {
		return
	}
	change := max(rtt-previous, previous-rtt)
	if j.n == 0 {
		j.min, j.max = change, change
	}
	j.min, j.max = min(j.min, change), max(j.max, change)
	j.n++
	j.sum += float64(change)
	j.estimate += (float64(change) - j.estimate) / 16
}

// carry is what the next window begins with. The difference over a window's end
// counts in the later one, so that windows of one reply have a figure as well.
func (j *jitter) carry() jitter {
	return jitter{estimate: j.estimate, previous: j.previous, goesOn: j.goesOn}
}

func (j *jitter) merge(o *jitter) {
	switch {
	case o.n == 0:
		return
	case j.n == 0:
		j.min, j.max = o.min, o.max
	default:
		j.min, j.max = min(j.min, o.min), max(j.max, o.max)
	}
	j.n += o.n
	j.sum += o.sum
}

// Jitter returns the mean of the differences between the RTTs of replies that
// came one after the other, without their sign, to the nearest nanosecond: the
// jitter of check_icmp. The first difference of a window is to the last reply
// of the window before it.
func (w *Window) Jitter() (time.Duration, bool) {
	if w.jitter.n == 0 {
		return 0, false
	}
	return time.Duration(math.Round(w.jitter.sum / float64(w.jitter.n))), true
}

// JitterMin returns the least of the differences that Jitter is the mean of.
func (w *Window) JitterMin() (time.Duration, bool) { return w.jitter.min, w.jitter.n > 0 }

// JitterMax returns the greatest of the differences that Jitter is the mean of.
func (w *Window) JitterMax() (time.Duration, bool) { return w.jitter.max, w.jitter.n > 0 }

// JitterRFC3550 returns the running estimate of RFC 3550 section 6.4.1, taken of
// RTTs instead of one way's transit times. It goes on from window to window and
// starts from 0, so that it is too low for the first dozens of replies. It is
// false if the window has no difference to tell of.
func (w *Window) JitterRFC3550() (time.Duration, bool) {
	return time.Duration(math.Round(w.jitter.estimate)), w.jitter.n > 0
}
