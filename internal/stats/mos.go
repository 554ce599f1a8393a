package stats

import "time"

// Score returns the R factor of voice over such a path, 0 to 93.2, more is
// better, by the formula of check_icmp (mode -S). loss is a ratio, 0 to 1; unlike
// check_icmp's it is not cut to whole per cents.
func Score(rtt, jitter time.Duration, loss float64) float64 {
	// Twice the jitter, and 10 ms for protocol latencies.
	latency := milliseconds(rtt) + 2*milliseconds(jitter) + 10
	r := 93.2
	if latency < 160 {
		r -= latency / 40
	} else {
		r -= (latency - 120) / 10
	}
	return max(r-2.5*100*loss, 0)
}

// MOS returns the mean opinion score that follows from the Score, 1 (bad) to
// 4.4 (the best that a telephone can be), by the formula of check_icmp (mode -M).
func MOS(rtt, jitter time.Duration, loss float64) float64 {
	r := Score(rtt, jitter, loss)
	return 1 + 0.035*r + 7e-6*r*(r-60)*(100-r)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
