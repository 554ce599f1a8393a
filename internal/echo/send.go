package echo

import (
	"fmt"
	"time"

	"github.com/rawping/rawping/internal/icmpsock"
)

const (
	// sendBudget is how many probes are sent before arrivals are read again.
	sendBudget = 4 * batch

	// notSentPause keeps targets whose next probe does not wait for its interval
	// from spinning while nothing can be sent.
	notSentPause = 10 * time.Millisecond

	// silentLimit is how many probes in a row go unanswered before a target
	// moves to the lane of the silent.
	silentLimit = 2
)

// send sends what is due. It reports whether there is more that could be sent
// at once.
func (e *Engine) send() (more bool) {
	n := int32(len(e.links))
	for k := range n {
		e.resume(e.links[(e.foremost+k)%n])
	}
	more = true
	for range sendBudget {
		t, ok := e.nextTurn()
		if more = ok && t.due <= e.now && e.offer(t); !more {
			break
		}
	}
	for _, l := range e.links {
		e.flush(l)
		more = more || e.now >= l.blockedUntil && e.canResume(l) && e.admissible(e.subjects.all[l.queue.first().target]) <= e.now
	}
	return more
}

// admit takes the tokens for a packet if there are some.
func (e *Engine) admit(s *subject) bool {
	if at := e.admissible(s); at > e.now {
		e.paced = at
		return false
	}
	e.bucket.take(e.now)
	if !s.addr.IsLoopback() {
		e.courtesy.take(e.now)
	}
	return true
}

// admissible returns when there are tokens for a subject's packet.
func (e *Engine) admissible(s *subject) Instant {
	at := e.bucket.next(e.now)
	if !s.addr.IsLoopback() {
		at = max(at, e.courtesy.next(e.now))
	}
	return at
}

// giveBack returns the tokens of a packet that was made and is not sent after all.
func (e *Engine) giveBack(s *subject) {
	e.bucket.putBack()
	if !s.addr.IsLoopback() {
		e.courtesy.putBack()
	}
}

// civil returns the earliest time at which an ordinary user may send to a
// subject's address again, whichever of the subjects with that address did last.
func (e *Engine) civil(s *subject) (at Instant) {
	if !e.config.Ordinary || s.addr.IsLoopback() {
		return 0
	}
	for i := e.subjects.at(s.addr, s.scope); i != none; i = e.subjects.all[i].alike {
		if made := e.subjects.all[i].made; made != 0 {
			at = max(at, made.Add(ordinaryInterval))
		}
	}
	return at
}

// offer makes the packet of the schedule's first turn, or lets its subject wait for
// room. It reports false if the rate holds it back.
func (e *Engine) offer(t turn) bool {
	e.schedule.pop()
	s := e.subjects.all[t.target]
	if at := e.civil(s); at > e.now {
		e.schedule.push(turn{due: at, target: t.target, ticket: t.ticket})
		return true
	}
	l := e.linkFor(s)
	size := s.target.Size
	if l.conn != nil && !l.room(size) {
		e.flush(l)
	}
	full := !l.queue.empty() || !l.room(size) || e.now < l.blockedUntil
	if l.conn != nil && !full && !e.admit(s) {
		e.schedule.push(t)
		return false
	}
	s.ticket = 0
	e.skip(s)
	switch {
	case l.conn == nil:
		e.cannotSend(t.target, s, l)
	case full:
		e.tellFull(l, size)
		s.waiting = true
		l.queue.push(e.turnFor(t.target, s))
	default:
		e.enter(t.target, s, l)
	}
	return true
}

// tellFull says once of a connection that sending waits for it, if it is the
// system that keeps its receive buffer small.
func (e *Engine) tellFull(l *link, size int) {
	if l.fits(size) || l.toldFull || l.facts.Limit == "" {
		return
	}
	l.toldFull = true
	e.notice(fmt.Errorf("sending waits, because only %d replies fit into the receive buffer: raise %s",
		max(1, l.facts.RecvBuffer/l.cost(size)), l.facts.Limit))
}

// skip passes over the slots that an endless subject has missed.
func (e *Engine) skip(s *subject) {
	interval := s.target.Interval
	behind := e.now.Sub(s.due)
	if s.target.Count > 0 || interval == 0 || behind < interval {
		return
	}
	e.miss(s, uint64(behind/interval))
	s.due = s.due.Add(behind / interval * interval)
}

func (e *Engine) miss(s *subject, slots uint64) {
	e.count.Missed += slots
	e.event = Event{Kind: Missed, At: e.now, Missed: slots, Hops: -1, TrafficClass: -1}
	e.tell(s)
}

