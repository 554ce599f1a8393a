package rawping

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/influxdata/telegraf"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/stats"
)

// firstSlack is how much longer than its probes the first Gather may wait: a
// name's look-up is bounded by it too.
const firstSlack = 5 * time.Second

// session is what lives from a Start to its Stop.
type session struct {
	plugin *RawPing
	acc    telegraf.Accumulator // for the last report, in Stop
	engine *echo.Engine
	clock  echo.Clock
	roster roster

	ctx     context.Context // ends with Stop
	cancel  context.CancelFunc
	running sync.WaitGroup

	errands     chan errand        // to be done
	bursts      chan time.Duration // to be started, after so long
	burstNumber atomic.Int64
	probes      spread // of one interval, where targets begin
	lookUps     spread // of one resolve_interval, where names begin

	silent atomic.Int64  // targets of which there is nothing to tell yet
	first  chan struct{} // closed when there was none
	once   sync.Once     // closes it

	reporting sync.Mutex // guards what follows
	awaited   bool       // the first Gather has waited
	heldBack  wait       // how long; zero once the second has come
	scratch   stats.Window
	targets   []*target // of one host, for a moment
	shapes    shapes
	journal   journal
	books     engineBooks
	notices   chan error // of the engine, for the log
}

// newSession prepares an engine with all targets whose addresses are known.
func (p *RawPing) newSession(acc telegraf.Accumulator) (*session, error) {
	network, err := p.network()
	if err != nil {
		return nil, err
	}
	s := &session{
		plugin: p, acc: acc, clock: echo.SystemClock(),
		errands: make(chan errand),
		bursts:  make(chan time.Duration, 1),
		first:   make(chan struct{}),
		journal: newJournal(p.Log),
		notices: make(chan error, 16),
	}
	p.plan.reread(p.Log)
	entries := p.plan.targets
	s.engine, err = echo.New(echo.Config{
		Network:  network,
		Observe:  s.observe,
		Notice:   s.notice,
		Clock:    s.clock,
		Rate:     float64(p.plan.maxRate),
		Coalesce: coalesce(entries),
		Endless:  true,
		Ordinary: icmpsock.OrdinaryUser(),
	})
	if err != nil {
		return nil, errors.Join(err, network.Close())
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.books = newEngineBooks(p.Statistics, s.instant())
	hosts := make([]*host, len(entries))
	for i := range entries {
		hosts[i] = newHost(entries[i], s.newcomer(entries[i]))
	}
	s.roster.set(hosts)
	return s, nil
}

// coalesce is how long the engine may put off its work to do more at once. Only
// where the kernel stamps arrivals does an RTT not grow by it. No probe may miss
// its turn for it.
func coalesce(entries []*entry) time.Duration {
	if runtime.GOOS != "linux" {
		return 0
	}
	most := 2 * time.Millisecond
	if len(entries) >= 1000 {
		most = 5 * time.Millisecond
	}
	for _, e := range entries {
		most = min(most, e.how.interval/4)
	}
	return most
}

// instant reads the engine's time.
func (s *session) instant() echo.Instant {
	now, _ := s.clock()
	return now
}

// begin starts the goroutines, and hands the engine the targets whose addresses
// are known.
func (s *session) begin() {
	var waiting errands
	now := time.Now()
	for _, h := range s.roster.all() {
		if h.name != nil || !s.retarget(h, s.lookUp(h)) {
			waiting = append(waiting, errand{host: h, due: now})
		}
	}
	s.openSockets()
	s.running.Go(func() {
		if err := s.engine.Run(s.ctx); err != nil {
			s.notice(err)
		}
	})
	s.running.Go(func() { s.runErrands(waiting) })
	if len(s.plugin.TargetsFile) > 0 {
		s.running.Go(s.watch)
	}
	if s.bursting() {
		s.running.Go(s.runBursts)
	}
}

// end stops the goroutines and reports what is left to tell.
func (s *session) end() {
	s.cancel()
	s.running.Wait()
	s.report(s.acc, time.Now(), true)
	s.books.close()
}

// observe takes the engine's events. It runs on the engine's goroutine.
func (s *session) observe(ev *echo.Event) {
	s.heard(ev.Ref.(*target).observe(ev))
}

// notice takes the engine's notices for the log; what is too much for it is
// dropped rather than waited for.
func (s *session) notice(err error) {
	select {
	case s.notices <- err:
	default:
	}
}

// heard counts the targets of which there is something to tell.
func (s *session) heard(news bool) {
	if news && s.silent.Add(-1) == 0 {
		s.once.Do(func() { close(s.first) })
	}
}

// gather reports, after a wait the first time, and starts the next burst.
func (s *session) gather(acc telegraf.Accumulator) {
	began := time.Now()
	s.reporting.Lock()
	first, held := !s.awaited, s.heldBack.holds(began)
	s.awaited, s.heldBack = true, wait{}
	s.reporting.Unlock()
	switch {
	case held:
		return
	case !first:
		s.report(acc, began, false)
		s.askBurst(0)
		return
	}
	s.askBurst(0)
	if !s.awaitFirst(s.plugin.plan.sending() + s.plugin.plan.general.timeout + firstSlack) {
		return // Stop reports
	}
	s.report(acc, began, false)
	// The burst that the next Gather tells of; a pause later, so that --once
	// sends no more than it tells.
	s.askBurst(s.plugin.plan.general.interval)
	s.reporting.Lock()
	defer s.reporting.Unlock()
	s.heldBack = wait{from: began, to: time.Now()}
}

// wait is what the first Gather did.
type wait struct{ from, to time.Time }

// holds reports whether a Gather has been held back by the wait: the agent's tick
// came meanwhile. It has nothing of its own to tell, and its metrics would have the
// time of the first one's, or the next one's, once the agent has rounded it: one
// would overwrite the other.
func (w wait) holds(began time.Time) bool {
	return began.Sub(w.to) < min(w.to.Sub(w.from)/2, time.Second/2)
}

// awaitFirst waits until there is something to tell of every target. It is false
// if the session ended meanwhile.
func (s *session) awaitFirst(most time.Duration) bool {
	if s.silent.Load() > 0 {
		timer := time.NewTimer(most)
		defer timer.Stop()
		select {
		case <-s.first:
		case <-timer.C:
		case <-s.ctx.Done():
		}
	}
	return s.ctx.Err() == nil
}

// oneLine makes an error fit a line of the log and a field.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
