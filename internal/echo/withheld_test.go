package echo_test

import (
	"fmt"
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

// silent is what an IPv6 datagram socket says of itself: that it does not say what a
// firewall refuses.
var silent = icmpsock.Facts{RecvStamps: true, SendStamps: true, SilentRefusal: true}

// errRefused is what such a connection says when it is asked.
var errRefused = fmt.Errorf("most likely the firewall: %w", syscall.EPERM)

// refusing returns a network whose firewall refuses packets to some addresses, while
// all others have the same host.
func refusing(host echotest.Host, addrs ...netip.Addr) *echotest.Network {
	n := everywhere(silent, host)
	n.Withhold = func(r echotest.Request) error {
		if slices.Contains(addrs, r.Dst) {
			return errRefused
		}
		return nil
	}
	return n
}

// mistaken returns a network that lets everything through, and says of it that it was
// refused: what comes of that must not depend on it.
func mistaken(facts icmpsock.Facts, host echotest.Host) *echotest.Network {
	n := everywhere(facts, host)
	sent := map[request]bool{}
	n.Withhold = func(r echotest.Request) error {
		key := request{r.Dst, r.Seq()}
		if !sent[key] {
			sent[key] = true
			return nil
		}
		return errRefused
	}
	return n
}

// stampsAfter returns when the stamps of a host's requests can be read, the nth after
// the nth delay, or the last; negative: never.
func stampsAfter(delays ...time.Duration) func(echotest.Request) time.Duration {
	return func(r echotest.Request) time.Duration { return delays[min(r.Nth, len(delays))-1] }
}

// TestWithheld: what the firewall refuses is not lost, and not among the sent.
func TestWithheld(t *testing.T) {
	network := refusing(echotest.Sometimes(1, 2, echotest.Replies(10*ms), echotest.Silent), hostA)
	r := probing{network: network, targets: []echo.Target{to(hostA, 2), to(hostB, 2)}}.run(t)
	require.Equal(t, []string{"1 reply 10ms kernel", "1 not sent cause 3", "2 not sent cause 3", "2 lost"}, r.story())
	require.Equal(t, 1100*ms+1, r.took)
	refused := r.events[1]
	require.Equal(t, hostA, refused.Addr)
	require.ErrorIs(t, refused.Err, errRefused)
	require.Zero(t, refused.Sent)
	require.Equal(t, 1000*ms, refused.At.Sub(r.events[0].Sent), "known at the deadline")
	c := r.engine.Counters()
	require.Equal(t, uint64(2), c.Sent)
	require.Equal(t, uint64(2), c.NotSent)
	require.Zero(t, c.Suspect)
}

// TestWithheldInTurn: a probe that follows on the verdict follows on this one too.
func TestWithheldInTurn(t *testing.T) {
	network := everywhere(silent, echotest.Replies(10*ms))
	network.Withhold = func(r echotest.Request) error {
		if r.Seq()%2 == 0 {
			return errRefused
		}
		return nil
	}
	next := to(hostA, 4)
	next.Interval = 0
	r := probing{network: network, targets: []echo.Target{next}}.run(t)
	require.Equal(t, uint64(2), r.engine.Counters().Replies)
	require.Equal(t, uint64(2), r.engine.Counters().NotSent)
	require.Equal(t, 2*10*ms+2*(1000*ms+1), r.took)
}

// TestWithheldDoubts: where the lack of a stamp is no proof, silence is loss.
func TestWithheldDoubts(t *testing.T) {
	unstamped := icmpsock.Facts{RecvStamps: true, SilentRefusal: true}
	for name, c := range map[string]struct {
		network *echotest.Network
		stamps  func(echotest.Request) time.Duration
		during  func(*echotest.Network, *record)
		want    []string
	}{
		"the stamp came": {
			network: mistaken(silent, echotest.Silent), stamps: stampsAfter(0), want: []string{"1 lost"},
		},
		"no stamps at all": {
			network: mistaken(unstamped, echotest.Silent), want: []string{"1 lost"},
		},
		"the socket would have said so": {
			network: mistaken(ping, echotest.Silent), stamps: stampsAfter(-1), want: []string{"1 lost"},
		},
		"our own socket dropped something": {
			network: refusing(echotest.Silent, hostA),
			during:  func(n *echotest.Network, _ *record) { n.Drop(1) },
			want:    []string{"1 lost suspect"},
		},
		"the target has other settings now": {
			network: refusing(echotest.Silent, hostA),
			during: func(_ *echotest.Network, r *record) {
				other := to(hostA, 1)
				other.TrafficClass = 8
				require.NoError(r.t, r.engine.Change(1, other))
			},
			want: []string{"1 lost"},
		},
		"its replies have none either": {
			network: mistaken(silent, echotest.Sometimes(1, 2, echotest.Replies(10*ms), echotest.Silent)),
			stamps:  stampsAfter(-1, -1, 0, -1),
			want:    []string{"1 reply 10ms mixed", "2 lost", "3 reply 10ms kernel", "4 not sent cause 3"},
		},
		"it answered late": {
			network: mistaken(silent, echotest.Replies(1300*ms)),
			stamps:  stampsAfter(-1),
			want:    []string{"1 not sent cause 3", "1 late 1.3s mixed", "2 lost", "2 late 1.3s mixed"},
		},
		"its stamps come late": {
			network: mistaken(silent, echotest.Silent),
			stamps:  stampsAfter(1300 * ms),
			want:    []string{"1 not sent cause 3", "2 lost"},
		},
		"a late error": {
			network: mistaken(silent, echotest.Refuses(1300*ms, router, echotest.ICMPError{Type: 3, Code: 1})),
			stamps:  stampsAfter(-1),
			want:    []string{"1 not sent cause 3", "1 late refusal 1.3s mixed 3/1 from 203.0.113.1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.network.StampDelay = c.stamps
			slow := to(hostA, 0)
			for _, line := range c.want {
				slow.Count = max(slow.Count, int(line[0]-'0'))
			}
			slow.Interval = 1500 * ms
			linger := to(hostB, 4) // silent, so that what comes late is seen
			linger.Interval = 1500 * ms
			r := probing{network: c.network, targets: []echo.Target{slow, linger}, during: func(r *record) {
				time.Sleep(500 * ms)
				if c.during != nil {
					c.during(c.network, r)
				}
			}}.run(t)
			r.events = slices.DeleteFunc(r.events, func(ev echo.Event) bool { return ev.Addr == hostB })
			require.Equal(t, c.want, r.story())
		})
	}
}

// TestWithheldClockSteps has a stamp come that fits nowhere, because the wall clock
// was stepped twice: it is a stamp all the same.
func TestWithheldClockSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var step atomic.Int64
		clock := stepped(&step)
		network := mistaken(silent, echotest.Silent)
		network.Clock = clock
		network.StampDelay = stampsAfter(300*ms, 0)
		r := &record{t: t}
		probing{
			network: network,
			config:  echo.Config{Clock: clock},
			targets: []echo.Target{to(hostA, 8)},
			during: func(*record) {
				time.Sleep(150 * ms)
				step.Store(int64(time.Hour))
				time.Sleep(100 * ms)
				step.Store(int64(3 * time.Hour))
			},
		}.start(t, r)
		require.Equal(t, uint64(8), r.engine.Counters().Lost, "%v", r.story())
	})
}

