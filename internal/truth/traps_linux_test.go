package truth

import (
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/testbed"
	"github.com/rawping/rawping/internal/wire"
)

// localhost returns the client's loopback address.
func (w *world) localhost() netip.Addr {
	if w.family == wire.V6 {
		return netip.IPv6Loopback()
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1})
}

// TestTrap09SequenceWrap sends one host more probes within ten seconds than there
// are sequence numbers.
func TestTrap09SequenceWrap(t *testing.T) {
	everyKind(t, func(w *world) {
		many := target(w.localhost(), 70_000)
		many.Interval, many.Timeout = 0, 5000*ms
		r, c := w.one(0, many)
		require.Equal(w, map[echo.Kind]int{echo.Reply: 70_000}, r.count, "%+v", c)
		require.Zero(w, c.OutOfOrder)
	})
}

// TestTrap11OwnRequests: a raw socket on loopback sees its own requests, which
// are no replies, nor anything else that counts.
func TestTrap11OwnRequests(t *testing.T) {
	everyKind(t, func(w *world) {
		r, c := w.one(50*ms, target(w.localhost(), 20))
		require.Equal(w, map[echo.Kind]int{echo.Reply: 20}, r.count, "%+v", c)
		require.Zero(w, c.Foreign)
	})
}

// TestTrap13ClockStep steps the wall clock, as the engine reads it, by an hour
// and back, over and over: no RTT and no verdict changes.
func TestTrap13ClockStep(t *testing.T) {
	everyKind(t, func(w *world) {
		system := echo.SystemClock()
		began := time.Now()
		w.clock = func() (echo.Instant, int64) {
			now, wall := system()
			if time.Since(began)/(70*ms)%2 == 1 {
				wall += int64(time.Hour)
			}
			return now, wall
		}
		r, c := w.one(0, target(w.rule(1, testbed.Fault{Delay: 50 * ms}), 30))
		require.Equal(w, map[echo.Kind]int{echo.Reply: 30}, r.count, "%+v", c)
		require.Positive(w, c.ClockSteps)
		for _, ev := range r.events {
			require.GreaterOrEqual(w, ev.RTT, 50*ms)
			require.Less(w, ev.RTT, 2000*ms)
		}
	})
}

// TestTrap16AddressVanishes: without an address to send from, probes are not
// sent, and probing goes on when it is back.
func TestTrap16AddressVanishes(t *testing.T) {
	everyKind(t, func(w *world) {
		device := w.RouterLinkLocal.Zone()
		addr := w.ClientAddr.Of(w.family)
		mask, ip := "/24", "-4"
		if w.family == wire.V6 {
			mask, ip = "/64", "-6"
		}
		steady := target(w.ServerAddr.Of(w.family), 100)
		steady.Source = addr
		var gone, back sync.Once
		w.observe = func(ev *echo.Event) {
			if ev.Kind == echo.Reply && ev.Number == 10 {
				gone.Do(func() { w.Client.Run(w, "ip", ip, "addr", "del", addr.String()+mask, "dev", device) })
			}
			if ev.Kind == echo.NotSent && ev.Number > 30 {
				back.Do(func() { require.NoError(w, w.RestoreClient()) })
			}
		}
		r, c := w.one(0, steady)
		require.GreaterOrEqual(w, r.count[echo.NotSent], 10, "%+v", c)
		require.Greater(w, r.count[echo.Reply], 40, "%+v", c)
		require.LessOrEqual(w, r.count[echo.Lost], 5, "what was in flight, and the first packets after, which the kernel drops: %+v", c)
	})
}

// mortal is a network whose connections a test can kill.
type mortal struct {
	icmpsock.Network
	conns []icmpsock.Conn
}

// Open implements icmpsock.Network.
func (m *mortal) Open(class icmpsock.Class) (icmpsock.Conn, error) {
	c, err := m.Network.Open(class)
	if err == nil {
		m.conns = append(m.conns, c)
	}
	return c, err
}

// TestTrap16SocketDies: a dead socket is opened anew, and what could not be sent
// meanwhile is not lost.
func TestTrap16SocketDies(t *testing.T) {
	everyKind(t, func(w *world) {
		var m mortal
		w.wrap = func(n icmpsock.Network) icmpsock.Network { m.Network = n; return &m }
		var kill sync.Once
		w.observe = func(ev *echo.Event) {
			if ev.Number == 10 {
				kill.Do(func() { require.NoError(w, m.conns[0].Close()) })
			}
		}
		r, c := w.one(0, target(w.rule(1, testbed.Fault{}), 40))
		require.Equal(w, uint64(1), c.SocketsLost)
		require.Equal(w, uint64(1), c.Reopened)
		require.Len(w, m.conns, 2)
		require.Zero(w, r.count[echo.Lost], "%+v", c)
		require.Positive(w, r.count[echo.NotSent], "%+v", c)
		require.Greater(w, r.count[echo.Reply], 20, "%+v", c)
		for _, ev := range r.of(echo.NotSent) {
			require.Equal(w, icmpsock.SocketLost, ev.Cause)
		}
	})
}

// countDF counts the requests with don't-fragment that the router forwards.
const countDF = `
table ip df
delete table ip df
table ip df {
	chain f {
		type filter hook forward priority 0
		icmp type echo-request ip frag-off & 0x4000 != 0 counter
	}
}
`

// TestTrap17DontFragment: requests leave without don't-fragment, which some
// middleboxes drop together with an IP identification of 0, unless asked for.
func TestTrap17DontFragment(t *testing.T) {
	everyKind(t, func(w *world) {
		if w.family == wire.V6 {
			return // it has neither
		}
		count := func(dontFragment bool) string {
			require.NoError(w, w.Router.Nft(countDF))
			asked := target(w.rule(1, testbed.Fault{}), 3)
			asked.DontFragment = dontFragment
			r, _ := w.one(0, asked)
			require.Equal(w, 3, r.count[echo.Reply])
			return w.Router.Run(w, "nft", "list", "table", "ip", "df")
		}
		require.True(w, strings.Contains(count(false), "counter packets 0 "))
		require.True(w, strings.Contains(count(true), "counter packets 3 "))
	})
}
