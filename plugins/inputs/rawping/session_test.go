package rawping

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/influxdata/telegraf/config"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/icmpsock"
)

func TestFirstGatherWaits(t *testing.T) {
	gone := func(context.Context, string) (netip.Addr, error) { return netip.Addr{}, errors.New("no such host") }
	never := func(ctx context.Context, _ string) (netip.Addr, error) {
		<-ctx.Done()
		return netip.Addr{}, ctx.Err()
	}
	for name, c := range map[string]struct {
		url     string
		lookup  func(context.Context, string) (netip.Addr, error)
		seconds float64
		result  int64
	}{
		"for a reply":        {url: "192.0.2.1", seconds: 0.02, result: 0},
		"for a timeout":      {url: "192.0.2.200", seconds: 1.002, result: 3},
		"for a failed send":  {url: "192.0.2.9", seconds: 0, result: 2},
		"for a failed name":  {url: "a.example", lookup: gone, seconds: 0, result: 1},
		"for a silent name":  {url: "a.example", lookup: never, seconds: 5, result: 1},
		"for a missing zone": {url: "fe80::1%missing0", seconds: 0, result: 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, c.url)
				if c.lookup != nil {
					w.resolvesTo(c.lookup)
				}
				began := time.Now()
				require.NoError(t, w.Start(&w.acc))
				require.Zero(t, time.Since(began), "Start waits for nothing")
				rows := w.gather(t)
				require.InDelta(t, c.seconds, time.Since(began).Seconds(), 0.003)
				result, ok := rows[c.url].GetField("result_code")
				require.True(t, ok)
				require.Equal(t, c.result, result)
				time.Sleep(time.Second)
				began = time.Now()
				require.NotEmpty(t, w.gather(t))
				require.Zero(t, time.Since(began), "later ones wait for nothing")
				w.Stop()
			})
		})
	}
}

// The agent's tick that comes while the first Gather waits is done right after it.
// Two metrics of one host within the agent's precision would be one in InfluxDB, so
// that one is left out, and what it would have told comes with the next.
func TestTickDuringTheFirstGather(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "192.0.2.1", "192.0.2.200")
		began := time.Now()
		require.NoError(t, w.Start(&w.acc))
		received := w.gather(t)["192.0.2.1"].Fields()["packets_received"].(int64) // after 1.6 s
		require.Equal(t, began, w.acc.GetTelegrafMetrics()[0].Time(), "the time of its tick")
		require.Empty(t, w.gather(t), "the tick after 1 s")
		var stamps []time.Time
		for second := range 3 {
			time.Sleep(time.Until(began.Add(time.Duration(second+2) * time.Second)))
			received += w.gather(t)["192.0.2.1"].Fields()["packets_received"].(int64)
			stamps = append(stamps, w.acc.GetTelegrafMetrics()[0].Time())
		}
		w.Stop()
		require.Equal(t, []time.Time{began.Add(2 * time.Second), began.Add(3 * time.Second), began.Add(4 * time.Second)}, stamps)
		require.InDelta(t, len(w.sent("192.0.2.1")), received, 1, "nothing is left out")
	})
}

// A first Gather without anything to tell ends at its bound.
func TestFirstGatherIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlugin("192.0.2.1")
		p.Targets = []Target{{URL: "192.0.2.200", Probing: Probing{Timeout: new(config.Duration(time.Minute)), PingInterval: new(config.Duration(time.Hour))}}}
		w := inhabit(t, p)
		began := time.Now()
		require.NoError(t, w.Start(&w.acc))
		rows := w.gather(t)
		require.Equal(t, 7*time.Second, time.Since(began), "ping_interval + timeout + 5 s")
		require.False(t, rows["192.0.2.200"].HasField("result_code"), "nothing is known yet")
		require.Equal(t, int64(7), rows["192.0.2.1"].Fields()["packets_received"])
		w.Stop()
	})
}

func TestStopEndsTheFirstGather(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "192.0.2.200")
		began := time.Now()
		require.NoError(t, w.Start(&w.acc))
		w.stopDuringGather(t, 0)
		require.Zero(t, time.Since(began))
	})
}

// The sum over all windows is what was sent, less what was abandoned at Stop.
func TestWindowsAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "192.0.2.2", "192.0.2.200")
		require.NoError(t, w.Start(&w.acc))
		s := w.session
		for range 20 {
			time.Sleep(730 * ms)
			require.NoError(t, w.Gather(&w.acc))
		}
		time.Sleep(400 * ms)
		w.Stop()
		sum := int64(0)
		for _, m := range w.acc.GetTelegrafMetrics() {
			n, ok := m.GetField("packets_transmitted")
			require.True(t, ok)
			sum += n.(int64)
			require.Equal(t, n.(int64) > 0, m.HasField("percent_packet_loss"))
		}
		c := s.engine.Counters()
		require.Positive(t, c.Abandoned)
		require.Equal(t, int64(c.Sent-c.Abandoned), sum)
	})
}

func TestRepeatedStartAndStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "192.0.2.1", "web.example")
		w.Stop() // before any Start
		require.EqualError(t, w.Gather(&w.acc), "not started")
		for range 3 {
			require.NoError(t, w.Start(&w.acc))
			require.EqualError(t, w.Start(&w.acc), "already started")
			rows := w.gather(t)
			require.Len(t, rows, 2)
			for _, m := range rows {
				n, _ := m.GetField("packets_transmitted")
				require.Equal(t, int64(1), n, "nothing is left of the last time")
			}
			w.acc.ClearMetrics()
			w.Stop()
			require.Empty(t, w.acc.GetTelegrafMetrics(), "nothing was decided since")
			w.Stop()
			require.Error(t, w.Gather(&w.acc))
		}
		require.Equal(t, 3, w.opened)
	})
}

func TestFailedStart(t *testing.T) {
	w := newWorld(t, "192.0.2.1")
	w.RawPing.network = func() (icmpsock.Network, error) { return nil, errors.New("too many open files") }
	require.EqualError(t, w.Start(&w.acc), "too many open files")
	w.Stop()
	require.EqualError(t, w.Probe(), "too many open files")
}
