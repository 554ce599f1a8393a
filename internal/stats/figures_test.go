package stats_test

import (
	"math"
	"testing"
	"time"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/stats"
)

const ms = time.Millisecond

// replies makes a window of replies with these RTTs, numbered from 1.
func replies(rtts ...time.Duration) *stats.Window {
	w := new(stats.Window)
	for i, rtt := range rtts {
		w.Add(&echo.Event{Kind: echo.Reply, Number: uint64(i) + 1, RTT: rtt, Hops: -1})
	}
	return w
}

// wantFigure checks a figure: want < 0 means that there must be none.
func wantFigure(t *testing.T, name string, want time.Duration, figure func() (time.Duration, bool)) {
	t.Helper()
	got, ok := figure()
	if want < 0 {
		if ok {
			t.Errorf("%s = %v, want no figure", name, got)
		}
		return
	}
	if !ok || got != want {
		t.Errorf("%s = %v, %v, want %v", name, got, ok, want)
	}
}

func TestFigures(t *testing.T) {
	// By hand: the mean of 2 4 4 4 5 5 7 9 is 5, the squares of the distances
	// add up to 32, 32/8 = 4.
	w := replies(2*ms, 4*ms, 4*ms, 4*ms, 5*ms, 5*ms, 7*ms, 9*ms)
	wantFigure(t, "Min", 2*ms, w.Min)
	wantFigure(t, "Max", 9*ms, w.Max)
	wantFigure(t, "Mean", 5*ms, w.Mean)
	wantFigure(t, "StdDev", 2*ms, w.StdDev)
	wantFigure(t, "Median", 4500*time.Microsecond, w.Median)
	// Differences: 2 0 0 1 0 2 2, sum 7, of 7.
	wantFigure(t, "Jitter", 1*ms, w.Jitter)
	wantFigure(t, "JitterMin", 0, w.JitterMin)
	wantFigure(t, "JitterMax", 2*ms, w.JitterMax)

	none := new(stats.Window)
	for name, figure := range map[string]func() (time.Duration, bool){
		"Min": none.Min, "Max": none.Max, "Mean": none.Mean, "StdDev": none.StdDev, "Median": none.Median,
		"Jitter": none.Jitter, "JitterMin": none.JitterMin, "JitterMax": none.JitterMax,
		"JitterRFC3550": none.JitterRFC3550, "MaxLate": none.MaxLate,
	} {
		wantFigure(t, name, -1, figure)
	}
	if _, ok := none.LastReply(); ok {
		t.Error("LastReply without a reply")
	}
	if _, ok := none.FirstHops(); ok {
		t.Error("FirstHops without a reply")
	}
	if _, ok := none.LastHops(); ok {
		t.Error("LastHops without a reply")
	}

	one := replies(7)
	wantFigure(t, "Mean of one", 7, one.Mean)
	wantFigure(t, "StdDev of one", 0, one.StdDev)
	wantFigure(t, "Jitter of one", -1, one.Jitter)
}

func TestMeanRounds(t *testing.T) {
	wantFigure(t, "1 2", 2, replies(1, 2).Mean) // 1.5, half away from 0
	wantFigure(t, "1 1 2", 1, replies(1, 1, 2).Mean)
	wantFigure(t, "1 2 2", 2, replies(1, 2, 2).Mean)
	// 64 bits would overflow; the distance of each from the mean is 2^61.
	big := replies(math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64)
	wantFigure(t, "greatest", math.MaxInt64, big.Mean)
	wantFigure(t, "greatest", 0, big.StdDev)
	wantFigure(t, "spread", 1<<61, replies(0, 1<<62, 0, 1<<62).StdDev)
	// A small spread on a large offset is where the naive formula gives nonsense.
	const day = 24 * time.Hour
	wantFigure(t, "offset", 2, replies(day+2, day+4, day+4, day+4, day+5, day+5, day+7, day+9).StdDev)
}

func TestPercentile(t *testing.T) {
	w := replies(50, 15, 40, 20, 35) // numpy.percentile([15, 20, 35, 40, 50], p)
	for _, test := range []struct {
		p    float64
		want time.Duration
	}{
		{0, 15},
		{5, 16},
		{25, 20},
		{30, 23},
		{40, 29},
		{50, 35},
		{75, 40},
		{90, 46},
		{95, 48},
		{99, 50},
		{100, 50},
		{math.SmallestNonzeroFloat64, 15},
		{math.Nextafter(100, 0), 50},
		{-1, -1},
		{100.1, -1},
		{math.NaN(), -1},
		{math.Inf(1), -1},
	} {
		wantFigure(t, "", test.want, func() (time.Duration, bool) { return w.Percentile(test.p) })
	}
	// A reply after a percentile was read finds its place.
	w.Add(&echo.Event{Kind: echo.Reply, Number: 6, RTT: 10})
	wantFigure(t, "after one more", 10, func() (time.Duration, bool) { return w.Percentile(0) })
}

