package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/testbed"
	"github.com/rawping/rawping/internal/wire"
)

// run is one soak.
type run struct {
	bed      *testbed.Bed
	length   time.Duration
	seed     uint64
	clock    echo.Clock // of all engines
	bedBegan echo.Instant
	began    time.Time
	probers  []*prober
	breaches breaches
	log      requestLog

	calm   atomic.Bool // no stalls any more
	ending atomic.Bool // targets may be abandoned

	mu    sync.Mutex
	flaps []span
}

// span is a time in which the link was not to be relied on.
type span struct{ from, to echo.Instant }

func newRun(bed *testbed.Bed, length time.Duration, seed uint64) *run {
	r := &run{bed: bed, length: length, seed: seed, clock: echo.SystemClock(), began: time.Now()}
	r.log.run = r
	old := time.Since(bed.Began()) // read first: what comes between makes deadlines early, and breaches few
	now, _ := r.clock()
	r.bedBegan = now.Add(-old)
	return r
}

// since returns an instant of the engines as the bed's log counts.
func (r *run) since(at echo.Instant) time.Duration { return at.Sub(r.bedBegan) }

// run probes, meddles, drains, and judges.
func (r *run) run(ctx context.Context) (bool, error) {
	before := measure()
	running, end := context.WithCancel(context.Background())
	defer end()
	seed := r.seed
	for _, f := range []wire.Family{wire.V4, wire.V6} {
		for _, raw := range []bool{true, false} {
			seed++
			p, err := newProber(r, kind{raw, f}, seed)
			if err != nil {
				return false, err
			}
			r.probers = append(r.probers, p)
		}
	}
	for _, p := range r.probers {
		p.start(running)
	}
	warm, err := r.trouble(ctx)
	if err != nil {
		return false, err
	}
	r.calm.Store(true)
	for _, p := range r.probers {
		if err := p.drain(); err != nil {
			return false, err
		}
	}
	r.catchUp()
	r.log.read(true)
	r.judge()
	drained := measure()
	r.ending.Store(true)
	end()
	for _, p := range r.probers {
		if err := <-p.ended; err != nil && !errors.Is(err, context.Canceled) {
			return false, err
		}
		p.final()
	}
	after := settle(before)
	r.compare(before, warm, drained, after)
	return r.report(), nil
}

// catchUp waits until the responder, which may be behind by seconds on a busy machine,
// has seen all that was sent.
func (r *run) catchUp() {
	before := -1
	for range 60 {
		seen := r.bed.Seen(r.bed.Responder.V4).Requests + r.bed.Seen(r.bed.Responder.V6).Requests
		if seen == before {
			return
		}
		before = seen
		time.Sleep(time.Second)
	}
}

// trouble lets everything go wrong until the time is up, or one asks for the end.
// It returns what the run needed once it had warmed up.
func (r *run) trouble(ctx context.Context) (warm usage, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.length)
	defer cancel()
	var wg sync.WaitGroup
	failed := make(chan error, 16)
	every := func(stream uint64, pause func(*rand.Rand) time.Duration, do func(*rand.Rand) error) {
		rng := repeatable(r.seed, stream)
		wg.Go(func() {
			for wait(ctx, pause(rng)) {
				if err := do(rng); err != nil {
					failed <- err
					cancel()
					return
				}
			}
		})
	}
	var prefixes []netip.Prefix
	for i, p := range r.probers {
		prefixes = append(prefixes, p.rules()...)
		every(uint64(10+i), between(20*ms, 200*ms), func(*rand.Rand) error { return p.meddle() })
		every(uint64(20+i), between(5*ms, 25*ms), p.snapshots())
	}
	every(30, between(100*ms, 600*ms), func(rng *rand.Rand) error { changeRule(r.bed, rng, prefixes); return nil })
	every(31, between(min(40*time.Second, r.length/3), min(80*time.Second, r.length/2)), r.flap)
	every(32, between(logEvery, logEvery), func(*rand.Rand) error { r.log.read(false); return nil })

	lines := time.NewTicker(min(time.Minute, r.length/4))
	defer lines.Stop()
	warmUp := time.NewTimer(min(max(r.length/5, 20*time.Second), 2*time.Minute))
	defer warmUp.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-lines.C:
			r.line()
		case <-warmUp.C:
			warm = measure()
		}
	}
	wg.Wait()
	select {
	case err = <-failed:
	default:
	}
	return warm, err
}

// between returns pauses of a length that nobody has chosen.
func between(shortest, longest time.Duration) func(*rand.Rand) time.Duration {
	return func(rng *rand.Rand) time.Duration {
		return shortest + time.Duration(rng.Int64N(int64(longest-shortest)+1))
	}
}

// wait reports false when the context ended first.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// flap takes the client's link down and up.
func (r *run) flap(rng *rand.Rand) error {
	const forever = echo.Instant(1<<63 - 1)
	now, _ := r.clock()
	r.mu.Lock()
	r.flaps = append(r.flaps, span{now, forever})
	r.mu.Unlock()
	device := r.bed.RouterLinkLocal.Zone()
	err := r.bed.Client.IP("link set " + device + " down")
	time.Sleep(time.Duration(50+rng.IntN(600)) * ms)
	err = errors.Join(err, r.bed.RestoreClient())
	// The kernel starts a link's queue a moment after the link came up.
	time.Sleep(time.Second)
	now, _ = r.clock()
	r.mu.Lock()
	r.flaps[len(r.flaps)-1].to = now
	r.mu.Unlock()
	return err
}

// flapped reports whether the link failed while a probe was in flight.
func (r *run) flapped(ev *echo.Event) bool {
	from := ev.Sent
	if from == 0 {
		from = ev.At
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.flaps {
		if from <= s.to && ev.At >= s.from {
			return true
		}
	}
	return false
}

// snapshots returns a check of the counters, which may never contradict each
// other, nor fall.
func (p *prober) snapshots() func(*rand.Rand) error {
	var last echo.Counters
	return func(*rand.Rand) error {
		c := p.engine.Counters()
		p.balanced(c)
		// A packet that proves not to have left is sent no more.
		if c.Sent+c.NotSent < last.Sent+last.NotSent || c.Replies < last.Replies || c.Lost < last.Lost || c.Refused < last.Refused ||
			c.Abandoned < last.Abandoned || c.NotSent < last.NotSent || c.Foreign < last.Foreign || c.Drops < last.Drops {
			p.breach("a counter fell", "%+v, before %+v", c, last)
		}
		last = c
		return nil
	}
}

// balanced holds counters against the invariant.
func (p *prober) balanced(c echo.Counters) {
	if c.InFlight < 0 || c.Sent != c.Replies+c.Lost+c.Refused+c.Abandoned+uint64(c.InFlight) {
		p.breach("sent is not the sum of its parts", "%+v", c)
	}
}

// say prints a line with the time since the beginning.
func (r *run) say(format string, args ...any) {
	fmt.Printf("%8v  %s\n", time.Since(r.began).Round(time.Second), fmt.Sprintf(format, args...))
}
