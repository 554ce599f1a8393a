package rawping

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"
	"github.com/influxdata/telegraf/selfstat"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/icmpsock"
)

// The one test that spells every field of the engine's metric out.
func TestEngineMetric(t *testing.T) {
	p, err := load(t, "[[inputs.rawping]]\nurls = [\"192.0.2.1\", \"192.0.2.3\", \"192.0.2.9\"]\nengine_metrics = true")
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		w := inhabit(t, p)
		require.NoError(t, w.Start(&w.acc))
		w.gather(t)
		time.Sleep(10100 * ms)
		w.gather(t)
		var engine telegraf.Metric
		for _, m := range w.acc.GetTelegrafMetrics() {
			if m.Name() == "rawping_engine" {
				engine = m
			}
		}
		require.NotNil(t, engine)
		lateness := engine.Fields()["send_lateness_mean_ms"]
		require.IsType(t, 0.0, lateness)
		testutil.RequireMetricEqual(t, metric.New("rawping_engine", nil, map[string]any{
			"targets": int64(3), "in_flight": int64(0),
			"sent": int64(20), "received": int64(10), "lost": int64(0), "refused": int64(10), "abandoned": int64(0),
			"not_sent": int64(10), "missed": int64(0), "suspect": int64(0), "foreign": int64(0), "local_drops": int64(0),
			"sockets_lost": int64(0), "sockets_reopened": int64(0), "clock_steps": int64(0),
			"send_lateness_mean_ms": lateness, "send_lateness_max_ms": engine.Fields()["send_lateness_max_ms"],
			"window_s": 10.1,
		}, time.Time{}), engine, testutil.IgnoreTime())
		w.Stop()
	})
}

func TestEngineMetricTellsOfSockets(t *testing.T) {
	p, err := load(t, "[[inputs.rawping]]\nurls = [\"192.0.2.1\"]\nengine_metrics = true")
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		w := inhabit(t, p)
		require.NoError(t, w.Start(&w.acc))
		w.gather(t)
		w.network.Kill()
		w.network.Drop(7)
		time.Sleep(10 * time.Second)
		w.gather(t)
		metrics := w.acc.GetTelegrafMetrics()
		f := metrics[len(metrics)-1].Fields()
		require.Equal(t, int64(1), f["sockets_lost"])
		require.Equal(t, int64(1), f["sockets_reopened"])
		w.Stop()
	})
}

// How late a send was is told in the interval that it belongs to, and no longer.
func TestLatenessOfTheInterval(t *testing.T) {
	p, err := load(t, "[[inputs.rawping]]\nurls = [\"192.0.2.1\"]\nengine_metrics = true")
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		w := inhabit(t, p)
		var stall atomic.Bool
		p.network = func() (icmpsock.Network, error) {
			n := newNetwork()
			n.BeforeSend = func() {
				if stall.Swap(false) {
					time.Sleep(350 * ms)
				}
			}
			return n, nil
		}
		require.NoError(t, w.Start(&w.acc))
		w.gather(t)
		stall.Store(true)
		for _, want := range []float64{350, 0} {
			time.Sleep(10 * time.Second)
			w.gather(t)
			metrics := w.acc.GetTelegrafMetrics()
			require.InDelta(t, want, metrics[len(metrics)-1].Fields()["send_lateness_max_ms"], 2, "2 ms are the engine's to put off")
		}
		w.Stop()
	})
}

// slowly takes a metric of a target in 5 s, as an agent does that has too many.
type slowly struct{ telegraf.Accumulator }

func (a slowly) AddMetric(m telegraf.Metric) {
	if m.Name() == measurement {
		time.Sleep(5 * time.Second)
	}
	a.Accumulator.AddMetric(m)
}

// The engine goes on while the rows of the targets are handed over: its counts are of
// the interval that its row names.
func TestEngineMetricAfterManyRows(t *testing.T) {
	p, err := load(t, "[[inputs.rawping]]\nurls = [\"192.0.2.1\"]\nengine_metrics = true")
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		w := inhabit(t, p)
		require.NoError(t, w.Start(&w.acc))
		w.gather(t)
		time.Sleep(10 * time.Second)
		require.NoError(t, w.Gather(slowly{&w.acc}))
		metrics := w.acc.GetTelegrafMetrics()
		f := metrics[len(metrics)-1].Fields()
		require.Equal(t, int64(15), f["sent"])
		require.InDelta(t, 15, f["window_s"], 0.1)
		w.Stop()
	})
}

// Where the agent offers self-statistics, inputs.internal has the totals; nothing
// of them is left after Stop.
func TestSelfStatistics(t *testing.T) {
	tags := map[string]string{"input": "rawping", "_id": "test"}
	totals := func() map[string]any {
		for _, m := range selfstat.Metrics() {
			if m.Name() == "internal_rawping" {
				require.Equal(t, tags, m.Tags())
				return m.Fields()
			}
		}
		return nil
	}
	p := newPlugin("192.0.2.1", "192.0.2.200")
	p.Statistics = selfstat.NewCollector(tags)
	synctest.Test(t, func(t *testing.T) {
		w := inhabit(t, p)
		for range 2 {
			require.NoError(t, w.Start(&w.acc))
			for range 3 {
				w.gather(t)
				time.Sleep(10 * time.Second)
			}
			w.gather(t)
			f := totals()
			require.Equal(t, int64(2), f["targets"])
			require.InDelta(t, 62, f["sent"], 4, "since the start")
			require.InDelta(t, 31, f["lost"], 2)
			require.Equal(t, int64(0), f["local_drops"])
			require.NotContains(t, f, "send_lateness_mean_ms")
			w.Stop()
			require.Nil(t, totals())
		}
	})
}
