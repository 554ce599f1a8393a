package echo_test

import (
	"context"
	"fmt"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/echo/echotest"
	"github.com/rawping/rawping/internal/icmpsock"
)

const ms = time.Millisecond

var (
	hostA  = netip.MustParseAddr("192.0.2.10")
	hostB  = netip.MustParseAddr("192.0.2.11")
	host6  = netip.MustParseAddr("2001:db8::10")
	router = netip.MustParseAddr("203.0.113.1")
	best   = icmpsock.Facts{Raw: true, RecvStamps: true, SendStamps: true}
	ping   = icmpsock.Facts{RecvStamps: true, SendStamps: true}
)

// record is what an engine told its observer.
type record struct {
	t      *testing.T
	engine *echo.Engine
	events []echo.Event
	took   time.Duration
}

// probing is a run of an engine on a simulated network.
type probing struct {
	network *echotest.Network
	config  echo.Config
	targets []echo.Target
	ctx     context.Context
	during  func(*record) // runs beside the engine
}

// run runs the engine to its end inside a bubble of its own. A goroutine that is
// left behind fails the test.
func (p probing) run(t *testing.T) *record {
	t.Helper()
	r := &record{t: t}
	synctest.Test(t, func(t *testing.T) { p.start(t, r) })
	return r
}

// start is run without the bubble.
func (p probing) start(t *testing.T, r *record) {
	t.Helper()
	if p.ctx == nil {
		p.ctx = t.Context()
	}
	p.config.Network = p.network
	p.config.Observe = func(ev *echo.Event) { r.events = append(r.events, *ev) }
	e, err := echo.New(p.config)
	require.NoError(t, err)
	r.engine = e
	for _, target := range p.targets {
		_, err := e.Add(target)
		require.NoError(t, err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if p.during != nil {
			p.during(r)
		}
	}()
	began := time.Now()
	require.NoError(t, e.Run(p.ctx))
	r.took = time.Since(began)
	<-done
	r.checkInvariants()
}

// checkInvariants asserts what must hold for every run that has ended.
func (r *record) checkInvariants() {
	r.t.Helper()
	c := r.engine.Counters()
	require.Zero(r.t, c.InFlight, "in flight after the end")
	require.Equal(r.t, c.Sent, c.Replies+c.Lost+c.Refused+c.Abandoned, "%+v", c)

	type probe struct {
		target echo.TargetID
		number uint64
	}
	verdicts := map[probe]int{}
	last := map[echo.TargetID]uint64{}
	kinds := map[echo.Kind]uint64{}
	for _, ev := range r.events {
		kinds[ev.Kind]++
		if ev.Kind.Verdict() {
			verdicts[probe{ev.Target, ev.Number}]++
			last[ev.Target] = max(last[ev.Target], ev.Number)
		}
	}
	for p, n := range verdicts {
		if n != 1 {
			r.t.Fatalf("%d verdicts on %+v", n, p)
		}
	}
	for target, n := range last {
		for number := uint64(1); number <= n; number++ {
			if verdicts[probe{target, number}] != 1 {
				r.t.Fatalf("probe %d of target %d has no verdict", number, target)
			}
		}
	}
	require.Equal(r.t, map[echo.Kind]uint64{
		echo.Reply: c.Replies, echo.Lost: c.Lost, echo.Refused: c.Refused, echo.Abandoned: c.Abandoned, echo.NotSent: c.NotSent,
		echo.Late: c.Late, echo.LateRefusal: c.LateRefusals, echo.Duplicate: c.Duplicates, echo.Corrupt: c.Corrupt, echo.WrongSource: c.WrongSource,
	}, map[echo.Kind]uint64{
		echo.Reply: kinds[echo.Reply], echo.Lost: kinds[echo.Lost], echo.Refused: kinds[echo.Refused], echo.Abandoned: kinds[echo.Abandoned], echo.NotSent: kinds[echo.NotSent],
		echo.Late: kinds[echo.Late], echo.LateRefusal: kinds[echo.LateRefusal], echo.Duplicate: kinds[echo.Duplicate], echo.Corrupt: kinds[echo.Corrupt], echo.WrongSource: kinds[echo.WrongSource],
	})
}

// story returns the events as short lines, for comparison with what was expected.
func (r *record) story() []string {
	var lines []string
	for _, ev := range r.events {
		lines = append(lines, tell(ev))
	}
	return lines
}

func tell(ev echo.Event) string {
	line := fmt.Sprintf("%d %v", ev.Number, ev.Kind)
	if ev.RTT != 0 {
		line += fmt.Sprintf(" %v %v", ev.RTT, ev.RTTSource)
	}
	if ev.ICMP.Router.IsValid() {
		line += fmt.Sprintf(" %d/%d from %v", ev.ICMP.Type, ev.ICMP.Code, ev.ICMP.Router)
	}
	if ev.Kind == echo.NotSent || ev.Cause != icmpsock.Sent {
		line += fmt.Sprintf(" cause %d", ev.Cause)
	}
	for _, f := range []struct {
		is   bool
		text string
	}{{ev.OutOfOrder, " out of order"}, {ev.Truncated, " truncated"}, {ev.Suspect, " suspect"}, {ev.Weak, " weak"}} {
		if f.is {
			line += f.text
		}
	}
	return line
}

// to returns a target with plain settings.
func to(addr netip.Addr, count int) echo.Target {
	return echo.Target{Addr: addr, Count: count, Interval: 100 * ms, Timeout: 1000 * ms, Size: 56}
}

// everywhere returns a network on which every address has the same host.
func everywhere(facts icmpsock.Facts, h echotest.Host) *echotest.Network {
	return &echotest.Network{Facts: facts, Host: func(netip.Addr) echotest.Host { return h }}
}

func mustAddr(s string) netip.Addr { return netip.MustParseAddr(s) }

// stepped returns the system's clock, whose wall clock is off by so many nanoseconds.
func stepped(by *atomic.Int64) echo.Clock {
	system := echo.SystemClock()
	return func() (echo.Instant, int64) {
		now, wall := system()
		return now, wall + by.Load()
	}
}
