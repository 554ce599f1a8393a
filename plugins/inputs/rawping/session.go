package rawping

import (
	"context"
	"errors"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/influxdata/telegraf"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/stats"
	"github.com/rawping/rawping/internal/wire"
)

// payload is how many bytes a request carries: ping's own number.
const payload = 56

// session is what lives from a Start to its Stop.
type session struct {
	plugin  *RawPing
	acc     telegraf.Accumulator // for the last report, in Stop
	engine  *echo.Engine
	targets []*target
	absent  []*target // those that the engine does not have yet

	ctx     context.Context // ends with Stop
	cancel  context.CancelFunc
	running sync.WaitGroup

	silent atomic.Int64  // targets of which there is nothing to tell yet
	first  chan struct{} // closed when there is none

	reporting sync.Mutex // guards what follows
	awaited   bool       // the first Gather has waited
	scratch   stats.Window
	journal   journal
	notices   chan error // of the engine, for the log
}

// newSession prepares an engine with all targets whose addresses are known.
func (p *RawPing) newSession(acc telegraf.Accumulator) (*session, error) {
	network, err := p.network()
	if err != nil {
		return nil, err
	}
	s := &session{
		plugin: p, acc: acc,
		first:   make(chan struct{}),
		journal: newJournal(p.Log),
		notices: make(chan error, 16),
	}
	s.engine, err = echo.New(echo.Config{
		Network:  network,
		Observe:  s.observe,
		Notice:   s.notice,
		Coalesce: coalesce(),
		Endless:  true,
		Ordinary: icmpsock.OrdinaryUser(),
	})
	if err != nil {
		return nil, errors.Join(err, network.Close())
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.silent.Store(int64(len(p.URLs)))
	for _, url := range p.URLs {
		addr, _ := netip.ParseAddr(url) // else it is a name
		s.targets = append(s.targets, &target{url: url, literal: addr.Unmap(), began: time.Now()})
	}
	return s, nil
}

// coalesce is how long the engine may put off its work to do more at once. Only
// where the kernel stamps arrivals does an RTT not grow by it.
func coalesce() time.Duration {
	if runtime.GOOS == "linux" {
		return 2 * time.Millisecond
	}
	return 0
}

// target returns what the engine is asked to probe.
func (p *RawPing) target(addr netip.Addr, t *target) echo.Target {
	return echo.Target{
		Addr:     addr,
		Interval: time.Duration(p.PingInterval),
		Timeout:  time.Duration(p.Timeout),
		Delay:    echo.Spread,
		Size:     payload,
		Ref:      t,

		AnySource:       p.AnySource,
		AllowBroadcast:  p.AnySource,
		AcceptTruncated: p.AcceptTruncated,
	}
}

// begin starts the goroutines: the engine's, and one for the targets that are
// not ready.
func (s *session) begin() {
	families := map[wire.Family][]*target{}
	for _, t := range s.targets {
		if !t.literal.IsValid() || !s.add(t, t.literal) {
			s.absent = append(s.absent, t)
			continue
		}
		family := wire.FamilyOf(t.literal)
		families[family] = append(families[family], t)
	}
	// Opened now, so that a missing right is in the log from the start.
	for _, family := range []wire.Family{wire.V4, wire.V6} {
		if len(families[family]) == 0 {
			continue
		}
		if err := s.engine.Open(icmpsock.Class{Family: family}); err != nil {
			for _, t := range families[family] {
				s.journal.note(t, state{kind: unsent, socket: true, cause: err.Error()})
			}
		}
	}
	s.journal.write()
	s.running.Go(func() {
		if err := s.engine.Run(s.ctx); err != nil {
			s.notice(err)
		}
	})
	s.running.Go(func() { s.bringUp(s.absent) })
}

// end stops the goroutines and reports what is left to tell.
func (s *session) end() {
	s.cancel()
	s.running.Wait()
	s.report(s.acc, true)
}

// add hands a target to the engine.
func (s *session) add(t *target, addr netip.Addr) bool {
	t.aim(addr) // before the first event comes
	if _, err := s.engine.Add(s.plugin.target(addr, t)); err != nil {
		s.heard(t.fail(unsent, err))
		return false
	}
	t.found()
	return true
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
		close(s.first)
	}
}

// awaitFirst waits, once, until there is something to tell of every target.
func (s *session) awaitFirst(most time.Duration) {
	s.reporting.Lock()
	defer s.reporting.Unlock()
	if s.awaited {
		return
	}
	s.awaited = true
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-s.first:
	case <-timer.C:
	case <-s.ctx.Done():
	}
}

// report adds a metric for each target and begins the next window. The last
// report leaves out the windows in which nothing was decided.
func (s *session) report(acc telegraf.Accumulator, last bool) {
	s.reporting.Lock()
	defer s.reporting.Unlock()
	for len(s.notices) > 0 {
		if err := <-s.notices; errors.Is(err, echo.ErrReopened) {
			s.plugin.Log.Infof("%v", err)
		} else {
			s.plugin.Log.Warnf("%v", err)
		}
	}
	stamp := time.Now() // one for all: they are rows of the same table
	for _, t := range s.targets {
		r := t.take(&s.scratch, time.Now())
		s.journal.note(t, r.state())
		if last && r.counts.Decided() == 0 {
			continue
		}
		acc.AddFields("rawping", r.fields(), map[string]string{"url": t.url}, stamp)
	}
	s.journal.write()
}
