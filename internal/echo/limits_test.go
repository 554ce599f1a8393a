package echo_test

import (
	"errors"
	"math"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/echo/echotest"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/wire"
)

func TestWindow(t *testing.T) {
	small := best
	small.RecvBuffer, small.Limit = 64*(2*832+2*56), "net.core.rmem_max=57000"
	network := everywhere(small, echotest.Replies(500*ms))
	var targets []echo.Target
	for i := range 200 {
		targets = append(targets, to(netip.AddrFrom4([4]byte{198, 18, 0, byte(i)}), 1))
	}
	var notices []string
	config := echo.Config{Notice: func(err error) { notices = append(notices, err.Error()) }}
	r := probing{network: network, config: config, targets: targets}.run(t)
	require.Equal(t, []string{
		"sending waits, because only 64 replies fit into the receive buffer: raise net.core.rmem_max=57000",
	}, notices, "said once")
	c := r.engine.Counters()
	require.Equal(t, uint64(200), c.Replies, "no more is outstanding than the receive buffer can take")
	require.Zero(t, c.Drops)
	require.Equal(t, 2000*ms, r.took, "four windows")
}

// TestWindowOfOne has a receive buffer that is too small for what a probe may cost:
// one is in flight at a time.
func TestWindowOfOne(t *testing.T) {
	network := everywhere(best, echotest.Replies(10*ms))
	network.Facts.RecvBuffer = 1000
	r := probing{network: network, targets: []echo.Target{to(hostA, 1), to(hostB, 1), to(host6, 1)}}.run(t)
	require.Equal(t, uint64(3), r.engine.Counters().Replies)
	require.Equal(t, 20*ms, r.took, "two of one family one after the other, and one of the other beside them")
}

// TestOneByOne sends packets one by one where only this process can tell when each
// left.
func TestOneByOne(t *testing.T) {
	for _, stamps := range []bool{true, false} {
		network := everywhere(icmpsock.Facts{Raw: true, RecvStamps: true, SendStamps: stamps}, echotest.Replies(10*ms))
		calls := 0
		network.BeforeSend = func() { calls++ }
		targets := make([]echo.Target, 20)
		for i := range targets {
			targets[i] = to(netip.AddrFrom4([4]byte{198, 18, 0, byte(i)}), 1)
		}
		probing{network: network, targets: targets}.run(t)
		require.Equal(t, map[bool]int{true: 1, false: 20}[stamps], calls)
	}
}

func TestRate(t *testing.T) {
	var targets []echo.Target
	for i := range 164 {
		targets = append(targets, to(netip.AddrFrom4([4]byte{198, 18, 0, byte(i)}), 1))
	}
	r := probing{network: everywhere(best, echotest.Replies(10*ms)), config: echo.Config{Rate: 1000}, targets: targets}.run(t)
	require.InDelta(t, 110*ms, r.took, float64(ms), "64 at once, then 1,000 a second")
	require.LessOrEqual(t, r.engine.Counters().LatenessMax, ms, "what the rate holds back is not late")

	r = probing{network: everywhere(best, echotest.Replies(10*ms)), config: echo.Config{Ordinary: true}, targets: targets}.run(t)
	require.Equal(t, 10*ms, r.took, "250 may go at once at 5,000 a second")
}

// TestRateOfThoseWhoWaited: who has waited for room in the receive buffer has no
// packet to his credit.
func TestRateOfThoseWhoWaited(t *testing.T) {
	small := best
	small.RecvBuffer = 200 * (2*832 + 2*56)
	var sent []time.Time
	network := everywhere(small, func(r echotest.Request) []echotest.Answer {
		sent = append(sent, time.Now())
		all := sent[0].Add(1000 * ms) // when the first 200 are answered, all at once
		return []echotest.Answer{{After: max(10*ms, time.Until(all)), Message: r.Echo()}}
	})
	var targets []echo.Target
	for i := range 400 {
		targets = append(targets, to(netip.AddrFrom4([4]byte{198, 18, byte(i / 200), byte(i % 200)}), 1))
		targets[i].Timeout = 2000 * ms
	}
	r := probing{network: network, config: echo.Config{Rate: 1000}, targets: targets}.run(t)
	require.Equal(t, uint64(400), r.engine.Counters().Replies)
	atMost64(t, sent)
	require.InDelta(t, 1146*ms, r.took, float64(ms), "64 at once, then 1,000 a second")
}

// atMost64 asserts that no more than 64 packets were sent at once, and 1,000 a second.
func atMost64(t *testing.T, sent []time.Time) {
	t.Helper()
	for i := range sent[64:] {
		require.GreaterOrEqual(t, sent[64+i].Sub(sent[i]), ms, "packet %d", 64+i)
	}
}

