package echo_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/echo/echotest"
	"github.com/rawping/rawping/internal/icmpsock"
)

func TestSendErrors(t *testing.T) {
	for errno, cause := range map[syscall.Errno]icmpsock.Cause{
		syscall.EPERM: icmpsock.Firewall, syscall.EACCES: icmpsock.Prohibited, syscall.EHOSTUNREACH: icmpsock.Unreachable,
		syscall.EINVAL: icmpsock.Blackhole, syscall.ENETUNREACH: icmpsock.NoRoute, syscall.EMSGSIZE: icmpsock.TooBig,
		syscall.ENETDOWN: icmpsock.LinkDown, syscall.EADDRNOTAVAIL: icmpsock.NoSource,
	} {
		t.Run(errno.Error(), func(t *testing.T) {
			network := everywhere(best, echotest.Replies(10*ms))
			network.SendError = func(r echotest.Request) error {
				if r.Dst == hostA {
					return errno
				}
				return nil
			}
			r := probing{network: network, targets: []echo.Target{to(hostA, 2), to(hostB, 2)}}.run(t)
			c := r.engine.Counters()
			require.Equal(t, uint64(2), c.Replies, "the error of one target costs another nothing")
			require.Equal(t, uint64(2), c.NotSent)
			require.Equal(t, uint64(2), c.Sent, "what was not sent is not among the sent")
			require.Equal(t, cause, r.events[0].Cause)
			require.ErrorIs(t, r.events[0].Err, errno)
		})
	}
}

func TestNoBuffersForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := everywhere(best, echotest.Replies(10*ms))
		free := time.Now().Add(100 * ms)
		network.SendError = func(echotest.Request) error {
			if time.Now().Before(free) {
				return syscall.ENOBUFS
			}
			return nil
		}
		r := &record{t: t}
		probing{network: network, targets: []echo.Target{to(hostA, 1), to(hostB, 1)}}.start(t, r)
		require.Equal(t, []string{"1 reply 10ms kernel", "1 reply 10ms kernel"}, r.story())
	})
}

func TestNoBuffersForGood(t *testing.T) {
	tries := 0
	network := everywhere(best, echotest.Replies(10*ms))
	network.SendError = func(echotest.Request) error { tries++; return syscall.ENOBUFS }
	r := probing{network: network, targets: []echo.Target{to(hostA, 1)}}.run(t)
	require.Equal(t, []string{"1 not sent cause 1"}, r.story())
	require.InDelta(t, 4*time.Second, r.took, float64(100*ms), "retried for as long as dead neighbours hold buffers")
	require.Less(t, tries, 100, "with a pause between the tries")
}

func TestIntervalZero(t *testing.T) {
	next := to(hostA, 3)
	next.Interval = 0
	r := probing{network: everywhere(best, echotest.Replies(30*ms)), targets: []echo.Target{next}}.run(t)
	require.Equal(t, 90*ms, r.took, "each probe follows on the verdict")

	network := everywhere(best, echotest.Silent)
	network.SendError = func(echotest.Request) error { return syscall.EPERM }
	r = probing{network: network, targets: []echo.Target{next}}.run(t)
	require.Equal(t, []string{"1 not sent cause 2", "2 not sent cause 2", "3 not sent cause 2"}, r.story())
	require.Equal(t, 20*ms, r.took, "what cannot be sent does not spin")
}

