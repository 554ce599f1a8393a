package stats_test

import (
	"reflect"
	"strconv"
	"testing"
	"time"
	"unsafe"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/stats"
)

// verdicts adds one verdict per letter, numbered from first: r reply, l lost,
// f refused, n not sent, a abandoned; and a dot leaves a number out.
func verdicts(w *stats.Window, first uint64, letters string) {
	kinds := map[rune]echo.Kind{
		'r': echo.Reply, 'l': echo.Lost, 'f': echo.Refused, 'n': echo.NotSent, 'a': echo.Abandoned,
	}
	for i, letter := range letters {
		if kind, ok := kinds[letter]; ok {
			w.Add(&echo.Event{Kind: kind, Number: first + uint64(i), RTT: ms, Hops: -1})
		}
	}
}

func TestCounts(t *testing.T) {
	w := new(stats.Window)
	if loss, ok := new(stats.Counts).Loss(); ok {
		t.Errorf("loss of nothing is %v", loss)
	}
	verdicts(w, 1, "nnaa")
	if c := w.Counts(); c.Sent() != 2 || c.Decided() != 0 {
		t.Errorf("sent %d, decided %d, want 2 and 0", c.Sent(), c.Decided())
	} else if loss, ok := c.Loss(); ok {
		t.Errorf("loss %v of what was not decided", loss)
	}

	verdicts(w, 5, "rrrrrllf")
	for _, kind := range []echo.Kind{
		echo.Late, echo.Late, echo.LateRefusal, echo.Duplicate, echo.Corrupt, echo.WrongSource,
	} {
		w.Add(&echo.Event{Kind: kind, Number: 10, RTT: time.Second, Suspect: true})
	}
	w.Add(&echo.Event{Kind: echo.Missed, Missed: 1 << 40})
	w.Add(&echo.Event{Kind: echo.Reply, Number: 14, RTT: ms, OutOfOrder: true})
	w.Add(&echo.Event{Kind: echo.Lost, Number: 13, Suspect: true})
	want := stats.Counts{
		Replies: 6, Lost: 3, Refused: 1, NotSent: 2, Abandoned: 2,
		OutOfOrder: 1, Suspect: 1,
		Late: 2, LateRefusals: 1, Duplicates: 1, Corrupt: 1, WrongSource: 1, Missed: 1 << 40,
	}
	got := w.Counts()
	if got != want {
		t.Errorf("counts\n%+v, want\n%+v", got, want)
	}
	if loss, ok := got.Loss(); !ok || loss != 0.4 {
		t.Errorf("loss = %v, %v, want 0.4", loss, ok)
	}
	if got.Sent() != 12 {
		t.Errorf("sent = %d, want 12", got.Sent())
	}
	// Facts are not replies.
	wantFigure(t, "Max", ms, w.Max)
	wantFigure(t, "MaxLate", time.Second, w.MaxLate)
	w.Add(&echo.Event{Kind: echo.Late, Number: 11, RTT: ms})
	wantFigure(t, "MaxLate", time.Second, w.MaxLate)

	got.Add(&want)
	if got.Replies != 12 || got.Missed != 2<<40 || got.WrongSource != 2 {
		t.Errorf("sum %+v", got)
	}
}

// TestLastReply has the replies of two sockets told in another order than they came.
func TestLastReply(t *testing.T) {
	w := new(stats.Window)
	for _, at := range []echo.Instant{70, 90, 80} {
		w.Add(&echo.Event{Kind: echo.Reply, Number: 1, At: at})
	}
	if at, ok := w.LastReply(); !ok || at != 90 {
		t.Errorf("LastReply = %v, %v, want 90", at, ok)
	}
}

