package stats

import "slices"

// mark is what a verdict means for a run of losses.
type mark uint8

const (
	undecided  mark = iota // no verdict yet
	answered               // ends a run
	unanswered             // prolongs it
	unknown                // not sent or abandoned: neither
)

// maxBacklog is how many probes may wait for the verdict on an earlier one.
// Sequence numbers on the wire have 16 bits, so no sane target has more in
// flight; what is older than this is given up as unknown.
const maxBacklog = 1 << 16

// lossRuns finds runs of losses by the numbers of the probes. Verdicts come in
// another order: a reply to probe 2 comes before probe 1 has timed out. So a
// verdict waits in the backlog until all probes before it have theirs.
type lossRuns struct {
	passed  uint64   // every probe up to this number has its verdict
	run     uint64   // losses since the last reply, up to passed
	longest uint64   // longest run in this window
	bursts  uint64   // runs that began in this window
	backlog *backlog // nil until a verdict has to wait
}

// backlog is a pointer away because most targets need none.
type backlog struct {
	marks []mark // of the probes from passed+1 on
}

func (l *lossRuns) add(number uint64, m mark) {
	if number <= l.passed {
		return // a second verdict, or one on what was given up
	}
	waiting := l.backlog != nil && len(l.backlog.marks) > 0
	if !waiting && number == l.passed+1 {
		l.passed = number
		l.judge(m)
		return
	}
	if l.backlog == nil {
		l.backlog = new(backlog)
	}
	if before := number - l.passed - 1; before >= maxBacklog {
		l.giveUp(before - maxBacklog + 1)
	}
	place := int(number - l.passed - 1) //nolint:gosec // less than maxBacklog
	marks := l.backlog.marks
	if have := len(marks); have <= place {
		marks = slices.Grow(marks, place+1-have)[:place+1]
		clear(marks[have:])
	}
	marks[place] = m
	l.backlog.marks = marks
	l.advance()
}

// advance takes what no longer waits out of the backlog.
func (l *lossRuns) advance() {
	marks := l.backlog.marks
	done := slices.Index(marks, undecided)
	if done < 0 {
		done = len(marks)
	}
	for _, m := range marks[:done] {
		l.judge(m)
	}
	l.passed += uint64(done)
	l.backlog.marks = slices.Delete(marks, 0, done)
}

// giveUp no longer waits for the verdicts on the next n probes.
func (l *lossRuns) giveUp(n uint64) {
	marks := l.backlog.marks
	have := int(min(n, uint64(len(marks)))) //nolint:gosec // at most a length
	for _, m := range marks[:have] {
		l.judge(m)
	}
	l.passed += n
	l.backlog.marks = slices.Delete(marks, 0, have)
}

func (l *lossRuns) judge(m mark) {
	switch m {
	case answered:
		l.run = 0
	case unanswered:
		l.run++
		if l.run == 1 {
			l.bursts++
		}
		l.longest = max(l.longest, l.run)
	case undecided, unknown:
	}
}

// carry is what the next window begins with.
func (l *lossRuns) carry() lossRuns {
	return lossRuns{passed: l.passed, run: l.run, backlog: l.backlog}
}

// now returns the losses after the last probe that was answered, the backlog
// included.
func (l *lossRuns) now() uint64 {
	run := l.run
	if l.backlog == nil {
		return run
	}
	for _, m := range l.backlog.marks {
		switch m {
		case answered:
			run = 0
		case unanswered:
			run++
		case undecided, unknown:
		}
	}
	return run
}

// LongestLoss returns the longest run of probes without a reply, lost or
// refused, in the order of their numbers. What was not sent or abandoned neither
// ends a run nor counts in it. A run that began in an earlier window counts in
// full length. A verdict enters the runs when all earlier probes have theirs:
// at once as a rule, after their timeout at the latest.
func (w *Window) LongestLoss() uint64 { return w.losses.longest }

// LossBursts returns how many runs of loss began in this window, by the rules of
// LongestLoss. Over all windows that makes each run once.
func (w *Window) LossBursts() uint64 { return w.losses.bursts }

// ConsecutiveLost returns how many probes have been lost or refused after the
// last one that was answered, by their numbers, over all windows up to now.
func (w *Window) ConsecutiveLost() uint64 { return w.losses.now() }
