package stats

import (
	"math"
	"slices"
	"time"
)

// Median returns the RTT that half of the replies were not slower than.
func (w *Window) Median() (time.Duration, bool) { return w.Percentile(50) }

// Percentile returns the RTT that p per cent of the replies were not slower
// than, exact over the window, to the nearest nanosecond. It interpolates
// linearly between the two nearest RTTs: type 7 of Hyndman and Fan 1996, as do
// numpy by default and Telegraf's inputs.ping. It is false without a reply, when
// p is not in 0 to 100, and beyond MaxRTTs.
func (w *Window) Percentile(p float64) (time.Duration, bool) {
	if w.rtt.n == 0 || uint64(len(w.rtts)) != w.rtt.n || !(p >= 0 && p <= 100) {
		return 0, false
	}
	w.sort()
	return percentile(w.rtts, p), true
}

// Within returns how many replies were no slower than rtt: a histogram's bucket.
// It is false beyond MaxRTTs.
func (w *Window) Within(rtt time.Duration) (uint64, bool) {
	if uint64(len(w.rtts)) != w.rtt.n {
		return 0, false
	}
	w.sort()
	n, _ := slices.BinarySearchFunc(w.rtts, rtt, func(have, most time.Duration) int {
		if have <= most {
			return -1
		}
		return 1
	})
	return uint64(n), true //nolint:gosec // G115: an index
}

func (w *Window) sort() {
	if !w.sorted {
		slices.Sort(w.rtts)
		w.sorted = true
	}
}

// percentile does it for values in ascending order, at least one.
func percentile(sorted []time.Duration, p float64) time.Duration {
	place := float64(len(sorted)-1) * p / 100
	below := int(place)
	if below >= len(sorted)-1 {
		return sorted[len(sorted)-1]
	}
	gap := sorted[below+1] - sorted[below]
	step := math.Round((place - float64(below)) * float64(gap))
	if step >= float64(gap) {
		return sorted[below+1]
	}
	return sorted[below] + time.Duration(step)
}
