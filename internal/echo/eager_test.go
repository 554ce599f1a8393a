package echo_test

import (
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/echo/echotest"
)

func TestIntervalZero(t *testing.T) {
	next := to(hostA, 3)
	next.Interval = 0
	r := probing{network: everywhere(best, echotest.Replies(30*ms)), targets: []echo.Target{next}}.run(t)
	require.Equal(t, 90*ms, r.took, "each probe follows on the verdict")

	network := everywhere(best, echotest.Silent)
	network.SendError = func(echotest.Request) error { return syscall.EPERM }
	r = probing{network: network, targets: []echo.Target{next}}.run(t)
	require.Equal(t, []string{"1 not sent cause 3", "2 not sent cause 3", "3 not sent cause 3"}, r.story())
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
