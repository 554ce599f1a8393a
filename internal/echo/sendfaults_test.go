package echo_test

import (
	"context"
	"net/netip"
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
	require.Equal(t, []string{"1 not sent cause 2"}, r.story())
	require.InDelta(t, 4*time.Second, r.took, float64(100*ms), "retried for as long as dead neighbours hold buffers")
	require.Less(t, tries, 100, "with a pause between the tries")
}

// TestNoBuffersOfOthers: what has no room on its way out costs the living nothing,
// neither their turn nor time, and every slot of an endless target gets a verdict.
func TestNoBuffersOfOthers(t *testing.T) {
	network := everywhere(best, echotest.Replies(10*ms))
	network.SendError = func(r echotest.Request) error {
		if r.Dst != hostA {
			return syscall.ENOBUFS
		}
		return nil
	}
	alive := to(hostA, 100)
	targets := []echo.Target{alive}
	for i := range 200 {
		targets = append(targets, to(netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 20)}), 0))
	}
	r := probing{network: network, targets: targets, during: func(r *record) {
		time.Sleep(9990 * ms)
		for i := range 201 {
			r.engine.Remove(echo.TargetID(i + 1))
		}
	}}.run(t)
	c := r.engine.Counters()
	require.Equal(t, uint64(100), c.Replies)
	require.Equal(t, uint64(200*100), c.NotSent)
	require.Zero(t, c.Missed)
	require.Zero(t, c.LatenessMax)
}

// TestNoBuffersOfEager: one that finds no room is tried again in peace, and keeps
// neither itself nor others from their distances. What still waits for another try
// at the end has its verdict.
func TestNoBuffersOfEager(t *testing.T) {
	tries := 0
	network := everywhere(best, echotest.Replies(ms))
	network.SendError = func(r echotest.Request) error {
		if r.Dst == hostB {
			tries++
			return syscall.ENOBUFS
		}
		return nil
	}
	a, b := to(hostA, 5), to(hostB, 5)
	a.Eager, b.Eager, a.Interval, b.Interval = true, true, 1000*ms, 1000*ms
	r := &record{t: t}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3500*ms)
		defer cancel()
		probing{network: network, targets: []echo.Target{a, b}, ctx: ctx}.start(t, r)
	})
	require.Less(t, tries, 100)
	require.Equal(t, uint64(1), r.engine.Counters().NotSent, "%+v", r.story())
	require.Equal(t, icmpsock.NoBuffers, r.events[len(r.events)-1].Cause)
}

// TestNoBuffersAndTheRate: another try costs the others no token.
func TestNoBuffersAndTheRate(t *testing.T) {
	network := everywhere(best, echotest.Replies(ms))
	network.SendError = func(r echotest.Request) error {
		if r.Dst != hostA {
			return syscall.ENOBUFS
		}
		return nil
	}
	alive := to(hostA, 0)
	alive.Interval = 10 * ms
	targets := []echo.Target{alive}
	for i := range 90 {
		starved := to(netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 20)}), 0)
		starved.Interval = 1000 * ms
		targets = append(targets, starved)
	}
	r := probing{network: network, config: echo.Config{Rate: 200}, targets: targets, during: func(r *record) {
		time.Sleep(19_995 * ms)
		for i := range 91 {
			r.engine.Remove(echo.TargetID(i + 1))
		}
	}}.run(t)
	require.Equal(t, uint64(2000), r.engine.Counters().Replies)
}

// TestSendBufferFullAgain: to have been full once, long ago, takes no patience away.
func TestSendBufferFullAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		network := everywhere(best, echotest.Replies(10*ms))
		network.SendError = func(echotest.Request) error {
			switch since := time.Since(began); {
			case since == 0, since >= time.Minute && since < time.Minute+100*ms:
				return syscall.EAGAIN
			case since < time.Minute:
				return syscall.EPERM
			}
			return nil
		}
		target := to(hostA, 62)
		target.Interval = 1000 * ms
		r := &record{t: t}
		probing{network: network, targets: []echo.Target{target}}.start(t, r)
		require.Equal(t, uint64(2), r.engine.Counters().Replies)
		require.Equal(t, uint64(60), r.engine.Counters().NotSent)
	})
}

func TestSendBufferFullForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := everywhere(best, echotest.Replies(10*ms))
		free := time.Now().Add(3000 * ms)
		network.SendError = func(echotest.Request) error {
			if time.Now().Before(free) {
				return syscall.EAGAIN
			}
			return nil
		}
		r := &record{t: t}
		probing{network: network, targets: []echo.Target{to(hostA, 2), to(hostB, 2)}}.start(t, r)
		c := r.engine.Counters()
		require.Equal(t, uint64(4), c.Replies)
		require.Zero(t, c.Lost+c.NotSent+c.Missed)
		require.InDelta(t, 3000*ms, c.LatenessMax, float64(50*ms))
	})
}

// TestSendBufferFullForGood: after 4 s, all that waits has its verdict at once.
func TestSendBufferFullForGood(t *testing.T) {
	tries := 0
	network := everywhere(best, echotest.Replies(10*ms))
	network.SendError = func(echotest.Request) error { tries++; return syscall.EAGAIN }
	var targets []echo.Target
	for i := range 100 { // more than are made at a time
		targets = append(targets, to(netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 20)}), 1))
	}
	r := probing{network: network, targets: targets}.run(t)
	require.Equal(t, uint64(100), r.engine.Counters().NotSent)
	require.InDelta(t, 4*time.Second, r.took, float64(100*ms))
	require.Less(t, tries, 200, "with a pause between the tries")
}

// TestSendBufferFullOfOneWhoGoes: when he who waited for the send buffer is gone, the
// next waits for it in his place.
func TestSendBufferFullOfOneWhoGoes(t *testing.T) {
	network := everywhere(best, echotest.Replies(10*ms))
	network.SendError = func(r echotest.Request) error {
		if r.Dst == hostA {
			return syscall.EAGAIN
		}
		return nil
	}
	eager := to(hostB, 1)
	eager.Eager, eager.Delay = true, time.Hour
	r := probing{network: network, targets: []echo.Target{to(hostA, 1), eager}, during: func(r *record) {
		time.Sleep(1000 * ms)
		r.engine.Remove(1)
	}}.run(t)
	require.Equal(t, []string{"1 reply 10ms kernel"}, r.story())
	require.Less(t, r.took, 1100*ms)
}

// TestSendBufferFullOnceMore: he who waits for it waits as long as any, though it was
// full a while ago for one who has gone.
func TestSendBufferFullOnceMore(t *testing.T) {
	network := everywhere(best, echotest.Replies(10*ms))
	network.SendError = func(r echotest.Request) error {
		if r.Dst == hostA || time.Now().Nanosecond() < int(500*ms) {
			return syscall.EAGAIN
		}
		return nil
	}
	later := to(hostB, 1)
	later.Delay = 10 * time.Second
	r := probing{network: network, targets: []echo.Target{to(hostA, 1), later}, during: func(r *record) {
		time.Sleep(1000 * ms)
		r.engine.Remove(1)
	}}.run(t)
	require.Equal(t, []string{"1 reply 10ms kernel"}, r.story())
}

// TestSendBufferFullAtTheEnd: what waits for the send buffer when the run ends is told.
func TestSendBufferFullAtTheEnd(t *testing.T) {
	network := everywhere(best, echotest.Replies(10*ms))
	network.SendError = func(echotest.Request) error { return syscall.EAGAIN }
	var targets []echo.Target
	for i := range 100 { // more than are made at a time
		targets = append(targets, to(netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 20)}), 1))
	}
	r := &record{t: t}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2000*ms)
		defer cancel()
		probing{network: network, targets: targets, ctx: ctx}.start(t, r)
	})
	require.Len(t, r.events, 100)
	for _, ev := range r.events {
		require.Equal(t, echo.NotSent, ev.Kind)
		require.Equal(t, icmpsock.SocketFull, ev.Cause)
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

// TestInterfaceOfMany has many targets on one interface, which is gone: it is looked
// for once for all of them, and now and then only.
func TestInterfaceOfMany(t *testing.T) {
	looked := 0
	network := everywhere(best, nil)
	network.SendError = func(echotest.Request) error { return syscall.ENODEV }
	targets := make([]echo.Target, 300)
	for i := range targets {
		targets[i] = to(hostA, 10)
		targets[i].Interface = "vpn0"
	}
	r := probing{
		network: network,
		config:  echo.Config{InterfaceIndex: func(string) (int, error) { looked++; return 7, nil }},
		targets: targets,
	}.run(t)
	require.Equal(t, uint64(3000), r.engine.Counters().NotSent)
	require.Equal(t, 10, looked)
}