func TestReset(t *testing.T) {
	w := new(stats.Window)
	w.Add(&echo.Event{Kind: echo.Reply, Number: 1, RTT: 10 * ms, At: 70, Hops: 64, RTTSource: echo.UserTime})
	w.Add(&echo.Event{Kind: echo.Lost, Number: 2})
	w.Add(&echo.Event{Kind: echo.Late, Number: 2, RTT: time.Second})
	w.Reset()
	if c := w.Counts(); c != (stats.Counts{}) {
		t.Errorf("counts after Reset: %+v", c)
	}
	wantFigure(t, "Min", -1, w.Min)
	wantFigure(t, "Median", -1, w.Median)
	wantFigure(t, "Jitter", -1, w.Jitter)
	wantFigure(t, "MaxLate", -1, w.MaxLate)
	if w.LongestLoss() != 0 || w.LossBursts() != 0 || w.RTTSource() != 0 || w.HopsChanges() != 0 {
		t.Error("a figure outlived Reset")
	}
	if _, ok := w.FirstHops(); ok {
		t.Error("FirstHops outlived Reset")
	}

	// What reaches over.
	if w.ConsecutiveLost() != 1 {
		t.Errorf("ConsecutiveLost = %d, want 1", w.ConsecutiveLost())
	}
	if at, ok := w.LastReply(); !ok || at != 70 {
		t.Errorf("LastReply = %v, %v", at, ok)
	}
	w.Add(&echo.Event{Kind: echo.Lost, Number: 3})
	if w.LongestLoss() != 2 || w.LossBursts() != 0 {
		t.Errorf("run %d, bursts %d, want 2 and 0", w.LongestLoss(), w.LossBursts())
	}
	w.Add(&echo.Event{Kind: echo.Reply, Number: 4, RTT: 13 * ms, At: 90, Hops: 63, RTTSource: echo.KernelTime})
	wantFigure(t, "Jitter", 3*ms, w.Jitter)
	if first, _ := w.FirstHops(); first != 63 || w.HopsChanges() != 1 {
		t.Errorf("first hops %d, changes %d, want 63 and 1", first, w.HopsChanges())
	}
	if w.RTTSource() != echo.KernelTime {
		t.Errorf("RTTSource = %v", w.RTTSource())
	}
}

// A window that was taken says what the window would have said, for ever.
func TestTake(t *testing.T) {
	fill := func(w *stats.Window, first uint64) {
		verdicts(w, first, "l.f") // the one between is still in flight
		w.Add(&echo.Event{Kind: echo.Late, Number: first, RTT: time.Second})
		w.Add(&echo.Event{Kind: echo.Reply, Number: first + 3, RTT: 7 * ms, At: 70, Hops: 64, RTTSource: echo.UserTime})
	}
	figures := func(w *stats.Window) []any {
		median, _ := w.Median()
		mean, _ := w.Mean()
		jitter, _ := w.Jitter()
		late, _ := w.MaxLate()
		hops, _ := w.FirstHops()
		at, _ := w.LastReply()
		return []any{
			w.Counts(), median, mean, jitter, late, hops, w.HopsChanges(), at,
			w.LongestLoss(), w.LossBursts(), w.ConsecutiveLost(), w.RTTSource(),
		}
	}
	want, w := new(stats.Window), new(stats.Window)
	fill(want, 1)
	fill(w, 1)
	taken := replies(ms, 2*ms, 3*ms) // what it held is overwritten
	taken.Add(&echo.Event{Kind: echo.Corrupt})
	w.Take(taken)
	if !reflect.DeepEqual(figures(taken), figures(want)) {
		t.Errorf("taken %v, want %v", figures(taken), figures(want))
	}

	want.Reset()
	if !reflect.DeepEqual(figures(w), figures(want)) {
		t.Errorf("after it %v, want %v", figures(w), figures(want))
	}
	before := figures(taken)
	verdicts(w, 2, "l.r.lll")
	w.Add(&echo.Event{Kind: echo.Late, Number: 2, RTT: time.Minute})
	if !reflect.DeepEqual(figures(taken), before) {
		t.Errorf("the taken window has changed from %v to %v", before, figures(taken))
	}
	w.Take(taken)
	new(stats.Window).Take(taken)
	if c := taken.Counts(); c != (stats.Counts{}) {
		t.Errorf("an empty window's counts are %+v", c)
	}
}

