package echo_test

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/echo/echotest"
)

func TestAddWhileRunning(t *testing.T) {
	r := probing{
		network: everywhere(best, echotest.Replies(10*ms)),
		targets: []echo.Target{to(hostA, 3)},
		during: func(r *record) {
			time.Sleep(50 * ms)
			late := to(hostB, 1)
			late.Delay = 25 * ms
			_, err := r.engine.Add(late)
			require.NoError(r.t, err)
		},
	}.run(t)
	require.Len(t, r.events, 4)
	require.Equal(t, hostB, r.events[1].Addr)
	require.Equal(t, 75*ms, r.events[1].Sent.Sub(r.events[0].Sent))
}

// TestAddWhileWorkIsPutOff adds a target while the engine sleeps whatever comes: its
// time runs all the same.
func TestAddWhileWorkIsPutOff(t *testing.T) {
	r := probing{
		network: everywhere(best, echotest.Replies(10*ms)),
		config:  echo.Config{Coalesce: 5 * ms},
		targets: []echo.Target{to(hostA, 2)},
		during: func(r *record) {
			time.Sleep(2 * ms)
			late := to(hostB, 1)
			late.Delay = 50 * ms
			_, err := r.engine.Add(late)
			require.NoError(r.t, err)
		},
	}.run(t)
	require.Len(t, r.events, 3)
	require.Equal(t, hostB, r.events[1].Addr)
	require.Equal(t, 52*ms, r.events[1].Sent.Sub(r.events[0].Sent))
}

// TestCountersFromObserver reads the counts with each event: they have it too.
func TestCountersFromObserver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e *echo.Engine
		counted := []uint64{}
		e, err := echo.New(echo.Config{
			Network: everywhere(best, echotest.Replies(10*ms)),
			Observe: func(*echo.Event) {
				c := e.Counters()
				counted = append(counted, c.Replies)
				require.Equal(t, c.Sent, c.Replies+uint64(c.InFlight))
			},
		})
		require.NoError(t, err)
		for _, host := range []netip.Addr{hostA, hostB} {
			_, err = e.Add(to(host, 1))
			require.NoError(t, err)
		}
		require.NoError(t, e.Run(t.Context()))
		require.Equal(t, []uint64{1, 2}, counted)
	})
}

func TestRemoveWhileRunning(t *testing.T) {
	r := probing{
		network: everywhere(best, echotest.Replies(150*ms)),
		targets: []echo.Target{to(hostA, 0), to(hostB, 4)},
		during:  func(r *record) { time.Sleep(220 * ms); r.engine.Remove(1) },
	}.run(t)
	var story []string
	for _, ev := range r.events {
		if ev.Addr == hostA {
			story = append(story, tell(ev))
		}
	}
	require.Equal(t, []string{"1 reply 150ms kernel", "2 abandoned", "3 abandoned"}, story)
	require.Equal(t, uint64(2), r.engine.Counters().Foreign, "what answers a target that is gone is a stranger's")
	require.Equal(t, 1, r.engine.Counters().Targets)
}

