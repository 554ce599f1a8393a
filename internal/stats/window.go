package stats

import (
	"time"

	"github.com/rawping/rawping/internal/echo"
)

// Window gathers the events of one target over a stretch of time. The zero
// value is ready. It is not safe for concurrent use.
//
// It takes some 190 bytes and 8 more per RTT. It must see every verdict on its
// target from the first probe on: see [Window.LongestLoss].
type Window struct {
	// MaxRTTs bounds how many RTTs are kept for Median and Percentile; 0: no
	// bound. A window with more replies than that has neither figure, for it
	// could not be exact; the others need no memory. It is set before the first
	// Add and stays as it is.
	MaxRTTs uint32

	replied bool // there ever was a reply: lastReply is good
	sorted  bool // rtts is
	source  echo.RTTSource

	rtts   []time.Duration // in order of arrival, until a percentile sorts them
	rtt    moments         // of all replies
	jitter jitter
	losses lossRuns
	hops   hops

	lost uint64 // the rest is in rtt and odd

	lastReply echo.Instant
	odd       *oddities // nil until there is one: most targets have none
}

// oddities are what a healthy target seldom has.
type oddities struct {
	Counts  // but for replies and losses
	maxLate time.Duration
}

// Add takes an event of the window's target. It keeps nothing of ev.
func (w *Window) Add(ev *echo.Event) {
	switch ev.Kind {
	case echo.Reply:
		w.addReply(ev)
	case echo.Lost:
		w.lost++
		w.losses.add(ev.Number, unanswered)
	case echo.Refused:
		w.oddities().Refused++
		w.losses.add(ev.Number, unanswered)
	case echo.NotSent:
		w.oddities().NotSent++
		w.losses.add(ev.Number, unknown)
	case echo.Abandoned:
		w.oddities().Abandoned++
		w.losses.add(ev.Number, unknown)
	default:
		w.addFact(ev)
	}
	if ev.Suspect && ev.Kind.Verdict() {
		w.oddities().Suspect++
	}
}

func (w *Window) addReply(ev *echo.Event) {
	w.rtt.add(ev.RTT)
	if w.MaxRTTs == 0 || len(w.rtts) < int(w.MaxRTTs) {
		w.rtts = append(w.rtts, ev.RTT)
		w.sorted = false
	}
	w.jitter.add(ev.RTT)
	w.losses.add(ev.Number, answered)
	w.hops.add(ev.Hops)
	w.source = max(w.source, ev.RTTSource) // the weakest has the greatest number
	if !w.replied || ev.At > w.lastReply {
		w.replied, w.lastReply = true, ev.At
	}
	if ev.OutOfOrder {
		w.oddities().OutOfOrder++
	}
}

func (w *Window) addFact(ev *echo.Event) {
	odd := w.oddities()
	switch ev.Kind {
	case echo.Late:
		odd.Late++
		odd.maxLate = max(odd.maxLate, ev.RTT)
	case echo.LateRefusal:
		odd.LateRefusals++
	case echo.Duplicate:
		odd.Duplicates++
	case echo.Corrupt:
		odd.Corrupt++
	case echo.WrongSource:
		odd.WrongSource++
	case echo.Missed:
		odd.Missed += ev.Missed
	}
}

func (w *Window) oddities() *oddities {
	if w.odd == nil {
		w.odd = new(oddities)
	}
	return w.odd
}

// Reset begins the next window of the same target and keeps the memory. What
// reaches over a window's end is kept too: the previous RTT and the RFC 3550
// estimate for jitter, the run of losses that is going on, the hops of the last
// reply to see a change from, and the time of the last reply. To forget these
// as well, assign a new Window.
func (w *Window) Reset() {
	if w.odd != nil {
		*w.odd = oddities{}
	}
	*w = Window{
		MaxRTTs:   w.MaxRTTs,
		rtts:      w.rtts[:0],
		jitter:    w.jitter.carry(),
		losses:    w.losses.carry(),
		hops:      w.hops.carry(),
		lastReply: w.lastReply,
		odd:       w.odd,
		replied:   w.replied,
	}
}

// Renumber has the numbers of probes begin at 1 again, as they do for a target that
// the engine was made to forget and then given anew.
func (w *Window) Renumber() {
	w.losses.run = w.losses.now()
	w.losses.longest = max(w.losses.longest, w.losses.run)
	w.losses.passed, w.losses.backlog = 0, nil
}

// Take moves what the window has gathered into another window, overwriting it but
// for its memory, and begins the next one as Reset does. All figures of into are
// those that the window would have given, and stay so whatever is added to it.
func (w *Window) Take(into *Window) {
	rtts, odd := append(into.rtts[:0], w.rtts...), into.odd
	switch {
	case odd == nil && w.odd != nil:
		odd = new(oddities)
		fallthrough
	case w.odd != nil:
		*odd = *w.odd
	case odd != nil:
		*odd = oddities{}
	}
	*into = *w
	into.rtts, into.odd = rtts, odd
	into.losses.run, into.losses.backlog = w.losses.now(), nil
	w.Reset()
}

// Merge adds the window of another target, for figures over many targets: all
// counts, the RTTs, the differences between RTTs, the latest reply. What only
// makes sense within one target stays the receiver's: the RFC 3550 jitter, the
// runs of loss and the hops.
func (w *Window) Merge(o *Window) {
	w.rtt.merge(&o.rtt)
	if room := int(w.MaxRTTs) - len(w.rtts); w.MaxRTTs == 0 || len(o.rtts) <= room {
		w.rtts = append(w.rtts, o.rtts...)
		w.sorted = false
	}
	w.jitter.merge(&o.jitter)
	w.source = max(w.source, o.source)
	w.lost += o.lost
	if o.replied && (!w.replied || o.lastReply > w.lastReply) {
		w.replied, w.lastReply = true, o.lastReply
	}
	if o.odd != nil {
		odd := w.oddities()
		odd.Add(&o.odd.Counts)
		odd.maxLate = max(odd.maxLate, o.odd.maxLate)
	}
}

// Counts returns how many events of each kind the window met.
func (w *Window) Counts() Counts {
	var c Counts
	if w.odd != nil {
		c = w.odd.Counts
	}
	c.Replies, c.Lost = w.rtt.n, w.lost
	return c
}

// LastReply returns when the last reply came, in this window or before it.
func (w *Window) LastReply() (at echo.Instant, ok bool) { return w.lastReply, w.replied }

// MaxLate returns the greatest RTT of a late reply: how long the timeout would
// have had to be.
func (w *Window) MaxLate() (time.Duration, bool) {
	if w.odd == nil || w.odd.Late == 0 {
		return 0, false
	}
	return w.odd.maxLate, true
}
