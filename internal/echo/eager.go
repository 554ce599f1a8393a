package echo

// hasten makes what the eager subjects have next due at once, if nothing is in
// flight: there is nothing to wait for, and who answers fast can take more. They
// keep their distances, so that what follows waits as long as it would have.
func (e *Engine) hasten() {
	if !e.eager || e.count.InFlight > 0 {
		return
	}
	t, ok := e.nextTurn()
	if !ok {
		return
	}
	first := e.subjects.all[t.target]
	early := t.due.Sub(max(e.now, e.pause, e.civil(first)))
	if !first.target.Eager || early <= 0 || e.pending() {
		return
	}
	for i, s := range e.subjects.all {
		if s != nil && s.target.Eager && s.ticket != 0 && !s.waiting {
			s.due = s.due.Add(-early)
			e.schedule.push(e.turnFor(int32(i), s))
		}
	}
}

// pending reports whether a packet is made but not yet sent, or waits for room.
func (e *Engine) pending() bool {
	for _, l := range e.links {
		if len(l.outs) > 0 || e.canResume(l) {
			return true
		}
	}
	return false
}