// TestTurnedBack: an ICMP error about a packet that never left is the word of this
// host's own firewall, and no verdict on the target. That of a neighbour counts, though
// it comes from here as well, and so does every error about what has left.
func TestTurnedBack(t *testing.T) {
	prohibited := echotest.ICMPError{Type: 1, Code: 1}
	for name, c := range map[string]struct {
		network *echotest.Network
		says    echotest.ICMPError
		stamp   time.Duration
		want    string
	}{
		"our own firewall's": {mistaken(silent, nil), prohibited, -1, "1 not sent cause 3"},
		"a router's":         {mistaken(silent, nil), prohibited, 0, "1 refused 10ms kernel 1/1 from 2001:db8::1"},
		"our own, of a neighbour that does not answer": {
			mistaken(silent, nil), echotest.ICMPError{Type: 1, Code: 3}, -1, "1 refused 10ms mixed 1/3 from 2001:db8::1",
		},
		"where the socket would have said so": {mistaken(ping, nil), prohibited, -1, "1 refused 10ms mixed 1/1 from 2001:db8::1"},
		"where it may have left":              {everywhere(silent, nil), prohibited, -1, "1 refused 10ms mixed 1/1 from 2001:db8::1"},
	} {
		t.Run(name, func(t *testing.T) {
			self := netip.MustParseAddr("2001:db8::1")
			c.network.Host = func(netip.Addr) echotest.Host { return echotest.Refuses(10*ms, self, c.says) }
			c.network.StampDelay = stampsAfter(c.stamp)
			r := probing{network: c.network, targets: []echo.Target{to(host6, 1)}}.run(t)
			require.Equal(t, []string{c.want}, r.story())
			require.Equal(t, 10*ms, r.took, "known when the error comes")
			n := r.engine.Counters()
			require.Equal(t, uint64(1), n.Sent+n.NotSent)
			require.Equal(t, n.Refused, n.Sent)
		})
	}
}
