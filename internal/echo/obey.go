package echo

import (
	"math"
	"time"

	"github.com/rawping/rawping/internal/icmpsock"
)

// manySubjects is from how many subjects on silent ones get a lane of their
// own: fewer cannot fill a socket's send buffer.
const manySubjects = 128

// obey carries out what other goroutines have asked for.
func (e *Engine) obey() {
	commands := e.takeCommands(e.spare)
	if len(commands) > 0 && len(e.subjects.byID) == 0 {
		e.subjects.reserve(len(commands))
		e.schedule.reserve(len(commands))
	}
	for k := range commands {
		c := &commands[k]
		i, known := e.subjects.byID[c.id]
		switch {
		case c.kind == addTarget:
			e.addSubject(c.subject)
		case !known:
			// It was removed before.
		case c.kind == changeTarget:
			e.changeSubject(i, c.subject)
		case c.kind == removeTarget:
			e.removeSubject(i)
		}
		c.subject = nil
	}
	if cap(commands) > spareSlots {
		commands = nil // many targets come at once, and then seldom
	}
	e.spare = commands
}

func (e *Engine) addSubject(s *subject) {
	delay := s.target.Delay
	if delay == Spread {
		delay = e.spread(s.target.Interval)
	}
	if s.due == 0 { // it was there before Run
		s.due = e.now
	}
	s.due = s.due.Add(delay)
	s.started = s.due
	i := e.subjects.add(s)
	e.count.Targets++
	e.most = max(e.most, e.count.Targets)
	e.schedule.push(e.turnFor(i, s))
	e.eager = e.eager || s.target.Eager
	s.active = true
	e.active++
}

func (e *Engine) changeSubject(i int32, changed *subject) {
	s := e.subjects.all[i]
	moved := s.addr != changed.addr || s.scope != changed.scope
	if moved {
		e.abandon(i, s, icmpsock.Sent, nil)
		e.forgetProbes(i, s)
		e.subjects.unindex(i)
	}
	interval := s.target.Interval
	s.changed = e.now
	s.target, s.options = changed.target, changed.options
	s.addr, s.scope = changed.addr, changed.scope
	e.eager = e.eager || s.target.Eager
	if moved {
		e.subjects.index(i)
	}
	switch {
	case s.waiting:
		// It takes the new settings along when its turn comes.
	case s.done(), s.target.Interval == 0 && s.flying > 0:
		s.ticket = 0
	case s.ticket == 0, s.target.Interval != interval:
		s.due = max(e.now, s.started.Add(s.target.Interval))
		e.schedule.push(e.turnFor(i, s))
	}
	e.settle(s)
}

// relocate looks for the interface of a subject that names one, after a send
// failed as it does when the interface is gone: it may have been made anew, with
// another index.
func (e *Engine) relocate(s *subject, cause icmpsock.Cause) {
	if s.target.Interface == "" && s.target.Addr.Zone() == "" {
		return
	}
	switch cause {
	case icmpsock.LinkDown, icmpsock.NoRoute, icmpsock.NoSource, icmpsock.Blackhole, icmpsock.OtherCause:
	default:
		return
	}
	fresh, err := e.prepare(s.target)
	if err != nil || fresh.scope == s.scope && fresh.options == s.options {
		return
	}
	e.changeSubject(e.subjects.byID[s.id], fresh)
}

func (e *Engine) removeSubject(i int32) {
	s := e.subjects.all[i]
	e.abandon(i, s, icmpsock.Sent, nil)
	e.forgetProbes(i, s)
	s.ticket, s.stopped = 0, true
	e.settle(s)
	e.subjects.remove(i)
	e.count.Targets--
}

// abandon ends the flight of a subject's probes without a verdict on the host.
func (e *Engine) abandon(i int32, s *subject, cause icmpsock.Cause, err error) {
	if s.flying == 0 {
		return
	}
	oldest := int(s.seq(s.numbered + 1))
	for k := range s.slots {
		slot := s.slots[(oldest+k)&(len(s.slots)-1)]
		if slot == none || !e.table.holds(slot, i) {
			continue
		}
		if e.table.at(slot).state == inFlight {
			e.giveUp(slot, cause, err)
		}
	}
}

// forgetProbes lets nothing in the table point to a subject that goes.
func (e *Engine) forgetProbes(i int32, s *subject) {
	for k := range s.slots {
		if slot := s.slots[k]; slot != none && e.table.holds(slot, i) {
			e.table.at(slot).target = none
		}
		s.slots[k] = none
	}
	if len(s.slots) < maxRing {
		return
	}
	for slot := range e.table.slots { // numbers have wrapped: some are in no ring
		if p := e.table.at(slot); p.target == i {
			p.target = none
		}
	}
}

// settle keeps count of the subjects from which something is to come.
func (e *Engine) settle(s *subject) {
	active := !s.settled()
	if active == s.active {
		return
	}
	s.active = active
	if active {
		e.active++
	} else {
		e.active--
	}
}

// spread returns a part of the interval, so that the parts of many targets lie
// evenly over it however many there are: the golden ratio's multiples do.
func (e *Engine) spread(interval time.Duration) time.Duration {
	_, part := math.Modf(float64(e.spreads) / math.Phi)
	e.spreads++
	return time.Duration(part * float64(interval))
}
