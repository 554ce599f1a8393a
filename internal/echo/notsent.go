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
	case cause != icmpsock.SocketFull:
		l.accepted() // the socket is not full
	case l.full(e.now):
		e.queueAgain(l)
		return
	}
	if cause == icmpsock.NoBuffers && e.tryLater(slot, s) {
		return
	}
	l.shift(1)
	e.unmake(slot, s, cause, err)
}

// queueAgain takes a link's pending packets back, for which the send buffer has no
// room. Their subjects keep their places, but no tokens.
func (e *Engine) queueAgain(l *link) {
	for n := len(l.slots); n > 0; n-- {
		slot := l.slots[n-1]
		i := e.table.at(slot).target
		s := e.subjects.all[i]
		e.takeBack(slot, s)
		s.waiting = true
		l.queue.pushFront(e.turnFor(i, s))
	}
}

// tryLater takes back the first of a link's pending packets, for which there was
// no room on its way out, and gives its subject another turn soon. It reports
// false if that has gone on for too long, or if the next probe is due by then.
func (e *Engine) tryLater(slot int32, s *subject) bool {
	if s.patience == 0 || e.now.Sub(s.patience) >= blockedLimit {
		s.patience = e.now.Add(blockedLimit)
	}
	again := e.now.Add(starvedPause)
	if e.now >= s.patience || s.target.Count == 0 && again >= s.due.Add(s.target.Interval) {
		return false
	}
	e.takeBack(slot, s)
	s.starved = true
	later := e.turnFor(e.subjects.byID[s.id], s)
	later.due = again
	e.schedule.push(later)
	e.pause = again
	return true
}

// giveUpWaiting says at the end of the run of a probe that waits for room on its
// way out why it was not sent.
func (e *Engine) giveUpWaiting(i int32, s *subject) {
	if s.done() || !s.starved && !s.waiting {
		return
	}
	switch l := e.linkFor(s); {
	case s.starved:
		e.neverSent(i, s, l, icmpsock.NoBuffers, nil)
	case l.fullSince != 0:
		e.neverSent(i, s, l, icmpsock.SocketFull, nil)
	}
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
	e.giveBack(s)
}

// cannotSend gives a subject's next probe its verdict while its link is lost.
func (e *Engine) cannotSend(i int32, s *subject, l *link) {
	e.neverSent(i, s, l, icmpsock.SocketLost, l.lostBy)
}

// neverSent gives a subject's next probe its verdict without a packet.
func (e *Engine) neverSent(i int32, s *subject, l *link, cause icmpsock.Cause, err error) {
	slot := e.table.enter()
	p := e.table.at(slot)
	s.numbered++
	s.flying++
	p.target, p.link, p.seq, p.number = i, l.index, s.seq(s.numbered), s.numbered
	e.notSent(slot, s, cause, err)
}

// unmake gives a probe its verdict whose packet was made, and never left.
func (e *Engine) unmake(slot int32, s *subject, cause icmpsock.Cause, err error) {
	e.giveBack(s)
	e.notSent(slot, s, cause, err)
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
	s.waiting, s.starved = false, false
	if cause != icmpsock.NoBuffers {
		s.patience = 0
	}
	e.again(i, s)
	e.tell(s)
	e.relocate(s, cause)
	e.pause = e.now.Add(notSentPause)
	e.follow(i, s, false)
	e.settle(s)
}