func TestHopsAndSource(t *testing.T) {
	w := new(stats.Window)
	for i, hops := range []int{-1, 64, 64, -1, 63, 64, 0, 255} {
		source := echo.KernelTime
		if i == 3 {
			source = echo.MixedTime
		}
		w.Add(&echo.Event{Kind: echo.Reply, Number: uint64(i) + 1, Hops: hops, RTTSource: source})
	}
	first, _ := w.FirstHops()
	last, _ := w.LastHops()
	if first != 64 || last != 255 || w.HopsChanges() != 4 {
		t.Errorf("hops %d to %d, %d changes, want 64 to 255, 4", first, last, w.HopsChanges())
	}
	if w.RTTSource() != echo.MixedTime {
		t.Errorf("RTTSource = %v, want the weakest", w.RTTSource())
	}
}

func TestMerge(t *testing.T) {
	a, b := replies(2*ms, 4*ms, 4*ms, 4*ms), replies(5*ms, 5*ms, 7*ms, 9*ms)
	b.Add(&echo.Event{Kind: echo.Late, Number: 5, RTT: time.Second})
	b.Add(&echo.Event{Kind: echo.Lost, Number: 5})
	a.Merge(b)
	a.Merge(new(stats.Window))
	all := new(stats.Window)
	all.Merge(a)
	wantFigure(t, "Mean", 5*ms, all.Mean)
	wantFigure(t, "StdDev", 2*ms, all.StdDev)
	wantFigure(t, "Min", 2*ms, all.Min)
	wantFigure(t, "Max", 9*ms, all.Max)
	wantFigure(t, "Median", 4500*time.Microsecond, all.Median)
	wantFigure(t, "MaxLate", time.Second, all.MaxLate)
	wantFigure(t, "Jitter", ms, all.Jitter) // 2 0 0, 0 2 2: the step from a to b is none
	if c := all.Counts(); c.Replies != 8 || c.Lost != 1 || c.Late != 1 {
		t.Errorf("counts %+v", c)
	}
	if _, ok := all.LastReply(); !ok || all.LongestLoss() != 0 {
		t.Error("LastReply is merged, LongestLoss is not")
	}
	bounded := &stats.Window{MaxRTTs: 7}
	bounded.Merge(all)
	wantFigure(t, "Median beyond MaxRTTs", -1, bounded.Median)
	wantFigure(t, "Mean beyond MaxRTTs", 5*ms, bounded.Mean)
}

// 100,000 targets of a Telegraf agent hold a window each.
func TestWindowIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(stats.Window{}); size > 192 {
		t.Errorf("a window takes %d bytes", size)
	}
}

func TestAddAllocatesNothing(t *testing.T) {
	w := new(stats.Window)
	kinds := []echo.Kind{
		echo.Reply, echo.Lost, echo.Reply, echo.Refused, echo.NotSent, echo.Reply,
		echo.Late, echo.Duplicate, echo.Corrupt, echo.WrongSource, echo.LateRefusal, echo.Missed,
	}
	number := uint64(0)
	var taken stats.Window
	window := func() {
		w.Take(&taken)
		for i := range uint64(100) {
			// Each pair of verdicts in reverse order, so that the backlog works.
			ev := echo.Event{Kind: kinds[i%12], Number: number + i ^ 1, RTT: time.Duration(i), OutOfOrder: true}
			w.Add(&ev)
		}
		number += 100
		taken.Median()
	}
	window()
	window()
	if allocs := testing.AllocsPerRun(100, window); allocs != 0 {
		t.Errorf("a window costs %v allocations", allocs)
	}
}

// BenchmarkWindow is a window's whole life: its replies, all figures, and the next.
func BenchmarkWindow(b *testing.B) {
	for _, replies := range []uint64{1, 10, 1000} {
		b.Run(strconv.FormatUint(replies, 10), func(b *testing.B) {
			b.ReportAllocs()
			w := new(stats.Window)
			ev := echo.Event{Kind: echo.Reply}
			n := 0
			for b.Loop() {
				for range replies {
					ev.Number++
					ev.RTT = ms + time.Duration(ev.Number*7919%1000)*time.Microsecond
					w.Add(&ev)
				}
				w.Min()
				w.Mean()
				w.StdDev()
				w.Median()
				w.Jitter()
				w.Counts()
				w.Reset()
				n += int(replies)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/echo")
		})
	}
}
