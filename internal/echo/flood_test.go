package echo_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/echo/echotest"
)

// TestFlood has more waiting than the engine reads in one go, after a stall, with
// a reply at its end. What was due before the part that has been read is judged at
// once; the probe whose reply waits further on is not lost.
func TestFlood(t *testing.T) {
	const strangers = 5000
	network := &echotest.Network{Facts: best, Host: func(dst netip.Addr) echotest.Host {
		if dst != hostA {
			return echotest.Silent
		}
		return func(r echotest.Request) []echotest.Answer {
			answers := []echotest.Answer{{After: 900 * ms, Message: r.Echo()}}
			stranger := r.Echo()
			stranger[4] ^= 0x40 // another's identifier
			for i := range strangers {
				answers = append(answers, echotest.Answer{
					After: 500*ms + time.Duration(i)*50*time.Microsecond, Message: r.Sum(stranger),
				})
			}
			return answers
		}
	}}
	network.BeforeSend = onCall(2, func() { time.Sleep(1100 * ms) })
	hasty, stalling := to(hostB, 1), to(host6, 1)
	hasty.Timeout, stalling.Delay = 510*ms, 400*ms
	r := probing{network: network, targets: []echo.Target{to(hostA, 1), hasty, stalling}}.run(t)
	require.Equal(t, []string{"1 lost", "1 reply 900ms kernel", "1 lost"}, r.story())
	require.Equal(t, uint64(strangers), r.engine.Counters().Foreign)
}
