package stats_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/stats"
)

// reference holds a window's events and makes its figures the plain way.
type reference struct {
	rtts []time.Duration
}

func (r *reference) mean() *big.Float {
	sum := newFloat(0)
	for _, rtt := range r.rtts {
		sum.Add(sum, newFloat(int64(rtt)))
	}
	return sum.Quo(sum, newFloat(int64(len(r.rtts))))
}

func (r *reference) stdDev() *big.Float {
	sum, mean := newFloat(0), r.mean()
	for _, rtt := range r.rtts {
		from := newFloat(int64(rtt))
		from.Sub(from, mean)
		sum.Add(sum, from.Mul(from, from))
	}
	sum.Quo(sum, newFloat(int64(len(r.rtts))))
	return sum.Sqrt(sum)
}

func (r *reference) percentile(perMille int64) *big.Float {
	sorted := slices.Clone(r.rtts)
	slices.Sort(sorted)
	place := int64(len(sorted)-1) * perMille // in thousandths
	below := place / 1000
	above := min(below+1, int64(len(sorted)-1))
	gap := newFloat(int64(sorted[above] - sorted[below]))
	gap.Mul(gap, newFloat(place%1000))
	gap.Quo(gap, newFloat(1000))
	return gap.Add(gap, newFloat(int64(sorted[below])))
}

func (r *reference) jitter() *big.Float {
	sum := newFloat(0)
	for i := range r.rtts[1:] {
		change := newFloat(int64(r.rtts[i+1] - r.rtts[i]))
		sum.Add(sum, change.Abs(change))
	}
	return sum.Quo(sum, newFloat(int64(len(r.rtts)-1)))
}

func newFloat(v int64) *big.Float { return new(big.Float).SetPrec(300).SetInt64(v) }

// wantNear checks that got is the nearest nanosecond, but for the last bits of
// a float64 where a value lies between two.
func wantNear(t *testing.T, name string, want *big.Float, got time.Duration, ok bool) {
	t.Helper()
	off, _ := new(big.Float).Sub(want, newFloat(int64(got))).Float64()
	if slack := 0.5 + 1e-12*math.Abs(float64(got)); !ok || math.Abs(off) > slack {
		t.Errorf("%s = %d, %v, want %s", name, got, ok, want.Text('f', 3))
	}
}

func TestFiguresAgainstReference(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var ref reference
		base := time.Duration(r.Int64N(int64(time.Hour)))
		spread := 1 + r.Int64N(int64(time.Second))>>r.IntN(30)
		for range 2 + r.IntN(200) {
			ref.rtts = append(ref.rtts, base+time.Duration(r.Int64N(spread)))
		}
		w := replies(ref.rtts...)
		check(t, w, &ref)

		// The same in two parts.
		at := r.IntN(len(ref.rtts))
		parts := replies(ref.rtts[:at]...)
		parts.Merge(replies(ref.rtts[at:]...))
		mean, ok := parts.Mean()
		wantNear(t, "merged Mean", ref.mean(), mean, ok)
		dev, ok := parts.StdDev()
		wantNear(t, "merged StdDev", ref.stdDev(), dev, ok)
		if t.Failed() {
			t.Fatal(ref.rtts)
		}
	}
}

func check(t *testing.T, w *stats.Window, ref *reference) {
	t.Helper()
	got, ok := w.Mean()
	wantNear(t, "Mean", ref.mean(), got, ok)
	got, ok = w.StdDev()
	wantNear(t, "StdDev", ref.stdDev(), got, ok)
	got, ok = w.Jitter()
	wantNear(t, "Jitter", ref.jitter(), got, ok)
	for _, perMille := range []int64{0, 1, 50, 250, 500, 900, 950, 990, 999, 1000} {
		got, ok := w.Percentile(float64(perMille) / 10)
		wantNear(t, "Percentile", ref.percentile(perMille), got, ok)
	}
	wantFigure(t, "Min", slices.Min(ref.rtts), w.Min)
	wantFigure(t, "Max", slices.Max(ref.rtts), w.Max)
}

// Verdicts in any order, cut into windows anywhere, give the runs that their
// numbers make.
func TestLossRunsAgainstReference(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	kinds := []echo.Kind{echo.Reply, echo.Lost, echo.Refused, echo.NotSent, echo.Abandoned}
	for range 300 {
		events := make([]echo.Event, 1+r.IntN(200))
		var run, longest, bursts uint64
		for i := range events {
			events[i] = echo.Event{Kind: kinds[r.IntN(len(kinds))], Number: uint64(i) + 1}
			switch events[i].Kind {
			case echo.Reply:
				run = 0
			case echo.Lost, echo.Refused:
				if run == 0 {
					bursts++
				}
				run++
				longest = max(longest, run)
			}
		}
		reach := 1 + r.IntN(20)
		for i := range events {
			j := min(i+r.IntN(reach), len(events)-1)
			events[i], events[j] = events[j], events[i]
		}

		w := new(stats.Window)
		var gotLongest, gotBursts uint64
		for i := range events {
			w.Add(&events[i])
			if now := naiveNow(events[:i+1]); w.ConsecutiveLost() != now {
				t.Fatalf("ConsecutiveLost = %d, want %d after %v", w.ConsecutiveLost(), now, events[:i+1])
			}
			if r.IntN(10) == 0 {
				gotLongest, gotBursts = max(gotLongest, w.LongestLoss()), gotBursts+w.LossBursts()
				w.Reset()
			}
		}
		gotLongest, gotBursts = max(gotLongest, w.LongestLoss()), gotBursts+w.LossBursts()
		if gotLongest != longest || gotBursts != bursts {
			t.Fatalf("longest %d, bursts %d, want %d, %d", gotLongest, gotBursts, longest, bursts)
		}
	}
}

// naiveNow counts the losses with a greater number than any reply.
func naiveNow(events []echo.Event) uint64 {
	var last, n uint64
	for _, ev := range events {
		if ev.Kind == echo.Reply {
			last = max(last, ev.Number)
		}
	}
	for _, ev := range events {
		if (ev.Kind == echo.Lost || ev.Kind == echo.Refused) && ev.Number > last {
			n++
		}
	}
	return n
}

func FuzzPercentile(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8}, 50.0, 99.9)
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\x7f\x00\x00\x00\x00\x00\x00\x00\x00"), 0.1, 100.0)
	f.Fuzz(func(t *testing.T, data []byte, p, q float64) {
		w := new(stats.Window)
		for len(data) > 0 {
			var rtt uint64
			for _, b := range data[:min(8, len(data))] {
				rtt = rtt<<8 | uint64(b)
			}
			data = data[min(8, len(data)):]
			w.Add(&echo.Event{Kind: echo.Reply, RTT: time.Duration(rtt & math.MaxInt64)})
		}
		if p > q {
			p, q = q, p
		}
		low, lowOK := w.Percentile(p)
		high, highOK := w.Percentile(q)
		least, some := w.Min()
		greatest, _ := w.Max()
		if lowOK != (some && p >= 0 && p <= 100) {
			t.Errorf("Percentile(%v) gives a figure: %v", p, lowOK)
		}
		if lowOK && highOK && (least > low || low > high || high > greatest) {
			t.Errorf("not in order: min %d, %v: %d, %v: %d, max %d", least, p, low, q, high, greatest)
		}
		if mean, ok := w.Mean(); ok && (mean < least || mean > greatest) {
			t.Errorf("mean %d outside %d to %d", mean, least, greatest)
		}
	})
}
