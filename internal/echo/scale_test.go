package echo_test

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/echo/echotest"
	"github.com/rawping/rawping/internal/icmpsock"
)

// TestSequenceWrap sends one target more probes than there are sequence
// numbers, and has some answered when their numbers have been used again.
func TestSequenceWrap(t *testing.T) {
	const count = 150_000
	late := echotest.Sometimes(999, 1000, echotest.Replies(5*ms), echotest.Replies(9900*ms))
	fast := to(hostA, count)
	fast.Interval, fast.Timeout = 100*time.Microsecond, 2000*ms
	r := probing{network: everywhere(best, late), targets: []echo.Target{fast}}.run(t)
	c := r.engine.Counters()
	require.Equal(t, uint64(count*999/1000), c.Replies)
	require.Equal(t, uint64(count/1000), c.Lost)
	require.Equal(t, c.Lost, c.Late+lateAfter(r, 9900*ms), "a late reply is its own probe's, whoever has its number now")
	for _, ev := range r.events {
		if ev.Kind == echo.Reply {
			require.Equal(t, 5*ms, ev.RTT)
		}
	}
}

// lateAfter returns how many probes were lost so late in the run that their
// late reply came after its end.
func lateAfter(r *record, rtt time.Duration) (n uint64) {
	end := r.events[len(r.events)-1].At
	for _, ev := range r.events {
		if ev.Kind == echo.Lost && ev.Sent.Add(rtt) > end {
			n++
		}
	}
	return n
}

// TestManyInFlight has 200,000 probes in flight at once.
func TestManyInFlight(t *testing.T) {
	const many = 200_000
	roomy := best
	roomy.RecvBuffer = many * 2000
	synctest.Test(t, func(t *testing.T) {
		network := everywhere(roomy, echotest.Sometimes(1, 2, echotest.Replies(900*ms), echotest.Silent))
		most := 0
		e, err := echo.New(echo.Config{Network: network, Observe: func(*echo.Event) {}})
		require.NoError(t, err)
		for i := range many / 2 {
			target := to(netip.AddrFrom4([4]byte{198, 18 + byte(i>>16), byte(i >> 8), byte(i)}), 2)
			target.Interval = ms
			_, err := e.Add(target)
			require.NoError(t, err)
		}
		go func() {
			time.Sleep(500 * ms)
			most = e.Counters().InFlight
		}()
		require.NoError(t, e.Run(t.Context()))
		c := e.Counters()
		require.Equal(t, many, most)
		require.Equal(t, uint64(many/2), c.Replies)
		require.Equal(t, uint64(many/2), c.Lost)
		require.Zero(t, c.InFlight)
	})
}

// TestMemoryReturns adds and removes 10,000 targets, several times over.
func TestMemoryReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, err := echo.New(echo.Config{Network: everywhere(best, echotest.Replies(ms)), Observe: func(*echo.Event) {}, Endless: true})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { require.NoError(t, e.Run(ctx)) })
		round := func() uint64 {
			var ids []echo.TargetID
			for i := range 10_000 {
				target := to(netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)}), 0)
				target.Delay, target.Interval = echo.Spread, 500*ms
				id, err := e.Add(target)
				require.NoError(t, err)
				ids = append(ids, id)
			}
			time.Sleep(time.Second)
			require.Equal(t, 10_000, e.Counters().Targets)
			for _, id := range ids {
				e.Remove(id)
			}
			time.Sleep(11 * time.Second) // until nothing is remembered
			e.Remove(0)                  // wakes the engine
			time.Sleep(ms)
			require.Zero(t, e.Counters().Targets)
			return heap()
		}
		first := round()
		for range 3 {
			require.Less(t, round(), first+2<<20)
		}
		cancel()
		wg.Wait()
		c := e.Counters()
		require.Equal(t, c.Sent, c.Replies+c.Abandoned)
	})
}

// TestMemoryReturnsUnderTargets gives the table's memory back while targets that
// are probed rarely still know where their last probe was.
func TestMemoryReturnsUnderTargets(t *testing.T) {
	late := mustAddr("198.19.0.1")
	network := &echotest.Network{Facts: best, Host: func(dst netip.Addr) echotest.Host {
		if dst == late {
			return echotest.Replies(15 * time.Second)
		}
		return echotest.Replies(ms)
	}}
	network.Facts.RecvBuffer = 1 << 30
	targets := []echo.Target{to(late, 1)}
	for i := range 5000 {
		target := to(netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)}), 3)
		target.Interval = 14 * time.Second
		targets = append(targets, target)
	}
	r := probing{network: network, targets: targets}.run(t)
	require.Equal(t, uint64(15_000), r.engine.Counters().Replies)
}

// heap returns the bytes in use.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestEnginesSideBySide runs several engines in one process on the same
// addresses, with one identifier for all: only the tokens tell them apart.
func TestEnginesSideBySide(t *testing.T) {
	var wg sync.WaitGroup
	for k := range 4 {
		wg.Go(func() {
			replies := map[string]int{}
			e := live(t, icmpsock.Config{ID: 4711}, 50, 100, func(ev *echo.Event) {
				if ev.Kind == echo.Reply {
					replies[fmt.Sprint(ev.Addr)]++
				}
			})
			c := e.Counters()
			require.Equal(t, uint64(5000), c.Replies, "engine %d: %+v", k, c)
			require.Zero(t, c.Duplicates)
			require.Len(t, replies, 50)
		})
	}
	wg.Wait()
}
