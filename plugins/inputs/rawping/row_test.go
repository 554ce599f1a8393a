package rawping

import (
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"
)

// expect makes a metric with the fields that every one has, zero unless given.
func expect(url string, fields map[string]any) telegraf.Metric {
	all := map[string]any{}
	for _, name := range []string{
		"packets_transmitted", "packets_received", "late", "duplicates", "out_of_order", "corrupt", "wrong_source",
		"refused", "not_sent", "suspect", "longest_loss_run", "consecutive_lost", "ttl_changes",
	} {
		all[name] = int64(0)
	}
	maps.Copy(all, fields)
	return metric.New("rawping", map[string]string{"url": url}, all, time.Time{})
}

// The one test that spells every field of a target that answers out, with its type.
func TestMetric(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2001:db8::1")
		require.NoError(t, w.Start(&w.acc))
		time.Sleep(4500 * ms)
		rows := w.gather(t)
		w.Stop()
		want := expect("2001:db8::1", map[string]any{
			"packets_transmitted": int64(5), "packets_received": int64(5), "percent_packet_loss": 0.0, "result_code": int64(0),
			"average_response_ms": 30.0, "minimum_response_ms": 30.0, "maximum_response_ms": 30.0, "standard_deviation_ms": 0.0,
			"median_response_ms": 30.0, "jitter_ms": 0.0, "ttl": int64(57), "rtt_source": "kernel",
			"ip": "2001:db8::1", "window_s": 4.5, "seconds_since_reply": 0.47,
		})
		testutil.RequireMetricEqual(t, want, rows["2001:db8::1"], testutil.IgnoreTime())
	})
}

// fields returns those of the metric of a url, as it is after a time.
func fields(t *testing.T, settings, url string, after time.Duration) (fields map[string]any, tags map[string]string) {
	t.Helper()
	p, err := load(t, "[[inputs.rawping]]\n"+settings)
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		w := inhabit(t, p)
		require.NoError(t, w.Start(&w.acc))
		time.Sleep(after)
		m := w.gather(t)[url]
		require.NotNil(t, m)
		fields, tags = m.Fields(), m.Tags()
		w.Stop()
	})
	return fields, tags
}

func TestTags(t *testing.T) {
	const target = "[[inputs.rawping.target]]\nurl = \"192.0.2.1\"\n"
	f, tags := fields(t, target+"name = \"web\"\ntags = {site = \"a b\", zone = \"1\"}", "192.0.2.1", time.Second)
	require.Equal(t, map[string]string{"url": "192.0.2.1", "name": "web", "site": "a b", "zone": "1"}, tags)
	require.Equal(t, "192.0.2.1", f["ip"])

	f, tags = fields(t, "ip_tag = true\n"+target, "192.0.2.1", time.Second)
	require.Equal(t, map[string]string{"url": "192.0.2.1", "ip": "192.0.2.1"}, tags)
	require.NotContains(t, f, "ip")
}

func TestCauses(t *testing.T) {
	f, _ := fields(t, `urls = ["192.0.2.3"]`, "192.0.2.3", 3500*ms)
	require.Equal(t, int64(4), f["refused"])
	require.Equal(t, 100.0, f["percent_packet_loss"])
	require.Equal(t, int64(3), f["result_code"])
	require.Equal(t, "host unreachable", f["refused_cause"])
	require.Equal(t, "203.0.113.1", f["refused_by"])
	require.NotContains(t, f, "not_sent_cause")
	require.NotContains(t, f, "seconds_since_reply", "there was none")

	f, _ = fields(t, `urls = ["192.0.2.9"]`, "192.0.2.9", 3500*ms)
	require.Equal(t, int64(4), f["not_sent"])
	require.Equal(t, int64(0), f["packets_transmitted"])
	require.NotContains(t, f, "percent_packet_loss")
	require.Equal(t, int64(2), f["result_code"])
	require.Equal(t, "refused by the local firewall (EPERM)", f["not_sent_cause"])
	require.NotContains(t, f, "refused_cause")
}

