package echo_test

import (
	"context"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/echo/echotest"
	"github.com/rawping/rawping/internal/icmpsock"
)

// TestStampQuotes: on older kernels a departure is told by what comes back of the
// packet, with the token or without.
func TestStampQuotes(t *testing.T) {
	facts := best
	facts.StampQuotes = true
	for _, size := range []int{0, 15, 16, 56} {
		target := to(hostA, 2)
		target.Size = size
		sameHost := target
		network := everywhere(facts, echotest.Replies(10*ms))
		network.StampShift = 2 * ms
		r := probing{network: network, targets: []echo.Target{target, sameHost, to(hostB, 1)}}.run(t)
		require.Len(t, r.events, 5)
		for _, ev := range r.events {
			require.Equal(t, 8*ms, ev.RTT, size)
			require.Equal(t, echo.KernelTime, ev.RTTSource, size)
		}
	}
}

func TestStampsMissingOrLate(t *testing.T) {
	for name, c := range map[string]struct {
		facts icmpsock.Facts
		delay time.Duration
		noRx  bool
		want  string
	}{
		"all there":         {best, 0, false, "1 reply 10ms kernel"},
		"departure missing": {best, -1, false, "1 reply 10ms mixed"},
		"departure late":    {best, 20 * ms, false, "1 reply 10ms mixed"},
		"arrival missing":   {best, 0, true, "1 reply 10ms user"},
		"none":              {icmpsock.Facts{Raw: true}, 0, false, "1 reply 10ms user"},
	} {
		t.Run(name, func(t *testing.T) {
			network := everywhere(c.facts, echotest.Each(echotest.Replies(10*ms), func(a *echotest.Answer) { a.NoStamp = c.noRx }))
			network.StampDelay = func(echotest.Request) time.Duration { return c.delay }
			r := probing{network: network, targets: []echo.Target{to(hostA, 1)}}.run(t)
			require.Equal(t, []string{c.want}, r.story())
		})
	}
}

// TestClockSteps steps the wall clock by hours, back and forth, while probes fly.
func TestClockSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var step atomic.Int64
		clock := stepped(&step)
		network := everywhere(best, echotest.Sometimes(3, 4, echotest.Replies(70*ms), echotest.Silent))
		network.Clock = clock
		r := &record{t: t}
		probing{
			network: network,
			config:  echo.Config{Clock: clock},
			targets: []echo.Target{to(hostA, 40)},
			during: func(*record) {
				for i := range 8 {
					time.Sleep(430 * ms)
					step.Store([]int64{0, int64(3 * time.Hour), -int64(5 * time.Hour)}[(i+1)%3])
				}
			},
		}.start(t, r)
		c := r.engine.Counters()
		require.Equal(t, uint64(30), c.Replies)
		require.Equal(t, uint64(10), c.Lost)
		require.Equal(t, uint64(8), c.ClockSteps)
		for _, ev := range r.events {
			if ev.Kind == echo.Reply {
				require.Equal(t, 70*ms, ev.RTT, "probe %d", ev.Number)
			}
		}
		require.Equal(t, 3900*ms+1000*ms+1, r.took)
	})
}

// TestReadLate stops the engine's goroutine, as SIGSTOP does: what the kernel
// received in time is in time, and the rest is not.
func TestReadLate(t *testing.T) {
	network := &echotest.Network{Facts: best, Host: func(dst netip.Addr) echotest.Host {
		if dst == hostA {
			return echotest.Replies(900 * ms)
		}
		return echotest.Replies(1100 * ms)
	}}
	network.BeforeSend = onCall(2, func() { time.Sleep(5 * time.Second) })
	stalling := to(hostA, 2)
	r := probing{network: network, targets: []echo.Target{to(hostB, 1), stalling}}.run(t)
	require.ElementsMatch(t, []string{
		"1 reply 900ms kernel", "1 lost", "1 late 1.1s kernel", "2 reply 900ms kernel",
	}, r.story())
}

// TestStoppedLate stops the engine's goroutine until after its context has ended:
// what arrived before is judged all the same.
func TestStoppedLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1500*ms)
		defer cancel()
		network := &echotest.Network{Facts: best, Host: func(dst netip.Addr) echotest.Host {
			if dst == hostA {
				return echotest.Replies(250 * ms)
			}
			return echotest.Silent
		}}
		network.BeforeSend = onCall(2, func() { time.Sleep(1800 * ms) })
		r := &record{t: t}
		probing{network: network, ctx: ctx, targets: []echo.Target{to(hostA, 1), to(hostB, 2)}}.start(t, r)
		require.ElementsMatch(t, []string{"1 reply 250ms kernel", "1 lost", "2 abandoned"}, r.story())
	})
}

