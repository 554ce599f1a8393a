package echo_test

import (
	"net/netip"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/echo/echotest"
)

func TestLanes(t *testing.T) {
	living := netip.MustParseAddr("198.18.1.1")
	network := &echotest.Network{Facts: best, Host: func(dst netip.Addr) echotest.Host {
		if dst == living {
			return echotest.Replies(ms)
		}
		return nil
	}}
	lanes := map[uint8]int{}
	network.SendError = func(r echotest.Request) error {
		if r.Dst == living {
			lanes[r.Lane]++
		} else if r.Nth > 1 && r.Lane == 0 {
			t.Errorf("the silent %v uses the lane of the living", r.Dst)
		}
		return nil
	}
	targets := []echo.Target{to(living, 20)}
	for i := range 200 {
		targets = append(targets, to(netip.AddrFrom4([4]byte{198, 18, 0, byte(i)}), 20))
	}
	r := probing{network: network, targets: targets}.run(t)
	require.Equal(t, map[uint8]int{1: 1, 0: 19}, lanes, "it moves to the lane of the living with its first reply")
	require.Equal(t, uint64(20), r.engine.Counters().Replies)
}

// TestLaneOfTheSilent has hosts answer, fall silent or refuse, and answer again.
func TestLaneOfTheSilent(t *testing.T) {
	for name, away := range map[string]echotest.Host{
		"silent": echotest.Silent, "refusing": echotest.Refuses(ms, router, echotest.ICMPError{Type: 3, Code: 1}),
	} {
		t.Run(name, func(t *testing.T) {
			host := func(r echotest.Request) []echotest.Answer {
				if r.Nth > 3 && r.Nth < 8 {
					return away(r)
				}
				return echotest.Replies(ms)(r)
			}
			network := everywhere(best, host)
			var lanes []uint8
			network.SendError = func(r echotest.Request) error {
				if r.Dst == hostA {
					lanes = append(lanes, r.Lane)
				}
				return nil
			}
			targets := []echo.Target{to(hostA, 10)}
			for i := range 200 {
				targets = append(targets, to(netip.AddrFrom4([4]byte{198, 18, 0, byte(i)}), 10))
			}
			for i := range targets {
				targets[i].Timeout = 50 * ms
			}
			probing{network: network, targets: targets}.run(t)
			require.Equal(t, []uint8{1, 0, 0, 0, 0, 1, 1, 1, 0, 0}, lanes)
		})
	}
}

// TestLaneChange: a host that proves to live while its next probe waits among those
// of the silent need not wait any more, whether the packet has been made or not.
func TestLaneChange(t *testing.T) {
	for _, before := range []int{0, 10, 150} { // hosts whose second probes wait before its own
		living := netip.MustParseAddr("198.18.1.1")
		network := &echotest.Network{Facts: best, Host: func(dst netip.Addr) echotest.Host {
			if dst == living {
				return echotest.Replies(150 * ms)
			}
			return nil
		}}
		network.SendError = func(r echotest.Request) error {
			if r.Lane == 1 && r.Nth > 1 {
				return syscall.EAGAIN
			}
			return nil
		}
		var targets []echo.Target
		for i := range 200 {
			if i == before {
				targets = append(targets, to(living, 20))
			}
			targets = append(targets, to(netip.AddrFrom4([4]byte{198, 18, 0, byte(i)}), 2))
		}
		r := probing{network: network, targets: targets}.run(t)
		replies := 0
		for _, ev := range r.events {
			if ev.Kind == echo.Reply {
				replies++
				require.Less(t, ev.At.Sub(ev.Sent), 200*ms)
			}
		}
		require.Equal(t, 20, replies)
		require.Less(t, r.engine.Counters().LatenessMax, 60*ms)
	}
}
