package truth

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/testbed"
	"github.com/rawping/rawping/internal/wire"
)

// TestTrap07RouterErrors: what a router says ends the wait at once, and is told.
func TestTrap07RouterErrors(t *testing.T) {
	everyKind(t, func(w *world) {
		errs := w.RouterErrors(w.family)
		var targets []echo.Target
		for _, e := range errs {
			targets = append(targets, target(e.Addr, 2))
		}
		rs, c := w.probe(50*ms, targets...)
		for i, r := range rs {
			require.Equal(w, map[echo.Kind]int{echo.Refused: 2}, r.count, "%s: %+v", errs[i].Name, c)
			for _, ev := range r.events {
				require.Equal(w, echo.ICMPError{Type: errs[i].Type, Code: errs[i].Code, Router: w.RouterAddr.Of(w.family)}, ev.ICMP, errs[i].Name)
				require.Less(w, ev.RTT, 2000*ms)
			}
		}
	})
}

// TestTrap07EveryError: every type and code, quoted in every way.
func TestTrap07EveryError(t *testing.T) {
	quotes := []testbed.ICMPError{
		{Quote: 8},
		{Quote: 9},
		{Quote: 24},
		{Quote: 40},
		{},
		{Options: true},
		{Options: true, Quote: 8},
		{ExtHeaders: true},
		{ExtHeaders: true, Quote: 8},
		{Extensions: true},
		{Extensions: true, Quote: 8},
	}
	everyKind(t, func(w *world) {
		var faults []testbed.Fault
		for i, e := range everyError(w.family) {
			q := quotes[i%len(quotes)]
			q.Type, q.Code, q.Info = e[0], e[1], 1400
			if w.family == wire.V4 {
				q.ExtHeaders = false
			} else {
				q.Options = false
			}
			faults = append(faults, testbed.Fault{ICMPError: &q})
		}
		rs, c := w.probe(50*ms, w.each(faults)...)
		for i, r := range rs {
			e := faults[i].ICMPError
			if !w.raw() && w.family == wire.V4 && (e.Type == 3 && e.Code == 4 || e.Type == 11 && e.Code == 1) {
				continue // the kernel keeps them from a socket that asks for no path MTU, and from all
			}
			require.Equal(w, map[echo.Kind]int{echo.Refused: 3}, r.count, "%+v: %+v", *e, c)
			require.Equal(w, [2]uint8{e.Type, e.Code}, [2]uint8{r.events[0].ICMP.Type, r.events[0].ICMP.Code})
		}
	})
}

// everyError returns the types and codes of all errors of a family.
func everyError(f wire.Family) [][2]uint8 {
	codes := []struct{ typ, codes uint8 }{{3, 16}, {11, 2}, {12, 3}} // RFC 792, RFC 1812
	if f == wire.V6 {
		codes = []struct{ typ, codes uint8 }{{1, 8}, {2, 1}, {3, 2}, {4, 4}} // RFC 4443, RFC 7112
	}
	var all [][2]uint8
	for _, c := range codes {
		for code := range c.codes {
			all = append(all, [2]uint8{c.typ, code})
		}
	}
	return all
}

// TestTrap07NoErrors: redirects and source quench change nothing.
func TestTrap07NoErrors(t *testing.T) {
	everyKind(t, func(w *world) {
		var faults []testbed.Fault
		types := []uint8{4, 5, 13}
		if w.family == wire.V6 {
			types = []uint8{137, 133, 100}
		}
		for _, typ := range types {
			faults = append(faults, testbed.Fault{ICMPError: &testbed.ICMPError{Type: typ}, EchoToo: true})
		}
		for _, typ := range types { // and of a host that is silent otherwise
			faults = append(faults, testbed.Fault{ICMPError: &testbed.ICMPError{Type: typ}})
		}
		rs, c := w.probe(50*ms, w.each(faults)...)
		for i, r := range rs {
			want := map[echo.Kind]int{echo.Reply: 3}
			if i >= len(types) {
				want = map[echo.Kind]int{echo.Lost: 3}
			}
			require.Equal(w, want, r.count, "type %d: %+v", types[i%len(types)], c)
		}
	})
}

// TestTrap07ForgedErrors: errors that quote what we never sent are a stranger's.
func TestTrap07ForgedErrors(t *testing.T) {
	everyKind(t, func(w *world) {
		alive := w.rule(1, testbed.Fault{ForgeErrors: 12, Delay: 30 * ms})
		dead := w.rule(2, testbed.Fault{ForgeErrors: 12, Lose: 1, Of: 1})
		rs, c := w.probe(50*ms, target(alive, 5), target(dead, 3))
		require.Equal(w, map[echo.Kind]int{echo.Reply: 5}, rs[0].count, "%+v", c)
		require.Equal(w, map[echo.Kind]int{echo.Lost: 3}, rs[1].count, "%+v", c)
	})
}