func TestMaxRTTs(t *testing.T) {
	w := &stats.Window{MaxRTTs: 2}
	w.Add(&echo.Event{Kind: echo.Reply, Number: 1, RTT: 1 * ms})
	w.Add(&echo.Event{Kind: echo.Reply, Number: 2, RTT: 2 * ms})
	wantFigure(t, "Median of as many", 1500*time.Microsecond, w.Median)
	w.Add(&echo.Event{Kind: echo.Reply, Number: 3, RTT: 6 * ms})
	wantFigure(t, "Median beyond", -1, w.Median)
	wantFigure(t, "Mean beyond", 3*ms, w.Mean)
	w.Reset()
	w.Add(&echo.Event{Kind: echo.Reply, Number: 4, RTT: 4 * ms})
	wantFigure(t, "Median of the next window", 4*ms, w.Median)
}

func TestJitterRFC3550(t *testing.T) {
	// D = 16, 16, 0 ms: J = 1, 1+15/16, (1+15/16)*15/16.
	w := replies(20*ms, 36*ms)
	wantFigure(t, "one difference", 1*ms, w.JitterRFC3550)
	w.Add(&echo.Event{Kind: echo.Reply, Number: 3, RTT: 20 * ms})
	wantFigure(t, "two differences", 1937500*time.Nanosecond, w.JitterRFC3550)
	w.Reset()
	wantFigure(t, "empty window", -1, w.JitterRFC3550)
	w.Add(&echo.Event{Kind: echo.Reply, Number: 4, RTT: 20 * ms})
	wantFigure(t, "goes on", 1816406*time.Nanosecond, w.JitterRFC3550) // 1816406.25
}

func TestMOS(t *testing.T) {
	for _, test := range []struct {
		rtt, jitter time.Duration
		loss        float64
		score, mos  float64
	}{
		// By hand: latency 10, R = 93.2 - 0.25.
		{0, 0, 0, 92.95, 4.404394},
		// 100 + 2*5 + 10 = 120: R = 93.2 - 3 - 12.5.
		{100 * ms, 5 * ms, 0.05, 77.7, 3.9342},
		// 200 + 10 = 210: R = 93.2 - 9.
		{200 * ms, 0, 0, 84.2, 4.1723},
		// The two halves of the formula meet at 160.
		{150*ms - 1, 0, 0, 89.2, 4.3189},
		{150 * ms, 0, 0, 89.2, 4.3189},
		{0, 0, 1, 0, 1},
		{10 * time.Second, 0, 0, 0, 1},
	} {
		if got := stats.Score(test.rtt, test.jitter, test.loss); math.Abs(got-test.score) > 1e-6 {
			t.Errorf("Score(%v, %v, %v) = %v, want %v", test.rtt, test.jitter, test.loss, got, test.score)
		}
		if got := stats.MOS(test.rtt, test.jitter, test.loss); math.Abs(got-test.mos) > 1e-4 {
			t.Errorf("MOS(%v, %v, %v) = %v, want %v", test.rtt, test.jitter, test.loss, got, test.mos)
		}
	}
}

func TestWithin(t *testing.T) {
	w := replies(3*ms, ms, 2*ms, 2*ms)
	for rtt, want := range map[time.Duration]uint64{0: 0, ms - 1: 0, ms: 1, 2*ms - 1: 1, 2 * ms: 3, time.Hour: 4, math.MaxInt64: 4} {
		if got, ok := w.Within(rtt); !ok || got != want {
			t.Errorf("within %v: %d, %v, want %d", rtt, got, ok, want)
		}
	}
	if got, ok := new(stats.Window).Within(time.Hour); !ok || got != 0 {
		t.Errorf("of nothing: %d, %v", got, ok)
	}
	bounded := &stats.Window{MaxRTTs: 3}
	bounded.Merge(w)
	if got, ok := bounded.Within(time.Hour); ok {
		t.Errorf("beyond MaxRTTs: %d", got)
	}
}