// TestRateAfterFullSendBuffer: nor has who has waited for room in the send buffer.
func TestRateAfterFullSendBuffer(t *testing.T) {
	var began time.Time
	var sent []time.Time
	network := everywhere(best, echotest.Replies(10*ms))
	network.SendError = func(echotest.Request) error {
		if began.IsZero() {
			began = time.Now()
		}
		if time.Since(began) < 1000*ms {
			return syscall.EAGAIN
		}
		sent = append(sent, time.Now())
		return nil
	}
	var targets []echo.Target
	for i := range 200 {
		targets = append(targets, to(netip.AddrFrom4([4]byte{198, 18, 0, byte(i)}), 1))
	}
	r := probing{network: network, config: echo.Config{Rate: 1000}, targets: targets}.run(t)
	require.Equal(t, uint64(200), r.engine.Counters().Replies)
	atMost64(t, sent)
	for i, ev := range r.events {
		require.Equal(t, targets[i].Addr, ev.Addr, "nobody loses his place")
	}
}

// TestRateOfTwoQueues: where both families wait for room, and the rate allows less
// than either wants, each gets its share.
func TestRateOfTwoQueues(t *testing.T) {
	small := best
	small.RecvBuffer = 50 * (2*832 + 2*56)
	began := time.Time{}
	network := everywhere(small, func(r echotest.Request) []echotest.Answer {
		if began.IsZero() {
			began = time.Now()
		}
		standstill := time.Until(began.Add(500 * ms)) // in which both queues fill
		return []echotest.Answer{{After: max(10*ms, standstill), Message: r.Echo()}}
	})
	replies := map[netip.Addr]int{}
	var targets []echo.Target
	for i := range byte(60) {
		for _, addr := range []netip.Addr{netip.AddrFrom4([4]byte{198, 18, 0, i}), netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: i})} {
			target := to(addr, 0)
			target.Interval = 10 * ms
			targets = append(targets, target)
			replies[addr] = 0
		}
	}
	r := probing{network: network, config: echo.Config{Rate: 3000}, targets: targets, during: func(r *record) {
		time.Sleep(5000 * ms)
		for i := range targets {
			r.engine.Remove(echo.TargetID(i + 1))
		}
	}}.run(t)
	for _, ev := range r.events {
		if ev.Kind == echo.Reply {
			replies[ev.Addr]++
		}
	}
	for addr, n := range replies {
		require.InDelta(t, 4500*3000/1000/len(targets), n, 10, "%v", addr)
	}
}

func TestOrdinaryUser(t *testing.T) {
	fast := to(hostA, 10)
	fast.Interval = ms / 2
	e, err := echo.New(echo.Config{Network: &echotest.Network{}, Observe: func(*echo.Event) {}, Ordinary: true})
	require.NoError(t, err)
	_, err = e.Add(fast)
	require.ErrorContains(t, err, "500µs")
	fast.Addr = mustAddr("127.0.0.1")
	_, err = e.Add(fast)
	require.NoError(t, err, "loopback is free")
	require.NoError(t, e.Close())

	next := to(hostA, 5)
	next.Interval = 0
	r := probing{network: everywhere(best, echotest.Replies(ms/10)), config: echo.Config{Ordinary: true}, targets: []echo.Target{next}}.run(t)
	require.Equal(t, 4*ms+ms/10, r.took, "no more than one a millisecond")
}

// TestFewerWhileWaiting: who waits for room and is given fewer probes meanwhile, by
// another connection, sends no more than those.
func TestFewerWhileWaiting(t *testing.T) {
	network := everywhere(best, echotest.Silent)
	network.Facts.RecvBuffer = 3 * 832 * 2
	var targets []echo.Target
	for i := range 4 {
		targets = append(targets, to(netip.AddrFrom4([4]byte{198, 18, 0, byte(i)}), 5))
	}
	r := probing{network: network, targets: targets, during: func(r *record) {
		time.Sleep(1500 * ms)
		for i, target := range targets {
			target.Count, target.Mark = 1, 7
			require.NoError(t, r.engine.Change(echo.TargetID(i+1), target))
		}
	}}.run(t)
	for _, ev := range r.events {
		require.Equal(t, uint64(1), ev.Number, tell(ev))
	}
}

func TestOpen(t *testing.T) {
	refused := errors.New("not permitted")
	network := &echotest.Network{OpenError: func(c icmpsock.Class) error {
		if c.Mark == 7 {
			return refused
		}
		return nil
	}}
	e, err := echo.New(echo.Config{Network: network, Observe: func(*echo.Event) {}})
	require.NoError(t, err)
	defer func() { require.NoError(t, e.Close()) }()
	_, err = e.Add(to(hostA, 1))
	require.NoError(t, err)
	_, err = e.Add(to(host6, 1))
	require.NoError(t, err)
	require.NoError(t, e.Open())
	require.Equal(t, 2, network.Opened())
	require.ErrorIs(t, e.Open(icmpsock.Class{Family: 4, Mark: 7}, icmpsock.Class{Family: 4, Mark: 8}), refused)
	require.Equal(t, 3, network.Opened(), "it opens what it can")
}

