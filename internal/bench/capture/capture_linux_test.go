package capture_test

import (
	"errors"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/bench/capture"
	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
)

// open watches the loopback interface, or skips where that is not permitted.
func open(t *testing.T) *capture.Capture {
	t.Helper()
	c, err := capture.Open("lo")
	if errors.Is(err, os.ErrPermission) && os.Getenv("RAWPING_REQUIRE_ALL") == "" {
		t.Skip("no right to capture: ", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// Every request is seen once, going out, and every reply once, coming in.
func TestLoopback(t *testing.T) {
	c := open(t)
	const each = 3
	hosts := []netip.Addr{netip.MustParseAddr("127.77.0.1"), netip.MustParseAddr("127.77.0.2")}
	network, err := icmpsock.System(icmpsock.Config{})
	require.NoError(t, err)
	e, err := echo.New(echo.Config{Network: network, Observe: func(ev *echo.Event) {
		require.Equal(t, echo.Reply, ev.Kind)
	}})
	require.NoError(t, err)
	for _, host := range hosts {
		_, err := e.Add(echo.Target{Addr: host, Count: each, Timeout: 5 * time.Second, Size: 56})
		require.NoError(t, err)
	}
	before := time.Now()
	require.NoError(t, e.Run(t.Context()))
	after := time.Now()

	frames, err := c.Read()
	require.NoError(t, err)
	var ours []capture.Frame
	for _, f := range frames { // others may use the interface too
		if f.Peer == hosts[0] || f.Peer == hosts[1] {
			ours = append(ours, f)
		}
	}
	require.Len(t, ours, 2*each*len(hosts))
	for _, f := range ours {
		require.WithinRange(t, time.Unix(0, f.Time), before, after)
	}
	trips := capture.Trips(ours)
	for _, host := range hosts {
		require.Len(t, trips[host], each)
		for _, trip := range trips[host] {
			require.True(t, trip.Answered)
			require.Positive(t, trip.RTT)
		}
	}
	frames, err = c.Read()
	require.NoError(t, err)
	for _, f := range frames {
		require.NotContains(t, hosts, f.Peer, "seen twice")
	}
}

func TestTrips(t *testing.T) {
	a, b := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2")
	trips := capture.Trips([]capture.Frame{
		{Peer: a, ID: 1, Seq: 1, Time: 100},
		{Peer: a, ID: 1, Seq: 2, Time: 200},
		{Peer: b, ID: 1, Seq: 1, Time: 210},
		{Peer: a, ID: 1, Seq: 2, Time: 230, Reply: true},
		{Peer: a, ID: 1, Seq: 1, Time: 240, Reply: true},
		{Peer: a, ID: 1, Seq: 1, Time: 250, Reply: true}, // a duplicate
		{Peer: b, ID: 2, Seq: 1, Time: 260, Reply: true}, // another's
		{Peer: a, ID: 1, Seq: 1, Time: 300},              // the number is used again
		{Peer: a, ID: 1, Seq: 1, Time: 301, Reply: true},
	})
	require.Equal(t, map[netip.Addr][]capture.Trip{
		a: {{true, 140}, {true, 30}, {true, 1}},
		b: {{}},
	}, trips)
}
