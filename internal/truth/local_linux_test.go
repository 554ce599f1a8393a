package truth

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/testbed"
	"github.com/rawping/rawping/internal/wire"
)

// stallOnce blocks the engine's goroutine at its first event, as a busy host or
// SIGSTOP does.
func (w *world) stallOnce(d time.Duration) {
	var once sync.Once
	w.observe = func(*echo.Event) { once.Do(func() { time.Sleep(d) }) }
}

// TestTrap01SchedulerDelay: a reply that waits in the socket while we cannot run
// was in time, and its RTT is the network's.
func TestTrap01SchedulerDelay(t *testing.T) {
	everyKind(t, func(w *world) {
		w.stallOnce(3000 * ms)
		now := target(w.rule(1, testbed.Fault{}), 1)
		soon := target(w.rule(2, testbed.Fault{Delay: 1000 * ms}), 1)
		tooLate := target(w.rule(3, testbed.Fault{Delay: 2500 * ms}), 1)
		rs, c := w.probe(50*ms, now, soon, tooLate)
		require.Equal(w, map[echo.Kind]int{echo.Reply: 1}, rs[0].count, "%+v", c)
		require.Equal(w, map[echo.Kind]int{echo.Reply: 1}, rs[1].count, "%+v", c)
		require.Less(w, rs[1].events[0].RTT, 2000*ms)
		require.Equal(w, map[echo.Kind]int{echo.Lost: 1, echo.Late: 1}, rs[2].count, "read at once, but it came late")
	})
}

// answered counts the requests whose first answer has left.
func (w *world) answered() (n int) {
	for _, e := range w.Entries(w.Responder.Of(w.family)) {
		if e.Answered > 0 {
			n++
		}
	}
	return n
}

// TestTrap04Overflow: what our own socket dropped is said to be dropped by it. The
// engine does not read until all hosts have answered.
func TestTrap04Overflow(t *testing.T) {
	everyKind(t, func(w *world) {
		w.config.RecvBuffer, w.config.SendBuffer = 212_992/2, 212_992/2
		targets := []echo.Target{target(w.rule(1, testbed.Fault{Duplicate: 3000, DuplicateAfter: ms / 8}), 1)} // for 375 ms
		for i := range byte(10) {
			targets = append(targets, target(w.rule(i+2, testbed.Fault{Delay: 200 * ms}), 1))
		}
		var once sync.Once
		w.observe = func(*echo.Event) {
			once.Do(func() {
				assert.Eventually(w, func() bool { return w.answered() == len(targets) }, processTime, ms)
			})
		}
		rs, c := w.probe(0, targets...)
		require.Positive(w, c.Drops, "%+v", c)
		require.Positive(w, c.Lost, "%+v", c)
		for _, r := range rs[1:] {
			for _, ev := range r.of(echo.Lost) {
				require.True(w, ev.Suspect, "lost for want of room in our own socket")
			}
		}
	})
}

// TestTrap15LinkLocal: a link-local address needs a zone, and is probed in it.
func TestTrap15LinkLocal(t *testing.T) {
	everyKind(t, func(w *world) {
		if w.family == wire.V4 {
			return
		}
		without := target(w.RouterLinkLocal.WithZone(""), 1)
		require.ErrorContains(w, without.Check(false), "say which interface")
		r, c := w.one(0, target(w.RouterLinkLocal, 3))
		require.Equal(w, map[echo.Kind]int{echo.Reply: 3}, r.count, "%+v", c)
		require.Equal(w, w.RouterLinkLocal.WithZone(""), r.events[0].From)
		require.Equal(w, w.RouterLinkLocal, r.events[0].Addr)
	})
}

