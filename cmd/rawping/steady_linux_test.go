//go:build !race

package main

import (
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
)

// rounds sends so many echoes to each of many loopback addresses over real
// sockets, one after the other, and counts them as the program does.
func rounds(tb testing.TB, hosts, echoes int, observe func(*echo.Event)) {
	tb.Helper()
	network, err := icmpsock.System(icmpsock.Config{})
	require.NoError(tb, err)
	all := make([]host, hosts)
	e, err := echo.New(echo.Config{Network: network, Observe: func(ev *echo.Event) {
		ev.Ref.(*host).take(ev)
		observe(ev)
	}})
	require.NoError(tb, err)
	for i := range all {
		all[i].window.MaxRTTs = 1
		_, err := e.Add(echo.Target{
			Addr: netip.AddrFrom4([4]byte{127, 1, byte(i >> 8), byte(i)}), Count: echoes, Timeout: 5 * time.Second, Size: 56, Ref: &all[i],
		})
		require.NoError(tb, err)
	}
	require.NoError(tb, e.Open())
	require.NoError(tb, e.Run(tb.Context()))
	for i := range all {
		c := all[i].window.Counts()
		require.EqualValues(tb, echoes, c.Replies, "%+v", c)
	}
}

// TestSteadyStateDoesNotAllocate holds the engine, its sockets and the counting
// to one allocation per 100 echoes, once everything has grown. A judged probe
// keeps its slot for 10 s, so the table still grows in this test: that is in
// the figure.
func TestSteadyStateDoesNotAllocate(t *testing.T) {
	needRoot(t)
	const hosts, echoes, warm = 64, 1500, 20_000
	var before, after runtime.MemStats
	seen := 0
	rounds(t, hosts, echoes, func(*echo.Event) {
		switch seen++; seen {
		case warm:
			runtime.ReadMemStats(&before)
		case hosts * echoes:
			runtime.ReadMemStats(&after)
		}
	})
	allocations, measured := after.Mallocs-before.Mallocs, hosts*echoes-warm
	t.Logf("%d allocations, %d bytes for %d echoes", allocations, after.TotalAlloc-before.TotalAlloc, measured)
	require.Less(t, allocations, uint64(measured/100))
}

// BenchmarkEcho is one echo on loopback, through the kernel, with everything
// that the program does for it but print.
func BenchmarkEcho(b *testing.B) {
	needRoot(b)
	const hosts = 64
	b.ReportAllocs()
	rounds(b, hosts, max(1, b.N/hosts), func(*echo.Event) {})
}
