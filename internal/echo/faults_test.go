package echo_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/echo/echotest"
	"github.com/rawping/rawping/internal/icmpsock"
)

func TestSocketDies(t *testing.T) {
	network := everywhere(best, echotest.Replies(150*ms))
	var notices []string
	closedUntil := atomic.Bool{}
	network.OpenError = func(icmpsock.Class) error {
		if closedUntil.Load() {
			return errors.New("no such luck")
		}
		return nil
	}
	r := probing{
		network: network,
		config:  echo.Config{Notice: func(err error) { notices = append(notices, err.Error()) }},
		targets: []echo.Target{to(hostA, 12)},
		during: func(*record) {
			time.Sleep(240 * ms)
			closedUntil.Store(true)
			network.Kill()
			time.Sleep(200 * ms)
			closedUntil.Store(false)
		},
	}.run(t)
	c := r.engine.Counters()
	require.Equal(t, uint64(2), c.Abandoned, "in flight when the socket died")
	require.Equal(t, uint64(0), c.Lost, "a dead socket of ours is no loss")
	require.Equal(t, uint64(1), c.Reopened)
	require.Equal(t, uint64(12), c.Replies+c.Abandoned+c.NotSent)
	require.Positive(t, c.NotSent)
	require.Len(t, notices, 2, "said once that it is lost, and once that it is back: %q", notices)
	require.Equal(t, 2, network.Opened())
	for _, ev := range r.events {
		if ev.Kind == echo.NotSent || ev.Kind == echo.Abandoned {
			require.Equal(t, icmpsock.SocketLost, ev.Cause)
		}
	}
}

// TestSocketStaysDead tries to open a dead socket anew for a minute: less and less
// often.
func TestSocketStaysDead(t *testing.T) {
	network := everywhere(best, echotest.Replies(ms))
	var began time.Time
	var tries []time.Duration
	network.OpenError = func(icmpsock.Class) error {
		if began.IsZero() {
			began = time.Now()
			return nil
		}
		tries = append(tries, time.Since(began))
		return errors.New("no such luck")
	}
	target := to(hostA, 61)
	target.Interval = time.Second
	r := probing{network: network, targets: []echo.Target{target}, during: func(*record) {
		time.Sleep(ms / 2)
		network.Kill()
	}}.run(t)
	require.Equal(t, uint64(60), r.engine.Counters().NotSent)
	require.Len(t, tries, 9, "%v", tries)
	for k, last := 1, 100*ms; k < len(tries); k++ {
		require.GreaterOrEqual(t, tries[k]-tries[k-1], 2*last)
		last = tries[k] - tries[k-1]
	}
}

// TestDropsOfADeadSocket: the one that is opened anew counts from 0.
func TestDropsOfADeadSocket(t *testing.T) {
	network := everywhere(best, echotest.Silent)
	target := to(hostA, 3)
	target.Timeout = 50 * ms
	r := probing{network: network, targets: []echo.Target{target}, during: func(*record) {
		time.Sleep(10 * ms) // the first has left
		network.Drop(3)
		time.Sleep(50 * ms)
		network.Kill()
	}}.run(t)
	require.Equal(t, []string{"1 lost suspect", "2 not sent cause 11", "3 lost"}, r.story())
	require.Equal(t, uint64(3), r.engine.Counters().Drops)
}

func TestDropsMakeSuspect(t *testing.T) {
	network := everywhere(best, echotest.Silent)
	r := probing{
		network: network,
		targets: []echo.Target{to(hostA, 2)},
		during:  func(*record) { time.Sleep(50 * ms); network.Drop(3) },
	}.run(t)
	require.Equal(t, []string{"1 lost suspect", "2 lost suspect"}, r.story())
	require.Equal(t, uint64(3), r.engine.Counters().Drops)
	require.Equal(t, uint64(2), r.engine.Counters().Suspect)
}

func TestContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 250*ms)
		defer cancel()
		r := &record{t: t}
		probing{network: everywhere(best, echotest.Silent), ctx: ctx, targets: []echo.Target{to(hostA, 0)}}.start(t, r)
		require.Equal(t, []string{"1 abandoned", "2 abandoned", "3 abandoned"}, r.story())
		_, err := r.engine.Add(to(hostA, 1))
		require.Error(t, err)
		require.Error(t, r.engine.Run(t.Context()), "an engine runs once")
	})
}
