package echo

import (
	"github.com/rawping/rawping/internal/icmpsock"
)

// sendFailed deals with the first of a link's pending packets, which could not
// be sent.
func (e *Engine) sendFailed(l *link, err error) {
	cause := icmpsock.CauseOf(err)
	if cause == icmpsock.SocketLost {
		e.lose(l, err)
		return
	}
	slot := l.slots[0]
	s := e.subjects.all[e.table.at(slot).target]
	switch {
	case cause == icmpsock.SocketFull && l.full(e.now):
		return
	case cause == icmpsock.NoBuffers && e.tryLater(slot, s):
		return
	}
	l.shift(1)
	e.notSent(slot, s, cause, err)
}

// tryLater takes back the first of a link's pending packets, for which there was
// no room on its way out, and gives its subject another turn soon. It reports
// false if that has gone on for too long, or if the next probe is due by then.
func (e *Engine) tryLater(slot int32, s *subject) bool {
	if s.starved == 0 {
		s.starved = e.now
	}
	again := e.now.Add(starvedPause)
	if e.now.Sub(s.starved) >= blockedLimit || s.target.Count == 0 && again >= s.due.Add(s.target.Interval) {
		return false
	}
	e.takeBack(slot, s)
	later := e.turnFor(e.subjects.byID[s.id], s)
	later.due = again
	e.schedule.push(later)
	return true
}

// takeBack undoes the making of a packet that has not been sent.
func (e *Engine) takeBack(slot int32, s *subject) {
	p := e.table.at(slot)
	l := e.links[p.link]
	l.cut(slot)
	l.load -= int(p.cost)
	e.table.release(slot)
	s.numbered--
	s.flying--
	s.waiting = false
}

// cannotSend gives a subject's next probe its verdict while its link is lost.
func (e *Engine) cannotSend(i int32, s *subject, l *link) {
	slot := e.table.enter()
	p := e.table.at(slot)
	s.numbered++
	s.flying++
	p.target, p.link, p.seq, p.number = i, l.index, s.seq(s.numbered), s.numbered
	e.notSent(slot, s, icmpsock.SocketLost, l.lostBy)
}

// notSent gives a probe that was entered, but never left, its verdict.
func (e *Engine) notSent(slot int32, s *subject, cause icmpsock.Cause, err error) {
	p := e.table.at(slot)
	e.event = Event{
		Kind: NotSent, Number: p.number, Seq: p.seq, At: e.now, Hops: -1, TrafficClass: -1,
		Cause: cause, Err: err,
	}
	e.links[p.link].load -= int(p.cost)
	i := p.target
	e.table.release(slot)
	e.count.NotSent++
	s.flying--
	s.waiting = false
	e.again(i, s)
	e.tell(s)
	e.relocate(s, cause)
	e.pause = e.now.Add(notSentPause)
	e.follow(i, s, false)
	e.settle(s)
}