// TestOneSource gives a target with a source of its own a connection that is
// bound to it, where the kind of socket takes no other.
func TestOneSource(t *testing.T) {
	network := everywhere(ping, echotest.Replies(10*ms))
	network.Facts.OneSource = true
	var classes []icmpsock.Class
	network.OpenError = func(c icmpsock.Class) error { classes = append(classes, c); return nil }
	target, near := to(host6, 1), to(mustAddr("fe80::1%3"), 1)
	target.Source, near.Source = mustAddr("2001:db8::7"), mustAddr("fe80::7%3")
	r := probing{network: network, targets: []echo.Target{target, near, to(host6, 1)}}.run(t)
	require.Equal(t, []icmpsock.Class{
		{Family: wire.V6},
		{Family: wire.V6, Source: target.Source},
		{Family: wire.V6, Source: mustAddr("fe80::7"), Scope: 3},
	}, classes)
	require.Equal(t, uint64(3), r.engine.Counters().Replies)
}

func TestBounds(t *testing.T) {
	for _, rate := range []float64{-1, math.NaN()} {
		_, err := echo.New(echo.Config{Network: &echotest.Network{}, Observe: func(*echo.Event) {}, Rate: rate})
		require.ErrorContains(t, err, "packets per second cannot be")
	}
	for _, c := range []struct {
		change func(*echo.Target)
		want   string
	}{
		{func(t *echo.Target) { t.Addr = netip.Addr{} }, "no address"},
		{func(t *echo.Target) { t.Addr = mustAddr("0.0.0.0") }, "address 0.0.0.0: is no host's"},
		{func(t *echo.Target) { t.Addr = mustAddr("224.0.0.1") }, "address 224.0.0.1: is a broadcast or multicast address, which is probed only if replies from any source count"},
		{func(t *echo.Target) { t.Addr = mustAddr("fe80::1") }, "address fe80::1: is link-local; say which interface, as in fe80::1%eth0"},
		{func(t *echo.Target) { t.Source = mustAddr("::1") }, "source ::1: cannot reach 192.0.2.10, which is IPv4"},
		{func(t *echo.Target) { t.Count = -1 }, "count -1: must be at least 1, or 0 for endless"},
		{func(t *echo.Target) { t.Interval = -1 }, "interval -1ns: must not be negative"},
		{func(t *echo.Target) { t.Timeout = 0 }, "timeout 0s: must be more than 0"},
		{func(t *echo.Target) { t.Timeout = 1 << 62 }, "timeout 1281023h53m38.427387904s: must be at most 24000h0m0s"},
		{func(t *echo.Target) { t.Interval = echo.Longest + 1 }, "interval 24000h0m0.000000001s: must be at most 24000h0m0s"},
		{func(t *echo.Target) { t.Delay = echo.Longest + 1 }, "delay 24000h0m0.000000001s: must be at most 24000h0m0s"},
		{func(t *echo.Target) { t.Delay = -2 }, "delay -2ns: must not be negative"},
		{func(t *echo.Target) { t.Size = 65508 }, "size 65508: must be 0 to 65507 bytes for IPv4"},
		{func(t *echo.Target) { t.Hops = 256 }, "TTL 256: must be 1 to 255"},
		{func(t *echo.Target) { t.TrafficClass = -1 }, "traffic class -1: must be 0 to 255"},
		{func(t *echo.Target) { t.Size, t.AnySource = 8, true }, "size 8: replies from any source are told by a token, which needs 16 bytes"},
	} {
		target := to(hostA, 1)
		c.change(&target)
		require.EqualError(t, target.Check(false), c.want)
	}
	longest := to(hostA, 1)
	longest.Timeout = 1000 * 24 * time.Hour
	r := probing{network: everywhere(best, echotest.Replies(ms)), targets: []echo.Target{longest}}.run(t)
	require.Equal(t, []string{"1 reply 1ms kernel"}, r.story())
}

// TestCivilPerAddress holds an ordinary user to one packet a millisecond to a
// host, however often he names it, after a stall, and where packets wait for room.
func TestCivilPerAddress(t *testing.T) {
	cramped := best
	cramped.RecvBuffer = 4 * (2*832 + 2*56)
	for _, facts := range []icmpsock.Facts{best, cramped} {
		var targets []echo.Target
		for range 4 {
			target := to(hostA, 100)
			target.Interval = ms
			targets = append(targets, target)
		}
		network := everywhere(facts, echotest.Replies(10*ms))
		var sent []time.Time
		network.SendError = func(echotest.Request) error { sent = append(sent, time.Now()); return nil }
		network.BeforeSend = onCall(50, func() { time.Sleep(200 * ms) })
		r := probing{network: network, config: echo.Config{Ordinary: true}, targets: targets}.run(t)
		require.Equal(t, uint64(400), r.engine.Counters().Replies)
		for i := range sent[1:] {
			require.GreaterOrEqual(t, sent[i+1].Sub(sent[i]), ms, "packet %d", i+1)
		}
	}
}
