package truth

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/steady"
	"github.com/rawping/rawping/internal/testbed"
	"github.com/rawping/rawping/internal/wire"
)

const ms = time.Millisecond

// world is a bed and the sockets that probe in it.
type world struct {
	testing.TB
	*testbed.Bed
	kind    int // of socket, from 0: for what each kind needs for itself
	family  wire.Family
	config  icmpsock.Config
	observe func(*echo.Event) // if set, called with every event too
	clock   echo.Clock        // if set, the engine's
	wrap    func(icmpsock.Network) icmpsock.Network
}

// everyKind runs a test with raw and with datagram sockets, and with raw ones whose
// departures are told as older kernels tell them, over IPv4 and IPv6, in one bed.
// Rules are taken away before each.
func everyKind(t *testing.T, test func(*world)) {
	t.Helper()
	t.Parallel()
	bed := testbed.New(t)
	require.NoError(t, bed.Client.Sysctl("net.ipv4.ping_group_range", "0 2147483647"))
	for n, kind := range []struct {
		name   string
		config icmpsock.Config
	}{
		{"raw", icmpsock.Config{Policy: icmpsock.RawOnly}},
		{"datagram", icmpsock.Config{Policy: icmpsock.DatagramOnly}},
		{"raw, old kernel", icmpsock.Config{Policy: icmpsock.RawOnly, NoStampKeys: true}},
	} {
		for _, family := range []wire.Family{wire.V4, wire.V6} {
			t.Run(fmt.Sprintf("%s %v", kind.name, family), func(t *testing.T) {
				steady.Run(t, func(t testing.TB) {
					bed.Rules()
					bed.Forget()
					test(&world{TB: t, Bed: bed, kind: n, family: family, config: kind.config})
				})
			})
		}
	}
}

func (w *world) raw() bool { return w.config.Policy == icmpsock.RawOnly }

// host returns the nth address that the responder answers for.
func (w *world) host(n byte) netip.Addr {
	a := w.Responder.Of(w.family).Addr().AsSlice()
	a[len(a)-1], a[len(a)-2] = n, 1
	addr, _ := netip.AddrFromSlice(a)
	return addr
}

// rule sets what becomes of the requests to the nth host, and returns its address.
func (w *world) rule(n byte, f testbed.Fault) netip.Addr {
	addr := w.host(n)
	w.Rule(netip.PrefixFrom(addr, addr.BitLen()), f)
	return addr
}

// each returns a target for each fault, three probes to each.
func (w *world) each(faults []testbed.Fault) []echo.Target {
	targets := make([]echo.Target, len(faults))
	for i, f := range faults {
		targets[i] = target(w.rule(byte(i+1), f), 3)
	}
	return targets
}

// target returns a target with plain settings: count probes, 20 ms apart, each
// of which may take two seconds. The responder answers at once, but on a machine
// that is busy with other things it may not run for half a second.
func target(addr netip.Addr, count int) echo.Target {
	return echo.Target{Addr: addr, Count: count, Interval: 20 * ms, Timeout: 2000 * ms, Size: 56}
}

// record is what became of a target's probes.
type record struct {
	counted bool // its target has a last probe
	events  []echo.Event
	count   map[echo.Kind]int
}

// of returns the events of a kind.
func (r *record) of(k echo.Kind) []echo.Event {
	var evs []echo.Event
	for _, ev := range r.events {
		if ev.Kind == k {
			evs = append(evs, ev)
		}
	}
	return evs
}

// hasty is a target whose probes are lost after 400 ms: for what is lost or late
// anyhow.
func hasty(addr netip.Addr, count int) echo.Target {
	t := target(addr, count)
	t.Timeout = 400 * ms
	return t
}

// probe probes the targets until those that have a last probe have its verdict,
// and waits for what comes late: linger after the last verdict. It returns a
// record per target, in their order, and the engine's counts.
func (w *world) probe(linger time.Duration, targets ...echo.Target) ([]*record, echo.Counters) {
	w.Helper()
	network, err := w.Client.Network(w.config)
	require.NoError(w, err)
	if w.wrap != nil {
		network = w.wrap(network)
	}
	records := make([]*record, len(targets))
	undecided, endless := 0, false
	for i := range targets {
		records[i] = &record{counted: targets[i].Count > 0, count: map[echo.Kind]int{}}
		targets[i].Ref = records[i]
		undecided += targets[i].Count
		endless = endless || targets[i].Count == 0
	}
	ctx, cancel := context.WithTimeout(w.Context(), time.Minute)
	defer cancel()
	done := make(chan struct{})
	e, err := echo.New(echo.Config{Network: network, Clock: w.clock, Endless: true, InterfaceIndex: w.interfaceIndex, Observe: func(ev *echo.Event) {
		if w.observe != nil {
			w.observe(ev)
		}
		r := ev.Ref.(*record)
		r.events = append(r.events, *ev)
		r.count[ev.Kind]++
		if ev.Kind.Verdict() && r.counted {
			if undecided--; undecided == 0 {
				close(done)
			}
		}
	}})
	require.NoError(w, err)
	for _, t := range targets {
		_, err := e.Add(t)
		require.NoError(w, err)
	}
	require.NoError(w, e.Open())
	go func() {
		select {
		case <-done:
			time.Sleep(linger)
		case <-ctx.Done():
		}
		cancel()
	}()
	require.NoError(w, w.Client.Do(func() error { return e.Run(ctx) }))
	c := e.Counters()
	require.Zero(w, c.InFlight)
	require.Equal(w, c.Sent, c.Replies+c.Lost+c.Refused+c.Abandoned, "%+v", c)
	if !endless && c.SocketsLost == 0 { // what is in flight on a socket that dies is given up
		require.Zero(w, c.Abandoned, "the run was too short: %+v", c)
	}
	return records, c
}

// interfaceIndex finds an interface of the client.
func (w *world) interfaceIndex(name string) (index int, err error) {
	err = w.Client.Do(func() error {
		i, err := net.InterfaceByName(name)
		if err == nil {
			index = i.Index
		}
		return err
	})
	return index, err
}

// one probes one target.
func (w *world) one(linger time.Duration, t echo.Target) (*record, echo.Counters) {
	w.Helper()
	rs, c := w.probe(linger, t)
	return rs[0], c
}

// hostPrefix is an address alone.
func hostPrefix(addr netip.Addr) netip.Prefix { return netip.PrefixFrom(addr, addr.BitLen()) }

// TestMain lets more tests run at once than there are processors: they wait,
// nearly all of the time.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "12"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