// TestTrap07ErrorAndReply: the first of the two is the verdict, though they come by two
// queues on a datagram socket, and are read at once.
func TestTrap07ErrorAndReply(t *testing.T) {
	everyKind(t, func(w *world) {
		e := testbed.ICMPError{Type: 3, Code: 1}
		if w.family == wire.V6 {
			e = testbed.ICMPError{Type: 1, Code: 3}
		}
		w.stallOnce(200 * ms)
		both := target(w.rule(1, testbed.Fault{ICMPError: &e, EchoToo: true, Delay: 50 * ms}), 1)
		rs, c := w.probe(300*ms, target(w.rule(2, testbed.Fault{}), 1), both, both, both)
		for _, r := range rs[1:] {
			require.Equal(w, map[echo.Kind]int{echo.Refused: 1, echo.Late: 1}, r.count, "%+v", c)
		}
	})
}

// TestTrap07TTLExceeded: one hop is not enough.
func TestTrap07TTLExceeded(t *testing.T) {
	everyKind(t, func(w *world) {
		near := target(w.ServerAddr.Of(w.family), 3)
		near.Hops = 1
		rs, c := w.probe(50*ms, near, target(w.ServerAddr.Of(w.family), 3))
		require.Equal(w, map[echo.Kind]int{echo.Refused: 3}, rs[0].count, "%+v", c)
		require.Equal(w, w.RouterAddr.Of(w.family), rs[0].events[0].ICMP.Router)
		require.Equal(w, map[echo.Kind]int{echo.Reply: 3}, rs[1].count)
		require.Equal(w, 63, rs[1].events[0].Hops)
	})
}

// TestTrap07DeadNeighbour: the error of our own kernel comes after 3 s, when the
// probe has long been lost, and explains it.
func TestTrap07DeadNeighbour(t *testing.T) {
	everyKind(t, func(w *world) {
		patient := target(w.DeadNeighbours.Of(w.family).Addr().Next(), 1)
		patient.Timeout = 5000 * ms
		rs, c := w.probe(1000*ms, hasty(w.DeadNeighbour.Of(w.family), 3), patient)
		require.Equal(w, map[echo.Kind]int{echo.Refused: 1}, rs[1].count, "%+v", c)
		r := rs[0]
		require.Equal(w, 3, r.count[echo.Lost], "%+v", c)
		require.Positive(w, r.count[echo.LateRefusal], "%+v", c)
		require.Equal(w, w.ClientAddr.Of(w.family), r.of(echo.LateRefusal)[0].ICMP.Router)
	})
}

// TestTrap05LocalErrors: what never left is not lost, and says why; the error of
// one target costs another nothing.
func TestTrap05LocalErrors(t *testing.T) {
	everyKind(t, func(w *world) {
		errs := w.LocalErrors()
		var targets []echo.Target
		for _, e := range errs {
			targets = append(targets, target(w.rule(byte(len(targets)+1), testbed.Fault{}), 10), target(e.Addr.Of(w.family), 10))
		}
		rs, c := w.probe(0, targets...)
		for i, e := range errs {
			require.Equal(w, map[echo.Kind]int{echo.Reply: 10}, rs[2*i].count, "beside %s: %+v", e.Name, c)
			require.Equal(w, map[echo.Kind]int{echo.NotSent: 10}, rs[2*i+1].count, "%s: %+v", e.Name, c)
			ev := rs[2*i+1].events[0]
			require.Equal(w, icmpsock.CauseOf(e.Errno), ev.Cause, e.Name)
			require.ErrorIs(w, ev.Err, e.Errno)
		}
	})
}

// refuseHere has the client's firewall refuse what goes to two of its own addresses,
// and gives it a route over a gateway that nobody is.
const refuseHere = `
table inet refuse
delete table inet refuse
table inet refuse {
	chain out {
		type filter hook output priority 0
		ip daddr 127.0.0.99 drop
		ip6 daddr 2001:db8:a::99 drop
	}
}
`

const deadGateway = `address replace 2001:db8:a::99/128 dev lo nodad
route replace 192.0.2.192/27 via 198.51.100.77
route replace 2001:db8:d:d::/64 via 2001:db8:a::77
`

// TestTrap05RefusedOrLost: some sockets are not told what the firewall refuses. What
// they make of that must not hide what is lost beside it.
func TestTrap05RefusedOrLost(t *testing.T) {
	everyKind(t, func(w *world) {
		require.NoError(w, w.Client.Nft(refuseHere))
		require.NoError(w, w.Client.IP(deadGateway))
		own, beyond := netip.MustParseAddr("127.0.0.99"), netip.MustParseAddr("192.0.2.193")
		if w.family == wire.V6 {
			own, beyond = netip.MustParseAddr("2001:db8:a::99"), netip.MustParseAddr("2001:db8:d:d::1")
		}
		alive := target(w.rule(1, testbed.Fault{}), 3)
		dead := []netip.Addr{
			w.DeadNeighbour.Of(w.family), beyond, w.Silent.Of(w.family).Addr().Next(), w.rule(2, testbed.Fault{Lose: 1, Of: 1}),
		}
		targets := []echo.Target{alive, hasty(own, 3), hasty(w.Firewall.Addr.Of(w.family), 3)}
		for _, addr := range dead {
			targets = append(targets, hasty(addr, 3))
		}
		rs, c := w.probe(0, targets...)
		require.Equal(w, map[echo.Kind]int{echo.Reply: 3}, rs[0].count, "%+v", c)
		for _, r := range rs[1:3] {
			require.Equal(w, map[echo.Kind]int{echo.NotSent: 3}, r.count, "%+v", c)
			require.Equal(w, icmpsock.Firewall, r.events[0].Cause)
		}
		for i, r := range rs[3:] { // our own kernel may give up a neighbour that others have asked for before
			require.Equal(w, 3, r.count[echo.Lost]+r.count[echo.Refused], "%v: %+v", dead[i], c)
		}
	})
}

