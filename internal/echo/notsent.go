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
	s := e.subjects.all[e.table.probes[slot].target]
	if cause == icmpsock.NoBuffers && e.tryLater(slot, s, l) {
		return
	}
	s.starved = 0
	l.shift(1)
	e.notSent(slot, s, cause, err)
}

// tryLater takes back the first of a link's pending packets, for which the kernel
// had no buffers, so that its subject can try again. It reports false if that has
// gone on for too long.
func (e *Engine) tryLater(slot int32, s *subject, l *link) bool {
	if s.starved == 0 {
		s.starved = e.now
	}
	if e.now.Sub(s.starved) >= blockedLimit {
		return false
	}
	p := &e.table.probes[slot]
	if p.number != s.numbered { // the subject's next packet has been made already: keep their order
		l.block(e.now)
		return true
	}
	i := p.target
	l.shift(1)
	l.load -= int(p.cost)
	e.table.release(slot)
	s.numbered--
	s.flying--
	s.due = s.started
	s.waiting = true
	l.refused(e.turnFor(i, s), e.now)
	return true
}

// cannotSend gives a subject's next probe its verdict while its link is lost.
func (e *Engine) cannotSend(i int32, s *subject, l *link) {
	slot := e.table.enter()
	p := &e.table.probes[slot]
	s.numbered++
	s.flying++
	p.target, p.link, p.seq, p.number = i, l.index, s.seq(s.numbered), s.numbered
	e.late(s)
	e.again(i, s)
	e.notSent(slot, s, icmpsock.SocketLost, l.lostBy)
}

// notSent gives a probe that was entered, but never left, its verdict.
func (e *Engine) notSent(slot int32, s *subject, cause icmpsock.Cause, err error) {
	p := &e.table.probes[slot]
	e.event = Event{
		Kind: NotSent, Number: p.number, Seq: p.seq, At: e.now, Hops: -1, TrafficClass: -1,
		Cause: cause, Err: err,
	}
	e.links[p.link].load -= int(p.cost)
	e.table.release(slot)
	e.count.NotSent++
	s.flying--
	e.tell(s)
	e.relocate(s, cause)
	e.pause = e.now.Add(notSentPause)
	e.follow(s, false)
	e.settle(s)
}
