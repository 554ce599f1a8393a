package native

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/nagios"
	"github.com/rawping/rawping/internal/stats"
)

// figure is a number that is known of a host when its packets have come to
// their end, and that a threshold can be set for.
type figure struct {
	name  string // as --threshold and the JSON have it
	label string // as perfdata has it
	kind  kind
	of    func(*check.Host) (float64, bool)

	ofReplies bool // it counts what happened to replies: without one, none is not a good sign

	// within, if set, returns what the figure can still become with so many
	// packets to come. Without it, anything.
	within func(h *check.Host, rest int, wait time.Duration) (least, most float64)
}

// kind says what a figure is a number of.
type kind uint8

const (
	aTime    kind = iota // nanoseconds
	percents             // per cent
	aCount
	aScore // a plain number with decimals
)

// unit returns the unit that perfdata has for the kind.
func (k kind) unit() string {
	switch k {
	case aTime:
		return "ms"
	case percents:
		return "%"
	}
	return ""
}

// text writes a value without its unit.
func (k kind) text(v float64) string {
	switch k {
	case aTime:
		return milliseconds(time.Duration(v))
	case percents:
		return nagios.FormatLoss(v)
	case aCount:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	text := strconv.FormatFloat(v, 'f', 3, 64)
	return strings.TrimRight(strings.TrimRight(text, "0"), ".")
}

func milliseconds(d time.Duration) string {
	return nagios.FormatDuration(d, time.Millisecond, 3)
}

// figureNames are the figures in the order of the help. pNN stands for many.
const figureNames = "rta, min, max, median, pNN (p95), stddev, jitter, jitter_min, jitter_max, loss, lost, longest_loss_run, " +
	"consecutive_lost, refused, not_sent, late, duplicates, out_of_order, corrupt, wrong_source, suspect, ttl, ttl_changes, mos, score"

// figureNamed returns the figure with a name.
func figureNamed(name string) (figure, bool) {
	switch name {
	case "rta":
		f := timeFigure(name, (*stats.Window).Mean)
		f.within = meanWithin
		return f, true
	case "min":
		f := timeFigure(name, (*stats.Window).Min)
		f.label = "rtmin"
		return f, true
	case "max":
		f := timeFigure(name, (*stats.Window).Max)
		f.label, f.within = "rtmax", maxWithin
		return f, true
	case "median":
		return timeFigure(name, (*stats.Window).Median), true
	case "stddev":
		return timeFigure(name, (*stats.Window).StdDev), true
	case "jitter":
		f := timeFigure(name, (*stats.Window).Jitter)
		f.label = "jitter_avg"
		return f, true
	case "jitter_min":
		return timeFigure(name, (*stats.Window).JitterMin), true
	case "jitter_max":
		return timeFigure(name, (*stats.Window).JitterMax), true
	case "loss":
		return figure{name: name, label: "pl", kind: percents, of: (*check.Host).Loss, within: lossWithin}, true
	case "mos":
		return figure{name: name, label: name, kind: aScore, of: quality(stats.MOS)}, true
	case "score":
		return figure{name: name, label: name, kind: aScore, of: quality(stats.Score)}, true
	case "ttl":
		return figure{name: name, label: name, kind: aCount, of: func(h *check.Host) (float64, bool) {
			ttl, ok := h.Window.LastHops()
			return float64(ttl), ok
		}}, true
	}
	if f, ok := countNamed(name); ok {
		return f, true
	}
	return percentileNamed(name)
}

// countNamed returns a figure that counts, and therefore only grows.
func countNamed(name string) (figure, bool) {
	var of func(*check.Host) uint64
	count := func(pick func(*stats.Counts) uint64) func(*check.Host) uint64 {
		return func(h *check.Host) uint64 {
			counts := h.Window.Counts()
			return pick(&counts)
		}
	}
	ofReplies := false
	switch name {
	case "lost":
		of = count(func(c *stats.Counts) uint64 { return c.Lost + c.Refused })
	case "refused":
		of = count(func(c *stats.Counts) uint64 { return c.Refused })
	case "not_sent":
		of = count(func(c *stats.Counts) uint64 { return c.NotSent })
	case "late":
		of, ofReplies = count(func(c *stats.Counts) uint64 { return c.Late }), true
	case "duplicates":
		of, ofReplies = count(func(c *stats.Counts) uint64 { return c.Duplicates }), true
	case "out_of_order":
		of, ofReplies = count(func(c *stats.Counts) uint64 { return c.OutOfOrder }), true
	case "corrupt":
		of = count(func(c *stats.Counts) uint64 { return c.Corrupt })
	case "wrong_source":
		of = count(func(c *stats.Counts) uint64 { return c.WrongSource })
	case "suspect":
		of = count(func(c *stats.Counts) uint64 { return c.Suspect })
	case "longest_loss_run":
		of = func(h *check.Host) uint64 { return h.Window.LongestLoss() }
	case "ttl_changes":
		of, ofReplies = func(h *check.Host) uint64 { return h.Window.HopsChanges() }, true
	case "consecutive_lost": // the only one that can fall
		return figure{name: name, label: name, kind: aCount, of: func(h *check.Host) (float64, bool) {
			return float64(h.Window.ConsecutiveLost()), true
		}}, true
	default:
		return figure{}, false
	}
	return figure{
		name: name, label: name, kind: aCount, ofReplies: ofReplies,
		of: func(h *check.Host) (float64, bool) {
			n := of(h)
			return float64(n), n > 0 || !ofReplies || h.Window.Counts().Replies > 0
		},
		within: func(h *check.Host, _ int, _ time.Duration) (float64, float64) { return float64(of(h)), math.Inf(1) },
	}, true
}

// percentileNamed returns the figure p1 to p99, also with decimals, as p99.9.
func percentileNamed(name string) (figure, bool) {
	digits, ok := strings.CutPrefix(name, "p")
	if !ok || strings.Trim(digits, "0123456789.") != "" || len(digits) > 6 {
		return figure{}, false
	}
	p, err := strconv.ParseFloat(digits, 64)
	if err != nil || p <= 0 || p >= 100 {
		return figure{}, false
	}
	return timeFigure(name, func(w *stats.Window) (time.Duration, bool) { return w.Percentile(p) }), true
}

func timeFigure(name string, of func(*stats.Window) (time.Duration, bool)) figure {
	return figure{name: name, label: name, kind: aTime, of: func(h *check.Host) (float64, bool) {
		d, ok := of(&h.Window)
		return float64(d), ok
	}}
}

// quality returns a figure of the quality of voice. It needs two replies.
func quality(of func(rtt, jitter time.Duration, loss float64) float64) func(*check.Host) (float64, bool) {
	return func(h *check.Host) (float64, bool) {
		rtt, _ := h.Window.Mean()
		jitter, ok := h.Window.Jitter()
		counts := h.Window.Counts()
		loss, _ := counts.Loss()
		return of(rtt, jitter, loss), ok
	}
}

// meanWithin: every packet to come can be answered at once, or at the last moment.
func meanWithin(h *check.Host, rest int, wait time.Duration) (least, most float64) {
	replies := float64(h.Window.Counts().Replies)
	mean, _ := h.Window.Mean()
	sum, all := float64(mean)*replies, replies+float64(rest)
	return sum / all, max(float64(mean), (sum+float64(rest)*float64(wait))/all)
}

func maxWithin(h *check.Host, _ int, wait time.Duration) (least, most float64) {
	now, _ := h.Window.Max()
	return float64(now), max(float64(now), float64(wait))
}

// lossWithin: all packets to come can be answered, or none.
func lossWithin(h *check.Host, rest int, _ time.Duration) (least, most float64) {
	counts := h.Window.Counts()
	lost, all := counts.Lost+counts.Refused, float64(counts.Decided())+float64(rest)
	return float64(100*lost) / all, (100*float64(lost) + 100*float64(rest)) / all
}
