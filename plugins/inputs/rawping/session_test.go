package rawping

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/influxdata/telegraf"
	influxmetric "github.com/influxdata/telegraf/metric"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/icmpsock"
)

// metric makes a metric with the fields that every one has, zero unless given.
func metric(url string, fields map[string]any) telegraf.Metric {
	all := map[string]any{}
	for _, name := range []string{
		"packets_transmitted", "packets_received", "late", "duplicates", "out_of_order", "corrupt", "wrong_source",
		"refused", "not_sent", "suspect", "longest_loss_run", "consecutive_lost",
	} {
		all[name] = int64(0)
	}
	maps.Copy(all, fields)
	return influxmetric.New("rawping", map[string]string{"url": url}, all, time.Time{})
}

// The one test that spells every field out, with its type.
func TestMetric(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2001:db8::1")
		require.NoError(t, w.Start(&w.acc))
		time.Sleep(4500 * ms)
		rows := w.gather(t)
		w.Stop()
		want := metric("2001:db8::1", map[string]any{
			"packets_transmitted": int64(5), "packets_received": int64(5), "percent_packet_loss": 0.0, "result_code": int64(0),
			"average_response_ms": 30.0, "minimum_response_ms": 30.0, "maximum_response_ms": 30.0, "standard_deviation_ms": 0.0,
			"median_response_ms": 30.0, "jitter_ms": 0.0, "ttl": int64(57), "rtt_source": "kernel",
			"ip": "2001:db8::1", "window_s": 4.5,
		})
		testutil.RequireMetricEqual(t, want, rows["2001:db8::1"], testutil.IgnoreTime())
	})
}

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
					w.lookup = c.lookup
				}
				began := time.Now()
				require.NoError(t, w.Start(&w.acc))
				require.Zero(t, time.Since(began), "Start waits for nothing")
				rows := w.gather(t)
				require.InDelta(t, c.seconds, time.Since(began).Seconds(), 0.003)
				result, ok := rows[c.url].GetField("result_code")
				require.True(t, ok)
				require.Equal(t, c.result, result)
				began = time.Now()
				w.gather(t)
				require.Zero(t, time.Since(began), "later ones wait for nothing")
				w.Stop()
			})
		})
	}
}

// A first Gather without anything to tell ends at its bound.
func TestFirstGatherIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "a.example")
		w.lookup = func(context.Context, string) (netip.Addr, error) {
			time.Sleep(time.Minute) // not even the context moves it
			return netip.Addr{}, errors.New("no such host")
		}
		began := time.Now()
		require.NoError(t, w.Start(&w.acc))
		rows := w.gather(t)
		require.Equal(t, 7*time.Second, time.Since(began), "ping_interval + timeout + 5 s")
		require.False(t, rows["a.example"].HasField("result_code"), "nothing is known yet")
		w.Stop()
	})
}

func TestStopEndsTheFirstGather(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "192.0.2.200")
		began := time.Now()
		require.NoError(t, w.Start(&w.acc))
		done := make(chan error)
		go func() { done <- w.Gather(&w.acc) }()
		synctest.Wait()
		w.Stop()
		require.NoError(t, <-done)
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

func TestNoRights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "192.0.2.1", "2001:db8::1", "web.example")
		var rights denied
		rights.Store(true)
		w.RawPing.network = func() (icmpsock.Network, error) {
			n := newNetwork()
			n.OpenError = rights.open
			return n, nil
		}
		require.ErrorContains(t, w.Probe(), "no right to open an ICMP socket")
		require.NoError(t, w.Start(&w.acc))
		const logged = `E! Cannot send to "192.0.2.1" and 1 more, trying again: no right to open an ICMP socket: operation not permitted`
		require.Equal(t, []string{logged}, w.lines(), "at once")
		for range 5 {
			for url, m := range w.gather(t) {
				code, _ := m.GetField("result_code")
				require.Equal(t, int64(2), code, url)
				require.False(t, m.HasField("percent_packet_loss"), "what could not be sent is no loss")
			}
			time.Sleep(5 * time.Second)
		}
		require.Equal(t, []string{logged}, w.lines(), "and once")

		rights.Store(false)
		require.NoError(t, w.Probe())
		time.Sleep(time.Minute)
		for url, m := range w.gather(t) {
			code, _ := m.GetField("result_code")
			require.Equal(t, int64(0), code, url)
		}
		require.Equal(t, []string{
			logged, `I! IPv4 socket opened anew`, `I! IPv6 socket opened anew`,
			`I! Sending to "192.0.2.1" and 2 more again`,
		}, w.lines())
		w.Stop()
	})
}

func TestSocketLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "192.0.2.1")
		require.NoError(t, w.Start(&w.acc))
		w.gather(t)
		w.network.Kill()
		time.Sleep(10 * time.Second)
		m := w.gather(t)["192.0.2.1"]
		code, _ := m.GetField("result_code")
		require.Equal(t, int64(0), code)
		require.Equal(t, []string{
			`W! IPv4 socket lost, opening it anew: bad file descriptor`, `I! IPv4 socket opened anew`,
		}, w.lines())
		w.Stop()
	})
}

// Names that fail are tried again with growing distance, and the log says so
// once.
func TestNamesAreTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "a.example", "b.example", "192.0.2.1")
		var up atomic.Bool
		var tries []time.Duration
		began := time.Now()
		w.lookup = func(_ context.Context, host string) (netip.Addr, error) {
			if up.Load() {
				return netip.MustParseAddr("2001:db8::1"), nil
			}
			if host == "b.example" {
				tries = append(tries, time.Since(began))
			}
			return netip.Addr{}, errors.New(host + " at " + time.Since(began).String())
		}
		require.NoError(t, w.Start(&w.acc))
		for range 40 {
			rows := w.gather(t)
			for _, url := range []string{"a.example", "b.example"} {
				code, _ := rows[url].GetField("result_code")
				require.Equal(t, int64(1), code)
				require.False(t, rows[url].HasField("ip"))
			}
			time.Sleep(10 * time.Second)
		}
		synctest.Wait()
		require.Len(t, w.lines(), 1)
		require.Contains(t, w.lines()[0], `W! Cannot resolve "a.example" and 1 more, trying again: `)
		require.Equal(t, []time.Duration{0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303, 363}, seconds(tries))

		up.Store(true)
		time.Sleep(time.Minute)
		rows := w.gather(t)
		for _, url := range []string{"a.example", "b.example"} {
			ip, _ := rows[url].GetField("ip")
			require.Equal(t, "2001:db8::1", ip)
		}
		require.Len(t, w.lines(), 2)
		require.Contains(t, w.lines()[1], `I! Sending to "a.example" and 1 more again`)
		w.Stop()
	})
}

func seconds(ds []time.Duration) []time.Duration {
	whole := make([]time.Duration, len(ds))
	for i, d := range ds {
		whole[i] = d / time.Second
	}
	return whole
}
