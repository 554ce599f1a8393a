package rawping

import (
	"container/heap"
	"time"
)

const (
	lookups    = 32 // at a time
	retryFirst = time.Second
	retryMost  = time.Minute
)

// errand is a host that is to be looked up and handed to the engine: a name again
// and again, an address until the engine has it.
type errand struct {
	host  *host
	due   time.Time
	wait  time.Duration // after the last failure; 0: it did not fail
	again bool          // it was done before, and did not fail
}

// errands are a heap, the first due first.
type errands []errand

// runErrands does the errands as they fall due, and those that come by s.errands.
// The workers end with the session.
func (s *session) runErrands(waiting errands) {
	heap.Init(&waiting)
	work := make(chan errand)
	defer close(work)
	workers := 0
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var to chan errand // nil while nothing is due
		var next errand
		var alarm <-chan time.Time
		if len(waiting) > 0 {
			next = waiting[0]
			if wait := time.Until(next.due); wait > 0 {
				timer.Reset(wait)
				alarm = timer.C
			} else {
				to = work
			}
		}
		if to != nil && workers < lookups {
			workers++
			s.running.Go(func() { s.runWorker(work) })
		}
		select {
		case to <- next:
			heap.Pop(&waiting)
		case e := <-s.errands:
			heap.Push(&waiting, e)
		case <-alarm:
		case <-s.ctx.Done():
			return
		}
	}
}

func (s *session) runWorker(work <-chan errand) {
	for e := range work {
		again, ok := s.do(e)
		if !ok {
			continue
		}
		select {
		case s.errands <- again:
		case <-s.ctx.Done():
			return
		}
	}
}

// do does an errand. It is false if that was the last time.
func (s *session) do(e errand) (again errand, ok bool) {
	f := s.lookUp(e.host)
	if s.ctx.Err() != nil {
		return e, false
	}
	if !s.retarget(e.host, f) {
		e.wait = min(max(retryFirst, 2*e.wait), retryMost)
		e.due = time.Now().Add(e.wait)
		return e, true
	}
	every := s.plugin.plan.resolveInterval
	if e.host.name == nil || every == 0 || e.host.left() {
		return e, false
	}
	next := errand{host: e.host, due: time.Now().Add(every), again: true}
	// The first time after a part of the interval, so that all names are not
	// asked for at once for ever. That begins when all were due together.
	if !e.again {
		if early := e.due.Add(every/2 + s.lookUps.next(every/2)); time.Until(early) > 0 {
			next.due = early
		}
	}
	return next, true
}

// Len implements heap.Interface.
func (es errands) Len() int { return len(es) }

// Less implements heap.Interface.
func (es errands) Less(i, j int) bool { return es[i].due.Before(es[j].due) }

// Swap implements heap.Interface.
func (es errands) Swap(i, j int) { es[i], es[j] = es[j], es[i] }

// Push implements heap.Interface.
func (es *errands) Push(e any) { *es = append(*es, e.(errand)) }

// Pop implements heap.Interface.
func (es *errands) Pop() any {
	last := len(*es) - 1
	e := (*es)[last]
	(*es)[last] = errand{}
	*es = (*es)[:last]
	return e
}
