package echo

import "time"

// stepSize is the least change between the two clocks that counts as a step of
// the wall clock. Linux slews both alike, so that otherwise they differ only by
// what passes between the two readings of a pair.
const stepSize = 50 * time.Microsecond

// timeline places the kernel's stamps, which are wall clock times, on the
// engine's time.
type timeline struct {
	offset  Instant // wall clock less engine time
	earlier Instant // the offset before the last step
	stepped Instant // when that step was seen
	steps   uint64
	known   bool
}

// observe takes a reading of both clocks.
func (l *timeline) observe(now Instant, wall int64) {
	offset := Instant(wall) - now
	switch d := offset.Sub(l.offset); {
	case !l.known:
		l.offset, l.earlier, l.known = offset, offset, true
	case d > stepSize || d < -stepSize:
		l.earlier, l.offset, l.stepped = l.offset, offset, now
		l.steps++
	case d > 0:
		// The wall clock is read first of the pair: the offset is never less
		// than any reading says.
		l.offset = offset
	}
}

// place returns the instant of a stamp that was taken between after and now.
// sure is false if the stamp fits nowhere there, as when the wall clock was
// stepped twice, or fits in two places, the earlier of which is returned.
func (l *timeline) place(stamp int64, after, now Instant) (at Instant, sure bool) {
	at, ok := within(Instant(stamp)-l.offset, after, now)
	if l.earlier == l.offset || l.stepped < after {
		return at, ok
	}
	other, otherOK := within(Instant(stamp)-l.earlier, after, now)
	switch {
	case ok && otherOK:
		return min(at, other), at == other
	case otherOK:
		return other, true
	}
	return at, ok
}

// within returns at, moved into the span from after to now if it is outside by
// no more than the clocks' readings can be off; else now.
func within(at, after, now Instant) (Instant, bool) {
	if at < after.Add(-stepSize) || at > now.Add(stepSize) {
		return now, false
	}
	return min(max(at, after), now), true
}

// wall returns the wall clock time of an instant, as the clock stands now.
func (l *timeline) wall(at Instant) time.Time { return time.Unix(0, int64(at+l.offset)) }