// What is next goes when nothing is in flight any more, and when it is due at
// the latest.
func TestEager(t *testing.T) {
	eager := to(hostA, 3)
	eager.Eager = true
	r := probing{network: everywhere(best, echotest.Replies(30*ms)), targets: []echo.Target{eager}}.run(t)
	require.Equal(t, 90*ms, r.took, "replies are faster than the interval")

	r = probing{network: everywhere(best, echotest.Silent), targets: []echo.Target{eager}}.run(t)
	require.Equal(t, 1200*ms, r.took.Round(ms), "nothing answers: 100 ms apart, the last one waited for")

	slow := echotest.Sometimes(1, 2, echotest.Replies(250*ms), echotest.Replies(20*ms))
	r = probing{network: everywhere(best, slow), targets: []echo.Target{eager}}.run(t)
	require.Equal(t, 450*ms, r.took, "sent at 0, 100 and 200 ms: the second reply finds the first probe in flight")

	network := everywhere(best, echotest.Silent)
	network.SendError = func(echotest.Request) error { return syscall.EPERM }
	r = probing{network: network, targets: []echo.Target{eager}}.run(t)
	require.Equal(t, 20*ms, r.took, "what cannot be sent does not spin")

	r = probing{
		network: everywhere(best, echotest.Replies(100*time.Microsecond)),
		config:  echo.Config{Ordinary: true},
		targets: []echo.Target{eager},
	}.run(t)
	require.Equal(t, 2*ms+100*time.Microsecond, r.took, "an ordinary user is held to 1 ms")
}

// Eager targets wait for each other.
func TestEagerTogether(t *testing.T) {
	run := func(hostOfB echotest.Host) []time.Duration {
		a, b := to(hostA, 3), to(hostB, 3)
		a.Eager, b.Eager = true, true
		a.Interval, b.Interval, b.Delay = 500*ms, 500*ms, 200*ms
		network := &echotest.Network{Facts: best, Host: func(addr netip.Addr) echotest.Host {
			if addr == hostB {
				return hostOfB
			}
			return echotest.Replies(30 * ms)
		}}
		r := probing{network: network, targets: []echo.Target{a, b}}.run(t)
		var sent []time.Duration
		for _, ev := range r.events {
			sent = append(sent, ev.Sent.Sub(r.events[0].Sent))
		}
		slices.Sort(sent)
		return sent
	}
	require.Equal(t, []time.Duration{0, 30 * ms, 70 * ms, 100 * ms, 140 * ms, 170 * ms}, run(echotest.Replies(40*ms)), "one after the other")
	require.Equal(t, []time.Duration{0, 30 * ms, 330 * ms, 530 * ms, 830 * ms, 1030 * ms}, run(echotest.Silent),
		"no sooner than it would have been after the silent one")
}

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

func TestDropsMakeSuspect(t *testing.T) {
	network := everywhere(best, echotest.Silent)
	r := probing{
		network: network,
		targets: []echo.Target{to(hostA, 2)},
		during:  func(*record) { time.Sleep(50 * ms); network.Drop(3) },
	}.run(t)
	require.Equal(t, []string{"1 lost suspect", "2 lost suspect"}, r.story())
	require.Equal(t, uint64(3), r.engine.Counters().Drops)
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
		system := echo.SystemClock()
		var step atomic.Int64
		clock := func() (echo.Instant, int64) {
			now, wall := system()
			return now, wall + step.Load()
		}
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

// TestInterfaceMadeAnew gives an interface another index while it is in use.
func TestInterfaceMadeAnew(t *testing.T) {
	var index atomic.Int64
	index.Store(7)
	network := everywhere(best, echotest.Replies(ms))
	network.SendError = func(r echotest.Request) error {
		if int64(r.Scope) != index.Load() {
			return syscall.ENETUNREACH
		}
		return nil
	}
	r := probing{
		network: network,
		config:  echo.Config{InterfaceIndex: func(string) (int, error) { return int(index.Load()), nil }},
		targets: []echo.Target{to(mustAddr("fe80::1%vpn0"), 10)},
		during:  func(*record) { time.Sleep(250 * ms); index.Store(9) },
	}.run(t)
	c := r.engine.Counters()
	require.Equal(t, uint64(1), c.NotSent, "%v", r.story())
	require.Equal(t, uint64(9), c.Replies)
	require.Equal(t, "fe80::1%vpn0", r.events[9].Addr.String())
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