// TestTrap06SharedSocketErrors: on a datagram socket, the kernel hands one
// target's error to the next send to another, and does not send that.
func TestTrap06SharedSocketErrors(t *testing.T) {
	everyKind(t, func(w *world) {
		var targets []echo.Target
		for i := range byte(20) {
			targets = append(targets, target(w.rule(i+1, testbed.Fault{}), 15))
			targets = append(targets, target(w.RouterErrors(w.family)[int(i)%5].Addr, 15))
		}
		rs, c := w.probe(50*ms, targets...)
		for i, r := range rs {
			want := map[echo.Kind]int{echo.Reply: 15}
			if i%2 == 1 {
				want = map[echo.Kind]int{echo.Refused: 15}
			}
			require.Equal(w, want, r.count, "target %d: %+v", i, c)
		}
	})
}

// TestTrap05TooBig: the MTU is told, whoever knows it.
func TestTrap05TooBig(t *testing.T) {
	everyKind(t, func(w *world) {
		own := target(w.ServerAddr.Of(w.family), 2)
		own.Size, own.DontFragment = 2000, true
		r, _ := w.one(0, own)
		require.Equal(w, map[echo.Kind]int{echo.NotSent: 2}, r.count)
		require.Equal(w, icmpsock.TooBig, r.events[0].Cause)
		var tooBig *icmpsock.TooBigError
		require.ErrorAs(w, r.events[0].Err, &tooBig)
		require.Equal(w, 1500, tooBig.MTU, "of the client's link")

		a := w.Narrow.Of(w.family).Addr().Next()
		for range w.kind {
			a = a.Next().Next() // of which the kernel does not know yet
		}
		path := target(a, 3)
		path.Size, path.DontFragment = 1300, true
		r, c := w.one(0, path)
		require.Equal(w, echo.Refused, r.events[0].Kind, "%+v", c)
		require.Equal(w, testbed.NarrowMTU, int(r.events[0].ICMP.MTU))
		require.Equal(w, map[echo.Kind]int{echo.Refused: 1, echo.NotSent: 2}, r.count)
		require.True(w, errors.As(r.events[1].Err, &tooBig))
		require.Equal(w, testbed.NarrowMTU, tooBig.MTU)

		whole := target(a.Next(), 3)
		whole.Size = 1300
		r, _ = w.one(0, whole)
		if w.family == wire.V4 {
			require.Equal(w, map[echo.Kind]int{echo.Reply: 3}, r.count, "fragmented on the way")
		} else {
			require.Equal(w, map[echo.Kind]int{echo.Refused: 1, echo.Reply: 2}, r.count, "fragmented here, once the MTU is known")
		}
	})
}

// TestTrap05DeadNeighbours: many dead neighbours hold the send buffer for seconds,
// and must not keep a host that lives from being probed. They are not more, because
// the machine has one table of neighbours for all tests' namespaces.
func TestTrap05DeadNeighbours(t *testing.T) {
	everyKind(t, func(w *world) {
		w.config.RecvBuffer, w.config.SendBuffer = 212_992/2, 212_992/2 // Debian's default
		addr := w.DeadNeighbours.Of(w.family).Addr()
		var targets []echo.Target
		for range 150 {
			addr = addr.Next()
			dead := target(addr, 0)
			dead.Interval = 1000 * ms
			targets = append(targets, dead)
		}
		alive := target(w.rule(1, testbed.Fault{}), 40)
		alive.Interval = 100 * ms
		targets = append(targets, alive)
		rs, c := w.probe(0, targets...)
		last := rs[len(rs)-1]
		require.Equal(w, map[echo.Kind]int{echo.Reply: 40}, last.count, "%+v", c)
		// Once it has proved to live, nothing holds it back any more.
		behind := 0
		for i, ev := range last.events[1:] {
			if ev.Sent.Sub(last.events[i].Sent) > 1000*ms {
				behind++
			}
		}
		require.LessOrEqual(w, behind, 1, "%+v", c)
		for i, r := range rs[:150] {
			require.Zero(w, r.count[echo.Reply], fmt.Sprint(i))
		}
	})
}
