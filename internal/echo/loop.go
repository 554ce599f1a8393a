package echo

import (
	"context"
	"time"

	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/wire"
)

// loop is what the engine's goroutine owns. Nothing else touches it once Run
// has begun.
type loop struct {
	now      Instant // when this turn of the loop began
	timeline timeline
	table    *table
	signer   *signer
	schedule schedule
	bucket   bucket  // holds everything to the configured rate
	courtesy bucket  // holds an ordinary user's to what is civil
	paced    Instant // until when the buckets last held everything back
	subjects subjects
	links    []*link
	foremost int32 // the link whose queue goes first: its index, or as many as there are
	tickets  uint32
	spreads  uint64  // targets that were spread so far
	active   int     // subjects that are not settled
	nearby   bool    // something was sent whose reply is there as soon as it has left
	eager    bool    // a subject is, or was
	pause    Instant // until then no eager subject is hastened
	most     int     // how many subjects there have been at once
	spare    []command
	scratch  []byte // a packet as it was sent
	count    Counters
	message  wire.Message
	event    Event
	timer    *time.Timer
}

func (l *loop) init(config Config) {
	l.table, l.signer, l.subjects = newTable(), newSigner(), newSubjects()
	now, wall := config.Clock()
	l.now = now
	l.timeline.observe(now, wall)
	l.bucket = newBucket(config.Rate, now)
	if config.Ordinary {
		l.courtesy = newBucket(OrdinaryRate, now)
	}
}

// Run probes until every target has had its last verdict (unless
// Config.Endless) or ctx is done; what is in flight then is abandoned. It
// returns when no goroutine and no socket of the engine is left. An engine runs
// once. The error is the network's on closing; failures of single sends and of
// connections are events and notices.
func (e *Engine) Run(ctx context.Context) error {
	e.mu.Lock()
	if e.running || e.closed {
		e.mu.Unlock()
		return errClosed
	}
	e.running = true
	e.mu.Unlock()
	e.timer = time.NewTimer(0)
	defer e.timer.Stop()

	for ctx.Err() == nil {
		e.read()
		e.obey()
		e.drain()
		e.expire()
		e.table.forget(e.now)
		more := e.send()
		e.publish()
		if e.active == 0 && !e.config.Endless && !e.commanded() {
			break
		}
		if !more && (!e.nearby || e.config.Coalesce > 0) {
			e.hasten()
			e.sleep(ctx)
		}
		e.nearby = false
	}
	return e.stop()
}

// read reads the clocks.
func (e *Engine) read() Instant {
	now, wall := e.config.Clock()
	e.timeline.observe(now, wall)
	e.now = max(e.now, now)
	return e.now
}

// publish makes the counts visible to other goroutines.
func (e *Engine) publish() {
	e.count.ClockSteps = e.timeline.steps
	e.mu.Lock()
	e.counters = e.count
	e.mu.Unlock()
}

func (e *Engine) commanded() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.commands) > 0
}

// sleep waits until there is something to do.
func (e *Engine) sleep(ctx context.Context) {
	if e.config.Coalesce > 0 {
		e.timer.Reset(e.config.Coalesce)
		select {
		case <-ctx.Done():
			return
		case <-e.timer.C:
		}
	}
	var alarm <-chan time.Time // never, if nothing is due
	if at, ok := e.nextDue(); ok {
		now, _ := e.config.Clock()
		if at <= now {
			return
		}
		e.timer.Reset(at.Sub(now))
		alarm = e.timer.C
	}
	select {
	case <-ctx.Done():
	case <-e.wake:
	case <-e.config.Network.Ready():
	case <-alarm:
	}
}

// nextDue returns when the next thing happens by itself.
func (e *Engine) nextDue() (at Instant, ok bool) {
	sooner := func(t Instant) {
		if !ok || t < at {
			at, ok = t, true
		}
	}
	if t, found := e.nextTurn(); found {
		sooner(max(t.due, e.admissible(e.subjects.all[t.target])))
	}
	if i, found := e.table.firstDeadline(); found {
		sooner(e.table.at(i).until + 1) // a reply at the very deadline is in time
	}
	for _, l := range e.links {
		switch {
		case l.conn == nil:
			sooner(l.reopenAt)
		case !l.queue.empty() && l.blockedUntil > e.now:
			sooner(l.blockedUntil)
		case e.canResume(l):
			sooner(e.admissible(e.subjects.all[l.queue.first().target]))
		}
	}
	return at, ok
}

// nextTurn returns the next turn in the schedule that is still wanted.
func (e *Engine) nextTurn() (turn, bool) {
	for {
		t, ok := e.schedule.next()
		if !ok || e.wanted(t) {
			return t, ok
		}
		e.schedule.pop()
	}
}

func (e *Engine) wanted(t turn) bool {
	if int(t.target) >= len(e.subjects.all) {
		return false
	}
	s := e.subjects.all[t.target]
	return s != nil && s.ticket == t.ticket
}

// turnFor returns a turn of a subject that replaces any that it has.
func (e *Engine) turnFor(i int32, s *subject) turn {
	e.tickets++
	if e.tickets == 0 {
		e.tickets++
	}
	s.ticket = e.tickets
	return turn{due: s.due, target: i, ticket: s.ticket}
}

// expire gives its verdict to every probe whose deadline has passed, as far as
// all that arrived by then has been read.
func (e *Engine) expire() {
	read := e.now
	for _, l := range e.links {
		if l.conn != nil {
			read = min(read, l.read)
		}
	}
	sampled := false
	for {
		slot, ok := e.table.expired(read)
		if !ok {
			return
		}
		if p := e.table.at(slot); p.stamp != 0 && p.stamp.Add(p.timeout) > p.until {
			e.table.prolong(slot, p.stamp.Add(p.timeout)) // it left later than the write
			continue
		}
		if !sampled {
			e.sampleAll()
			sampled = true
		}
		if err := e.withheld(slot); err != nil {
			e.retract(slot, err)
			continue
		}
		e.judgeLost(slot, e.table.at(slot).until)
	}
}

// sampleAll reads the drop counters of all connections.
func (e *Engine) sampleAll() {
	for _, l := range e.links {
		if l.conn != nil {
			e.sampleDrops(l)
		}
	}
}

func (e *Engine) sampleDrops(l *link) {
	drops := l.conn.Drops()
	e.count.Drops += uint64(drops - l.drops)
	l.drops = drops
}

// stop judges what has arrived or expired by now, gives up what is still in
// flight, and closes the network.
func (e *Engine) stop() error {
	e.read()
	e.drain()
	e.expire()
	e.sampleAll()
	for i, s := range e.subjects.all {
		if s != nil {
			e.giveUpWaiting(int32(i), s)
			e.abandon(int32(i), s, icmpsock.Sent, nil)
		}
	}
	e.publish()
	e.mu.Lock()
	e.closed, e.running, e.commands = true, false, nil
	e.mu.Unlock()
	return e.config.Network.Close()
}