// A cause is told in the window that it belongs to, and no longer.
func TestCausesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "192.0.2.11")
		require.NoError(t, w.Start(&w.acc))
		time.Sleep(2500 * ms) // refused three times
		f := w.gather(t)["192.0.2.11"].Fields()
		require.Equal(t, "host unreachable", f["refused_cause"])
		require.Equal(t, int64(3), f["consecutive_lost"])
		time.Sleep(3 * time.Second)
		f = w.gather(t)["192.0.2.11"].Fields()
		require.Equal(t, int64(3), f["packets_received"])
		require.NotContains(t, f, "refused_cause")
		require.NotContains(t, f, "refused_by")
		require.Equal(t, int64(0), f["consecutive_lost"])
		w.Stop()
	})
}

func TestPercentiles(t *testing.T) {
	const settings = "urls = [\"192.0.2.8\"]\n" // 900 and 10 ms in turn
	f, _ := fields(t, settings+"percentiles = [0.0, 99.9, 100.0, 50.0]", "192.0.2.8", 9950*ms)
	require.Equal(t, int64(10), f["packets_received"])
	require.Equal(t, 10.0, f["percentile0_ms"])
	require.Equal(t, 455.0, f["percentile50_ms"])
	require.Equal(t, 900.0, f["percentile99.9_ms"])
	require.Equal(t, 900.0, f["percentile100_ms"])
	f, _ = fields(t, settings+"percentiles = [95, 95]", "192.0.2.8", 9950*ms)
	require.Equal(t, 900.0, f["percentile95_ms"])
}

// Each bucket is a metric with a tag, and counts the replies of the window that
// were as fast.
func TestHistogram(t *testing.T) {
	p, err := load(t, "[[inputs.rawping]]\nurls = [\"192.0.2.8\", \"192.0.2.200\"]\nhistogram = [9.9, 10.0, 500.0]")
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		w := inhabit(t, p)
		require.NoError(t, w.Start(&w.acc))
		for range 2 {
			time.Sleep(9999 * ms)
			w.acc.ClearMetrics()
			require.NoError(t, w.Gather(&w.acc))
			counts := map[string]any{}
			for _, m := range w.acc.GetTelegrafMetrics() {
				require.Equal(t, "rawping", m.Name())
				if le, ok := m.GetTag("le"); ok {
					require.Len(t, m.FieldList(), 1)
					counts[m.Tags()["url"]+" "+le] = m.Fields()["response_ms_bucket"]
				}
			}
			require.Equal(t, map[string]any{
				"192.0.2.8 9.9": int64(0), "192.0.2.8 10": int64(5), "192.0.2.8 500": int64(5), "192.0.2.8 +Inf": int64(10),
				"192.0.2.200 9.9": int64(0), "192.0.2.200 10": int64(0), "192.0.2.200 500": int64(0), "192.0.2.200 +Inf": int64(0),
			}, counts)
		}
		w.Stop()
	})
}

func TestTTLChanges(t *testing.T) {
	f, _ := fields(t, `urls = ["192.0.2.12"]`, "192.0.2.12", 4500*ms)
	require.Equal(t, int64(5), f["packets_received"])
	require.Equal(t, int64(64), f["ttl"], "the first")
	require.Equal(t, int64(4), f["ttl_changes"])
}

// However many replies there are, a metric costs the same, but for the figures
// that need all of them.
func TestWindowThatNobodyGathers(t *testing.T) {
	p, err := load(t, "[[inputs.rawping]]\nurls = [\"192.0.2.1\"]\nping_interval = \"1ms\"\npercentiles = [50]\nhistogram = [1]")
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		w := inhabit(t, p)
		require.NoError(t, w.Start(&w.acc))
		time.Sleep(70 * time.Second)
		require.NoError(t, w.Gather(&w.acc))
		metrics := w.acc.GetTelegrafMetrics()
		require.Len(t, metrics, 1, "no bucket could be right")
		f := metrics[0].Fields()
		require.Greater(t, f["packets_received"], int64(maxRTTs))
		require.Equal(t, 20.0, f["average_response_ms"])
		for name := range f {
			require.False(t, strings.HasPrefix(name, "median") || strings.HasPrefix(name, "percentile"), name)
		}
		w.Stop()
	})
}
