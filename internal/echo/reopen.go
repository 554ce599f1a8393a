package echo

import (
	"errors"
	"fmt"
	"slices"

	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/wire"
)

// ErrReopened is the notice that a connection is there, after it could not be
// opened or was lost.
var ErrReopened = errors.New("socket opened anew")

// Open opens connections before Run, so that the rights to open more may be
// given up: those of the classes given or, if none is, those that the targets
// added so far can need. It opens all that it can; the error says which it
// cannot, and what would help. Run tries again, with back-off, what its targets
// need.
func (e *Engine) Open(classes ...icmpsock.Class) error {
	e.read()
	e.obey()
	var errs []error
	try := func(l *link) {
		if l.conn == nil && !slices.Contains(errs, l.lostBy) {
			errs = append(errs, l.lostBy)
		}
	}
	for _, class := range classes {
		try(e.link(class))
	}
	for _, s := range e.subjects.all {
		if s == nil || len(classes) > 0 {
			continue
		}
		for lane := range e.lanes(s) {
			try(e.linkIn(lane, s))
		}
	}
	return errors.Join(errs...)
}

// lanes is how many lanes a subject's probes may go by.
func (e *Engine) lanes(s *subject) uint8 { return Lanes(e.most, s.target.Count) }

// Lanes is how many lanes, from 0 on, so many targets can need that get so many
// probes each (0: endless). With one probe only there is no time to prove silent.
func Lanes(targets, count int) uint8 {
	if targets > manySubjects && count != 1 {
		return 2
	}
	return 1
}

// mute reports whether a subject has not answered lately.
func (s *subject) mute() bool { return s.highest == 0 || s.silent >= silentLimit }

// proveAlive notes that a subject has answered. Its next probe need not wait
// among those of the mute any more.
func (e *Engine) proveAlive(i int32, s *subject) {
	requeue := s.mute() && s.waiting
	s.silent = 0
	if !requeue {
		return
	}
	s.waiting, s.ticket = false, 0
	if !s.done() {
		e.schedule.push(e.turnFor(i, s))
	}
}

// linkFor returns the link of a subject's next probe. Where there are many, the
// mute go by the second lane: what the kernel holds for dead neighbours then fills
// the buffer of a socket that the living do not use.
func (e *Engine) linkFor(s *subject) *link {
	if e.lanes(s) == 2 && s.mute() {
		if l := e.linkIn(1, s); l.conn != nil {
			return l // otherwise better crowded than not sent
		}
	}
	return e.linkIn(0, s)
}

// linkIn returns a subject's link in a lane: one bound to the subject's source
// address where the kind of socket takes no other.
func (e *Engine) linkIn(lane uint8, s *subject) *link {
	class := icmpsock.Class{
		Family: wire.FamilyOf(s.addr), Mark: s.target.Mark, DontFragment: s.target.DontFragment, Lane: lane,
	}
	l := e.link(class)
	if l.facts.OneSource && s.options != nil && s.options.Source.IsValid() {
		class.Source = s.options.Source
		if class.Source.IsLinkLocalUnicast() {
			class.Scope = max(s.scope, s.options.Interface) // one link: the kernel refuses two
		}
		l = e.link(class)
	}
	return l
}

// link returns the link of a class, opened if that can be.
func (e *Engine) link(class icmpsock.Class) *link {
	for _, l := range e.links {
		if l.class == class {
			return l
		}
	}
	l := &link{class: class, index: int32(len(e.links)), read: e.now}
	e.links = append(e.links, l)
	c, err := e.config.Network.Open(class)
	if err != nil {
		e.fail(l, err)
		return l
	}
	l.opened(c)
	return l
}

// fail notes that a link could not be opened, and when to try again.
func (e *Engine) fail(l *link, err error) {
	l.conn, l.lostBy = nil, err
	l.reopenWait = min(max(reopenFirst, 2*l.reopenWait), reopenMost)
	l.reopenAt = e.now.Add(l.reopenWait)
}

// lose deals with a connection that is dead: what was in flight on it is
// abandoned, what waits for it cannot be sent.
func (e *Engine) lose(l *link, err error) {
	_ = l.conn.Close() // it is dead already
	e.count.SocketsLost++
	e.fail(l, fmt.Errorf("socket lost: %w", err))
	e.notice(fmt.Errorf("%s socket lost, opening it anew: %w", l.class.Family, err))
	for len(l.slots) > 0 {
		slot := l.slots[0]
		l.shift(1)
		e.unmake(slot, e.subjects.all[e.table.at(slot).target], icmpsock.SocketLost, err)
	}
	for slot := range e.table.slots {
		if p := e.table.at(slot); p.state == inFlight && p.link == l.index {
			e.giveUp(slot, icmpsock.SocketLost, err)
		}
	}
	for !l.queue.empty() {
		if t := l.queue.pop(); e.wanted(t) {
			s := e.subjects.all[t.target]
			s.waiting, s.ticket = false, 0
			if s.done() { // it has been given fewer probes since
				e.settle(s)
				continue
			}
			e.cannotSend(t.target, s, l)
		}
	}
}

// reopen tries to open a lost link anew when it is time to.
func (e *Engine) reopen(l *link) {
	if e.now < l.reopenAt {
		return
	}
	c, err := e.config.Network.Open(l.class)
	if err != nil {
		e.fail(l, err)
		return
	}
	l.opened(c)
	l.read = e.now
	e.count.Reopened++
	e.notice(fmt.Errorf("%s %w", l.class.Family, ErrReopened))
}

func (e *Engine) notice(err error) {
	if e.config.Notice != nil {
		e.config.Notice(err)
	}
}