func TestChangeWhileRunning(t *testing.T) {
	t.Run("interval", func(t *testing.T) {
		faster := to(hostA, 6)
		faster.Interval = 10 * ms
		r := probing{
			network: everywhere(best, echotest.Replies(ms)),
			targets: []echo.Target{to(hostA, 6)},
			during:  func(r *record) { time.Sleep(150 * ms); require.NoError(r.t, r.engine.Change(1, faster)) },
		}.run(t)
		require.Equal(t, 181*ms, r.took, "two probes 100 ms apart, then at once, and every 10 ms")
		require.Equal(t, uint64(6), r.engine.Counters().Replies)
	})
	t.Run("interval 0", func(t *testing.T) {
		next := to(hostA, 4)
		next.Interval = 0
		r := probing{
			network: everywhere(best, echotest.Replies(250*ms)),
			targets: []echo.Target{to(hostA, 4)},
			during:  func(r *record) { time.Sleep(150 * ms); require.NoError(r.t, r.engine.Change(1, next)) },
		}.run(t)
		require.Equal(t, 850*ms, r.took, "two probes 100 ms apart, and when they are answered one after the other")
	})
	t.Run("address", func(t *testing.T) {
		r := probing{
			network: everywhere(best, echotest.Replies(70*ms)),
			targets: []echo.Target{to(hostA, 4)},
			during:  func(r *record) { time.Sleep(150 * ms); require.NoError(r.t, r.engine.Change(1, to(host6, 4))) },
		}.run(t)
		require.Equal(t, []string{"1 reply 70ms kernel", "2 abandoned", "3 reply 70ms kernel", "4 reply 70ms kernel"}, r.story())
		require.Equal(t, host6, r.events[3].Addr)
	})
	t.Run("size", func(t *testing.T) {
		for _, sizes := range [][2]int{{56, 16}, {56, 8}, {8, 56}} {
			before, after := to(hostA, 4), to(hostA, 4)
			before.Size, after.Size = sizes[0], sizes[1]
			r := probing{
				network: everywhere(best, echotest.Replies(70*ms)),
				targets: []echo.Target{before},
				during:  func(r *record) { time.Sleep(150 * ms); require.NoError(r.t, r.engine.Change(1, after)) },
			}.run(t)
			require.Equal(t, uint64(4), r.engine.Counters().Replies, "%v", r.story())
			require.Equal(t, 8+sizes[0], r.events[1].Size, "what is in flight keeps its size")
			require.Equal(t, 8+sizes[1], r.events[3].Size)
		}
	})
	t.Run("count", func(t *testing.T) {
		r := probing{
			network: everywhere(best, echotest.Replies(ms)),
			targets: []echo.Target{to(hostA, 0)},
			during:  func(r *record) { time.Sleep(250 * ms); require.NoError(r.t, r.engine.Change(1, to(hostA, 3))) },
		}.run(t)
		require.Equal(t, uint64(3), r.engine.Counters().Replies)
		require.Equal(t, 250*ms, r.took)
	})
	t.Run("wrong", func(t *testing.T) {
		e, err := echo.New(echo.Config{Network: &echotest.Network{}, Observe: func(*echo.Event) {}})
		require.NoError(t, err)
		require.Error(t, e.Change(1, to(netip.Addr{}, 1)))
		require.NoError(t, e.Close())
	})
}

// TestRemoveFromObserver removes the target on its first reply, as an early exit does.
func TestRemoveFromObserver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e *echo.Engine
		var got []echo.Kind
		e, err := echo.New(echo.Config{
			Network: everywhere(best, echotest.Replies(10*ms)),
			Observe: func(ev *echo.Event) { got = append(got, ev.Kind); e.Remove(ev.Target) },
		})
		require.NoError(t, err)
		_, err = e.Add(to(hostA, 0))
		require.NoError(t, err)
		require.NoError(t, e.Run(t.Context()))
		require.Equal(t, []echo.Kind{echo.Reply}, got)
	})
}

// TestStall stops the engine's goroutine for 350 ms at its second send.
func TestStall(t *testing.T) {
	for count, want := range map[int]struct{ sent, missed uint64 }{
		0:  {sent: 8, missed: 2}, // due at 0, 100, 400 to 900 ms; 200 and 300 passed by
		10: {sent: 10},           // all of them, only later
	} {
		network := everywhere(best, echotest.Replies(ms))
		network.BeforeSend = onCall(2, func() { time.Sleep(350 * ms) })
		r := probing{
			network: network,
			targets: []echo.Target{to(hostA, count)},
			during:  func(r *record) { time.Sleep(955 * ms); r.engine.Remove(1) },
		}.run(t)
		c := r.engine.Counters()
		require.Equal(t, want.sent, c.Sent)
		require.Equal(t, want.missed, c.Missed)
		require.Zero(t, c.Lost)
		require.Equal(t, 350*ms, c.LatenessMax, "until it has left")
		require.Equal(t, 350*ms, r.engine.TakeLateness())
		require.Zero(t, r.engine.TakeLateness(), "since the last time")
	}
}

func TestManyComeAndGo(t *testing.T) {
	const many = 2000
	r := probing{
		network: everywhere(best, echotest.Replies(30*ms)),
		config:  echo.Config{Endless: false},
		targets: []echo.Target{to(hostA, 30)},
		during: func(r *record) {
			var ids []echo.TargetID
			for i := range many {
				target := to(netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)}), 0)
				target.Delay = echo.Spread
				id, err := r.engine.Add(target)
				require.NoError(r.t, err)
				ids = append(ids, id)
			}
			time.Sleep(1050 * ms)
			for _, id := range ids {
				r.engine.Remove(id)
			}
		},
	}.run(t)
	c := r.engine.Counters()
	require.Equal(t, 1, c.Targets)
	require.Zero(t, c.Lost)
	require.Greater(t, c.Replies, uint64(many*9))
}