// TestTrap15TwoZones has the same link-local address on two links: the one that is
// dead stays dead, although the other answers.
func TestTrap15TwoZones(t *testing.T) {
	everyKind(t, func(w *world) {
		if w.family == wire.V4 {
			return
		}
		device := fmt.Sprint("twin", w.kind)
		twin := w.RouterLinkLocal.WithZone(device)
		w.Client.Run(w, "ip", "link", "add", device, "type", "veth", "peer", "name", device, "netns", w.Server.Path())
		w.Client.Run(w, "ip", "addr", "add", "fe80::9/64", "dev", device, "nodad")
		w.Server.Run(w, "ip", "addr", "add", twin.WithZone("").String()+"/64", "dev", device, "nodad")
		w.Server.Run(w, "ip", "link", "set", device, "up")
		w.Client.Run(w, "ip", "link", "set", device, "up")
		w.Client.Run(w, "ping", "-q", "-c", "1", "-w", "10", twin.String()) // the first packets after a link came up are lost
		require.NoError(w, w.Router.Nft("table ip6 quiet { chain in { type filter hook input priority 0\nicmpv6 type echo-request drop\n}\n}\n"))

		rs, c := w.probe(0, target(w.RouterLinkLocal, 5), target(twin, 5))
		require.Equal(w, map[echo.Kind]int{echo.Lost: 5}, rs[0].count, "%+v", c)
		require.Equal(w, map[echo.Kind]int{echo.Reply: 5}, rs[1].count, "%+v", c)
		w.Router.Run(w, "nft", "delete", "table", "ip6", "quiet")
	})
}

// TestTrap16InterfaceFlap: what cannot be sent while the link is down is not
// lost, and probing goes on when it is back.
func TestTrap16InterfaceFlap(t *testing.T) {
	everyKind(t, func(w *world) {
		if w.family == wire.V6 {
			return // the kernel drops IPv6 addresses with the link: there is nothing to come back
		}
		device := w.RouterLinkLocal.Zone()
		steady := target(w.ServerAddr.V4, 150)
		var down, up sync.Once
		replies := 0
		w.observe = func(ev *echo.Event) {
			if ev.Kind == echo.Reply {
				replies++
			}
			if replies == 10 {
				down.Do(func() { w.Client.Run(w, "ip", "link", "set", device, "down") })
			}
			if ev.Kind == echo.NotSent && ev.Number > 30 {
				up.Do(func() {
					w.Client.Run(w, "ip", "link", "set", device, "up")
					w.Client.Run(w, "ip", "route", "replace", "203.0.113.0/24", "via", w.RouterAddr.V4.String())
				})
			}
		}
		r, c := w.one(0, steady)
		require.Positive(w, r.count[echo.NotSent], "%+v", c)
		require.LessOrEqual(w, r.count[echo.Lost], 5, "what was in flight, and the first packets after, which the kernel drops: %+v", c)
		require.Greater(w, r.count[echo.Reply], 20, "%+v, last: %v", c, r.events[len(r.events)-1].Err)
		for _, ev := range r.of(echo.NotSent) {
			require.Contains(w, []icmpsock.Cause{icmpsock.LinkDown, icmpsock.NoRoute}, ev.Cause)
		}
	})
}

// TestTrap18ReplyOptions: both kinds of socket say how a reply came in, and send
// with the options that were asked for.
func TestTrap18ReplyOptions(t *testing.T) {
	everyKind(t, func(w *world) {
		marked := target(w.rule(1, testbed.Fault{}), 2)
		marked.Hops, marked.TrafficClass = 17, 0xb8
		marked.Source = w.ClientAddr.Of(w.family)
		marked.Interface = w.RouterLinkLocal.Zone()
		r, c := w.one(0, marked)
		require.Equal(w, map[echo.Kind]int{echo.Reply: 2}, r.count, "%+v", c)
		ev := r.events[0]
		require.Equal(w, w.ClientAddr.Of(w.family), ev.To)
		require.Positive(w, ev.Interface)
		require.Positive(w, ev.Hops)
		seen := w.Entries(hostPrefix(w.host(1)))
		require.Len(w, seen, 2)
		require.Equal(w, uint8(15), seen[0].Hops, "two hops away")
		require.Equal(w, uint8(0xb8), seen[0].TrafficClass)
		require.Equal(w, w.ClientAddr.Of(w.family), seen[0].Src)
	})
}
