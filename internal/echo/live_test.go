package echo_test

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
)

// system returns the system's network, or skips where ICMP sockets are not permitted.
func system(t testing.TB, config icmpsock.Config) icmpsock.Network {
	t.Helper()
	n, err := icmpsock.System(config)
	require.NoError(t, err)
	_, err = n.Open(icmpsock.Class{Family: 4, Lane: 99}) // a lane that the engine does not use
	if errors.Is(err, os.ErrPermission) {
		if os.Getenv("RAWPING_REQUIRE_ALL") != "" {
			t.Fatal(err)
		}
		t.Skip("no right to ICMP sockets: ", err)
	}
	require.NoError(t, err)
	return n
}

// loopback returns the nth of 16 million addresses that answer.
func loopback(n int) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], 0x7f010000+uint32(n))
	return netip.AddrFrom4(b)
}

// live runs count probes to each of many loopback addresses and both families'
// own, each as soon as the one before has its verdict.
func live(t testing.TB, config icmpsock.Config, many, count int, observe func(*echo.Event)) *echo.Engine {
	t.Helper()
	e, err := echo.New(echo.Config{Network: system(t, config), Observe: observe})
	require.NoError(t, err)
	addrs := []netip.Addr{netip.IPv6Loopback()}
	for i := range many - 1 {
		addrs = append(addrs, loopback(i))
	}
	for _, addr := range addrs {
		target := to(addr, count)
		target.Interval = 0
		_, err := e.Add(target)
		require.NoError(t, err)
	}
	require.NoError(t, e.Open())
	require.NoError(t, e.Run(t.Context()))
	return e
}

func TestLoopback(t *testing.T) {
	for name, config := range map[string]icmpsock.Config{
		"stamps by key": {}, "stamps by packet": {NoStampKeys: true},
	} {
		t.Run(name, func(t *testing.T) { testLoopback(t, config) })
	}
}

func testLoopback(t *testing.T, config icmpsock.Config) {
	t.Helper()
	before := runtime.NumGoroutine()
	r := &record{t: t}
	r.engine = live(t, config, 200, 20, func(ev *echo.Event) { r.events = append(r.events, *ev) })
	r.checkInvariants()
	c := r.engine.Counters()
	require.Equal(t, uint64(4000), c.Replies)
	for _, ev := range r.events {
		require.NotZero(t, ev.RTT, tell(ev))
		require.Equal(t, 64, ev.Hops)
		require.Equal(t, 64, ev.Size)
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), before, "goroutines are left")
}

// TestDebianBuffers runs with the buffers that Debian's default of 212,992 for
// net.core.rmem_max and wmem_max allows: 256 replies.
func TestDebianBuffers(t *testing.T) {
	e := live(t, icmpsock.Config{RecvBuffer: 212_992 / 2, SendBuffer: 212_992 / 2}, 3000, 3, func(*echo.Event) {})
	c := e.Counters()
	require.Equal(t, uint64(9000), c.Replies, "%+v", c)
	require.Zero(t, c.Drops)
}

// TestBigPayloads sends what Debian's default buffers can take three replies of.
func TestBigPayloads(t *testing.T) {
	e, err := echo.New(echo.Config{
		Network: system(t, icmpsock.Config{RecvBuffer: 212_992 / 2, SendBuffer: 212_992 / 2}),
		Observe: func(ev *echo.Event) {},
	})
	require.NoError(t, err)
	for i := range 20 {
		target := to(loopback(i), 5)
		target.Interval, target.Size = ms, 65507
		_, err := e.Add(target)
		require.NoError(t, err)
	}
	require.NoError(t, e.Run(t.Context()))
	c := e.Counters()
	require.Equal(t, uint64(100), c.Replies, "%+v", c)
}

// TestSteadyStateAllocates counts what 20,000 echoes allocate once the engine
// has warmed up: between 256 and 512 probes per target, where no target's memory
// of its probes has to grow.
func TestSteadyStateAllocates(t *testing.T) {
	var from, upTo runtime.MemStats
	events := 0
	live(t, icmpsock.Config{}, 100, 500, func(*echo.Event) {
		switch events++; events {
		case 30_000:
			runtime.ReadMemStats(&from)
		case 50_000:
			runtime.ReadMemStats(&upTo)
		}
	})
	require.Less(t, upTo.Mallocs-from.Mallocs, uint64(200), "one allocation in 100 echoes")
}
