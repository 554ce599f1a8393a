package stats_test

import (
	"testing"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/stats"
)

func wantRuns(t *testing.T, when string, w *stats.Window, longest, bursts, now uint64) {
	t.Helper()
	if w.LongestLoss() != longest || w.LossBursts() != bursts || w.ConsecutiveLost() != now {
		t.Errorf("%s: longest %d, bursts %d, now %d, want %d, %d, %d", when,
			w.LongestLoss(), w.LossBursts(), w.ConsecutiveLost(), longest, bursts, now)
	}
}

func TestLossRuns(t *testing.T) {
	for _, test := range []struct {
		verdicts             string
		longest, bursts, now uint64
	}{
		{"", 0, 0, 0},
		{"rrr", 0, 0, 0},
		{"lll", 3, 1, 3},
		{"rlfrlr", 2, 2, 0},
		{"lrlllrrll", 3, 3, 2},
		{"lnal", 2, 1, 2}, // what never was on the network parts no run
		{"nnrn", 0, 0, 0},
	} {
		w := new(stats.Window)
		verdicts(w, 1, test.verdicts)
		wantRuns(t, test.verdicts, w, test.longest, test.bursts, test.now)
		if n := uint64(len(test.verdicts)); n > 0 {
			verdicts(w, n, "l") // a second verdict cannot be
			wantRuns(t, test.verdicts+" and again", w, test.longest, test.bursts, test.now)
		}
	}
}

func TestLossRunsOutOfOrder(t *testing.T) {
	w := new(stats.Window)
	verdicts(w, 2, "rr") // 1 is still in flight
	wantRuns(t, "waiting", w, 0, 0, 0)
	verdicts(w, 1, "l")
	wantRuns(t, "1 lost", w, 1, 1, 0)

	verdicts(w, 5, "f.f") // refusals come before the silence of 4 and 6
	wantRuns(t, "refused", w, 1, 1, 2)
	w.Reset()
	verdicts(w, 4, "l")
	wantRuns(t, "4 lost", w, 2, 1, 3)
	verdicts(w, 6, "r")
	wantRuns(t, "6 answered", w, 2, 2, 1)
	verdicts(w, 6, "l") // a second verdict cannot be
	wantRuns(t, "6 again", w, 2, 2, 1)
}

// A window that is not shown the verdict on a probe must not wait for ever.
func TestLossRunsGap(t *testing.T) {
	w := new(stats.Window)
	verdicts(w, 1, "l.")
	for n := uint64(3); n <= 1<<16+1; n++ {
		w.Add(&echo.Event{Kind: echo.Lost, Number: n})
	}
	wantRuns(t, "waiting", w, 1, 1, 1<<16)
	w.Add(&echo.Event{Kind: echo.Lost, Number: 1<<16 + 2})
	wantRuns(t, "given up", w, 1<<16+1, 1, 1<<16+1)

	w.Add(&echo.Event{Kind: echo.Reply, Number: 1 << 60})
	wantRuns(t, "far ahead", w, 1<<16+1, 1, 0)
	verdicts(w, 1<<60-1, "l")
	wantRuns(t, "its neighbour", w, 1<<16+1, 1, 0)
}

// A target that is given to the engine anew counts its probes from 1 again. The run
// of losses goes on.
func TestRenumber(t *testing.T) {
	w := new(stats.Window)
	for _, number := range []uint64{1, 2, 4} { // 3 is never decided
		w.Add(&echo.Event{Kind: echo.Lost, Number: number})
	}
	w.Renumber()
	if w.ConsecutiveLost() != 3 || w.LongestLoss() != 3 {
		t.Errorf("%d, longest %d, want 3 and 3", w.ConsecutiveLost(), w.LongestLoss())
	}
	w.Add(&echo.Event{Kind: echo.Lost, Number: 1})
	if w.ConsecutiveLost() != 4 || w.LongestLoss() != 4 {
		t.Errorf("%d, longest %d, want 4 and 4", w.ConsecutiveLost(), w.LongestLoss())
	}
	w.Add(&echo.Event{Kind: echo.Reply, Number: 2})
	if w.ConsecutiveLost() != 0 {
		t.Errorf("%d after a reply", w.ConsecutiveLost())
	}
}
