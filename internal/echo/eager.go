package echo

import "slices"

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
	early := first.due.Sub(max(e.now, e.pause, e.civil(first)))
	if !first.target.Eager || early <= 0 || slices.ContainsFunc(e.links, e.canResume) {
		return
	}
	e.schedule.rearrange(func(t *turn) (wanted bool) {
		if !e.wanted(*t) {
			return false
		}
		if s := e.subjects.all[t.target]; s.target.Eager && !s.waiting {
			t.due, s.due = t.due.Add(-early), s.due.Add(-early)
		}
		return true
	})
}