// resume sends what waits for a link, as far as there is room again.
func (e *Engine) resume(l *link) {
	if l.conn == nil {
		e.reopen(l)
	}
	if l.conn == nil {
		return
	}
	e.flush(l)
	served := false
	for e.now >= l.blockedUntil && e.canResume(l) {
		t := l.queue.first()
		s := e.subjects.all[t.target]
		at := e.civil(s)
		stays := !s.done() && e.linkFor(s) == l && at <= e.now
		if stays && !e.admit(s) {
			if served {
				e.foremost = l.index + 1 // else one link could have all that the rate allows
			}
			return
		}
		l.queue.pop()
		s.waiting, s.ticket = false, 0
		switch {
		case stays:
			served = true
			e.skip(s)
			e.enter(t.target, s, l)
		case s.done(): // it has been given fewer probes since
			e.settle(s)
		default:
			later := e.turnFor(t.target, s)
			later.due = max(at, s.due)
			e.schedule.push(later)
		}
		if len(l.outs) == l.batch() {
			e.flush(l)
		}
	}
}

// canResume reports whether the subject that has waited longest for a link can
// go on.
func (e *Engine) canResume(l *link) bool {
	for !l.queue.empty() && !e.wanted(l.queue.first()) {
		l.queue.pop()
	}
	return !l.queue.empty() && l.room(e.subjects.all[l.queue.first().target].target.Size)
}

// enter puts a subject's next probe in the table and its packet among those
// that the link sends next.
func (e *Engine) enter(i int32, s *subject, l *link) {
	slot := e.table.enter()
	seq := s.seq(s.numbered + 1)
	if !e.table.remember(s, i, seq, slot) {
		e.table.release(slot)
		e.giveBack(s)
		e.postpone(i, s)
		return
	}
	request, err := l.request(s.target.Size)
	if err != nil {
		panic("echo: a size that was checked does not fit: " + err.Error())
	}
	p := e.table.at(slot)
	s.numbered++
	p.target, p.link, p.seq, p.number, p.drops = i, l.index, seq, s.numbered, l.drops
	p.size, p.cost = int32(s.target.Size), int32(l.cost(s.target.Size))
	l.load += int(p.cost)
	s.flying++
	l.slots = append(l.slots, slot)
	l.outs = append(l.outs, icmpsock.Out{
		Dst:     s.addr,
		Scope:   s.scope,
		Data:    request.Put(l.buffer(request.Len()), seq, e.signer.token(slot, p.generation, s)),
		Key:     uint32(slot),
		Options: s.options,
	})
	s.made, s.waiting = e.now, true
}

// postpone handles a subject all of whose sequence numbers are in flight.
func (e *Engine) postpone(i int32, s *subject) {
	if s.target.Count == 0 {
		e.miss(s, 1)
		e.again(i, s)
		return
	}
	s.due = e.now.Add(time.Millisecond)
	e.schedule.push(e.turnFor(i, s))
}

// left notes of a subject's probe that it has left, and how late: what the rate
// held back is not late.
func (e *Engine) left(i int32, s *subject, at Instant) {
	behind := max(0, at.Sub(max(s.due, e.paced)))
	e.count.LatenessMax = max(e.count.LatenessMax, behind)
	e.count.LatenessSum += behind
	if int64(behind) > e.lateness.Load() {
		e.lateness.Store(int64(behind)) // a TakeLateness in between took what is less
	}
	s.patience, s.starved, s.made, s.waiting = 0, false, at, false
	e.again(i, s)
}

// again schedules a subject's next probe, unless that follows on a verdict.
func (e *Engine) again(i int32, s *subject) {
	s.started = s.due
	if s.done() || s.target.Interval == 0 {
		return
	}
	s.due = s.due.Add(s.target.Interval)
	e.schedule.push(e.turnFor(i, s))
}

// follow schedules the next probe of a subject whose probes follow on verdicts.
func (e *Engine) follow(i int32, s *subject, sent bool) {
	if s.target.Interval > 0 || s.done() || s.flying > 0 || s.ticket != 0 {
		return
	}
	s.due = e.now
	if !sent {
		s.due = e.now.Add(notSentPause)
	} else if e.config.Ordinary && !s.addr.IsLoopback() {
		s.due = max(e.now, s.started.Add(ordinaryInterval))
	}
	e.schedule.push(e.turnFor(i, s))
}

// flush writes a link's pending packets to its connection.
func (e *Engine) flush(l *link) {
	for l.conn != nil && len(l.outs) > 0 && e.now >= l.blockedUntil {
		before := e.read()
		n, err := l.conn.Send(l.outs)
		after := e.read()
		for _, slot := range l.slots[:n] {
			i := e.table.at(slot).target
			s := e.subjects.all[i]
			e.table.fly(slot, before, after, s.target.Timeout)
			e.left(i, s, after)
			e.nearby = e.nearby || s.addr.IsLoopback()
		}
		e.count.Sent += uint64(n)
		e.count.InFlight += n
		if n > 0 {
			l.accepted()
		}
		l.shift(n)
		if len(l.outs) > 0 {
			e.sendFailed(l, err)
		}
	}
}