// onCall returns a function that calls do the nth time it is called.
func onCall(nth int, do func()) func() {
	calls := 0
	return func() {
		if calls++; calls == nth {
			do()
		}
	}
}

// TestLeftLate has packets leave half a second after they were written, as they
// do while a neighbour is looked for: the timeout counts from then.
func TestLeftLate(t *testing.T) {
	network := everywhere(best, echotest.Replies(1400*ms))
	network.StampDelay = func(echotest.Request) time.Duration { return 0 }
	network.StampShift = 500 * ms
	r := probing{network: network, targets: []echo.Target{to(hostA, 2)}}.run(t)
	require.Equal(t, []string{"1 reply 900ms kernel", "2 reply 900ms kernel"}, r.story())
}

// TestReadLateLeftLate has a reply read after a stall that came in time, counted from
// when its request left, though not from when that was written.
func TestReadLateLeftLate(t *testing.T) {
	network := everywhere(best, echotest.Replies(1200*ms))
	network.StampShift = 500 * ms
	network.BeforeSend = onCall(2, func() { time.Sleep(1100 * ms) })
	stalling := to(hostB, 1)
	stalling.Delay = 900 * ms
	r := probing{network: network, targets: []echo.Target{to(hostA, 1), stalling}}.run(t)
	require.Equal(t, []string{"1 reply 700ms kernel", "1 reply 700ms kernel"}, r.story())
}

// TestStampsFirst has a reply and its departure stamp read in one go: the stamp
// counts first, though it comes behind the reply.
func TestStampsFirst(t *testing.T) {
	network := everywhere(best, echotest.Replies(400*ms))
	network.StampDelay = func(r echotest.Request) time.Duration {
		if r.Dst == hostA {
			return 500 * ms
		}
		return 0
	}
	network.BeforeSend = onCall(2, func() { time.Sleep(500 * ms) })
	stalling := to(hostB, 1)
	stalling.Delay = 300 * ms
	r := probing{network: network, targets: []echo.Target{to(hostA, 1), stalling}}.run(t)
	require.Equal(t, []string{"1 reply 400ms kernel", "1 reply 400ms kernel"}, r.story())
}

// TestTwoQueues stops the engine's goroutine while a reply and an ICMP error to the same
// probe come in by the two queues of a datagram socket: the first decides, and an error
// in time is no late one because of a reply that is.
func TestTwoQueues(t *testing.T) {
	unreachable := &echotest.ICMPError{Type: 3, Code: 1}
	for name, c := range map[string]struct {
		reply, refusal time.Duration
		want           []string
	}{
		"the error first": {700 * ms, 600 * ms, []string{"1 refused 600ms kernel 3/1 from 203.0.113.1", "1 late 700ms kernel"}},
		"the reply first": {600 * ms, 700 * ms, []string{"1 reply 600ms kernel"}},
		"the reply late":  {1200 * ms, 600 * ms, []string{"1 refused 600ms kernel 3/1 from 203.0.113.1", "1 late 1.2s kernel"}},
		"the error late":  {600 * ms, 1200 * ms, []string{"1 reply 600ms kernel"}},
		"both late":       {1300 * ms, 1200 * ms, []string{"1 lost", "1 late refusal 1.2s kernel 3/1 from 203.0.113.1", "1 late 1.3s kernel"}},
	} {
		t.Run(name, func(t *testing.T) {
			network := &echotest.Network{Facts: ping, Host: func(dst netip.Addr) echotest.Host {
				if dst == hostB {
					return echotest.Replies(0)
				}
				return func(r echotest.Request) []echotest.Answer {
					return []echotest.Answer{{After: c.reply, Message: r.Echo()}, {After: c.refusal, From: router, Error: unreachable}}
				}
			}}
			network.BeforeSend = onCall(2, func() { time.Sleep(5 * time.Second) })
			r := probing{network: network, targets: []echo.Target{to(hostA, 1), to(hostB, 2)}}.run(t)
			r.events = slices.DeleteFunc(r.events, func(ev echo.Event) bool { return ev.Addr == hostB })
			require.Equal(t, c.want, r.story())
		})
	}
}
