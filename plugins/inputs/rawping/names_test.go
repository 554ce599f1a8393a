package rawping

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/influxdata/telegraf/config"
	"github.com/stretchr/testify/require"
)

// Names that fail are tried again with growing distance, and the log says so
// once.
func TestNamesAreTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "a.example", "b.example", "192.0.2.1")
		var up atomic.Bool
		var tries []time.Duration
		began := time.Now()
		w.resolvesTo(func(_ context.Context, host string) (netip.Addr, error) {
			if up.Load() {
				return addr("2001:db8::1"), nil
			}
			if host == "b.example" {
				tries = append(tries, time.Since(began)/time.Second)
			}
			return netip.Addr{}, errors.New(host + " at " + time.Since(began).String())
		})
		require.NoError(t, w.Start(&w.acc))
		for range 40 {
			rows := w.gather(t)
			for _, url := range []string{"a.example", "b.example"} {
				f := rows[url].Fields()
				require.Equal(t, int64(1), f["result_code"])
				require.NotContains(t, f, "ip")
				require.Contains(t, f["resolve_error"], url+" at ")
			}
			time.Sleep(10 * time.Second)
		}
		synctest.Wait()
		require.Len(t, w.lines(), 1)
		require.Contains(t, w.lines()[0], `W! Cannot resolve "a.example" and 1 more, trying again: `)
		require.Equal(t, []time.Duration{0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303, 363}, tries)

		up.Store(true)
		time.Sleep(time.Minute)
		rows := w.gather(t)
		for _, url := range []string{"a.example", "b.example"} {
			require.Equal(t, "2001:db8::1", rows[url].Fields()["ip"])
			require.NotContains(t, rows[url].Fields(), "resolve_error")
		}
		require.Len(t, w.lines(), 2)
		require.Equal(t, w.lines()[1], `I! Resolved "a.example" and 1 more again`)
		w.Stop()
	})
}

// A name is looked up again in the background, and its target follows it.
func TestNamesAreRefreshed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlugin("a.example")
		p.ResolveInterval = config.Duration(time.Minute)
		w := inhabit(t, p)
		var mu sync.Mutex
		var answer []netip.Addr
		var failure error
		asked := 0
		answers := func(err error, addrs ...string) {
			mu.Lock()
			defer mu.Unlock()
			answer, failure = nil, err
			for _, a := range addrs {
				answer = append(answer, addr(a))
			}
		}
		w.resolver.Lookup = func(context.Context, string, string) ([]netip.Addr, error) {
			time.Sleep(40 * ms)
			mu.Lock()
			defer mu.Unlock()
			asked++
			return slices.Clone(answer), failure
		}
		next := func() map[string]any {
			time.Sleep(time.Minute)
			return w.gather(t)["a.example"].Fields()
		}
		answers(nil, "192.0.2.1", "192.0.2.2")
		require.NoError(t, w.Start(&w.acc))
		f := w.gather(t)["a.example"].Fields()
		require.Equal(t, "192.0.2.1", f["ip"])
		require.Equal(t, 40.0, f["resolve_ms"])

		answers(nil, "192.0.2.2", "192.0.2.1") // turned round
		f = next()
		require.Equal(t, "192.0.2.1", f["ip"], "it is still the name's")
		require.InDelta(t, 60, f["packets_received"], 1)

		answers(nil, "192.0.2.5")
		f = next()
		require.Equal(t, "192.0.2.5", f["ip"])
		require.Equal(t, 0.0, f["percent_packet_loss"], "what was in flight is abandoned, not lost")
		require.Empty(t, w.lines())

		answers(&net.DNSError{Err: "server misbehaving", Name: "a.example", IsTemporary: true})
		f = next()
		require.Equal(t, "192.0.2.5", f["ip"], "the last one is kept")
		require.Equal(t, int64(0), f["result_code"])
		require.Contains(t, f["resolve_error"], "server misbehaving")
		require.Len(t, w.lines(), 1)
		require.Contains(t, w.lines()[0], `W! Cannot resolve "a.example" anew, keeping the last address: temporary failure in name resolution: `)
		f = next()
		require.Contains(t, f["resolve_error"], "server misbehaving")
		require.Len(t, w.lines(), 1, "once")

		answers(nil, "2001:db8::1")
		next()
		f = next()
		require.Equal(t, "2001:db8::1", f["ip"])
		require.NotContains(t, f, "resolve_error")
		require.Equal(t, `I! Resolved "a.example" again`, w.lines()[1])
		answers(nil, "fe80::1%missing0")
		next()
		f = next()
		require.Equal(t, "2001:db8::1", f["ip"], "one that cannot be probed does not replace one that can")
		require.Equal(t, 0.0, f["percent_packet_loss"])
		require.Contains(t, f["not_sent_cause"], "missing0")
		answers(nil, "2001:db8::1")
		next()
		f = next()
		require.NotContains(t, f, "not_sent_cause")

		mu.Lock()
		before := asked
		mu.Unlock()
		for range 10 {
			next()
		}
		require.Equal(t, before+10, asked, "once a minute")
		w.Stop()
	})
}

func TestResolveOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlugin("a.example")
		p.ResolveInterval = 0
		w := inhabit(t, p)
		asked := 0
		w.resolvesTo(func(context.Context, string) (netip.Addr, error) {
			asked++
			return addr("192.0.2.1"), nil
		})
		require.NoError(t, w.Start(&w.acc))
		time.Sleep(time.Hour)
		w.Stop()
		require.Equal(t, 1, asked)
	})
}

// rowsByIP returns the metrics of a url, by address; "" is the one without.
func rowsByIP(w *world, url string) map[string]map[string]any {
	rows := map[string]map[string]any{}
	for _, m := range w.acc.GetTelegrafMetrics() {
		if m.Tags()["url"] == url {
			rows[m.Tags()["ip"]] = m.Fields()
		}
	}
	return rows
}

// With resolve = "all", each address has a metric, as long as the name has it.
func TestAllAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlugin("a.example", "192.0.2.1")
		p.Resolve = new("all")
		p.ResolveInterval = config.Duration(time.Minute)
		w := inhabit(t, p)
		var now atomic.Value
		now.Store("192.0.2.1 192.0.2.2")
		w.resolver.Lookup = func(context.Context, string, string) (found []netip.Addr, err error) {
			for text := range strings.FieldsSeq(now.Load().(string)) {
				found = append(found, addr(text))
			}
			if found == nil {
				err = errors.New("nobody knows")
			}
			return found, err
		}
		require.NoError(t, w.Start(&w.acc))
		gather := func() map[string]map[string]any {
			w.gather(t)
			return rowsByIP(w, "a.example")
		}
		rows := gather()
		require.Len(t, rows, 2)
		require.Equal(t, int64(1), rows["192.0.2.1"]["packets_received"])
		require.Equal(t, int64(1), rows["192.0.2.2"]["packets_received"])
		require.Equal(t, int64(1), rowsByIP(w, "192.0.2.1")["192.0.2.1"]["packets_received"], "a literal is tagged as well")

		now.Store("192.0.2.5 192.0.2.2")
		time.Sleep(time.Minute)
		rows = gather()
		require.Len(t, rows, 3, "what left tells its last")
		gone, _ := rows["192.0.2.1"]["packets_received"].(int64)
		came, _ := rows["192.0.2.5"]["packets_received"].(int64)
		require.InDelta(t, 60, gone+came, 1)
		require.Equal(t, int64(45), rows["192.0.2.2"]["packets_received"], "three of four, undisturbed")
		rows = gather()
		require.Len(t, rows, 2)
		require.NotContains(t, rows, "192.0.2.1")

		now.Store("")
		time.Sleep(2 * time.Minute)
		rows = gather()
		require.Len(t, rows, 2, "a failure keeps the addresses")
		require.Equal(t, "temporary failure in name resolution: nobody knows", rows["192.0.2.5"]["resolve_error"])
		w.Stop()
	})
}

func TestAllAddressesOfNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlugin("nobody.example")
		p.Resolve = new("all")
		w := inhabit(t, p)
		require.NoError(t, w.Start(&w.acc))
		w.gather(t)
		rows := rowsByIP(w, "nobody.example")
		require.Len(t, rows, 1)
		require.Equal(t, int64(1), rows[""]["result_code"])
		w.Stop()
	})
}

// With family = "both", each family has a metric; if a host lacks one, a metric
// without an address says so.
func TestBothFamilies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlugin("dual.example", "web.example", "::1")
		p.Family = new("both")
		w := inhabit(t, p)
		require.NoError(t, w.Start(&w.acc))
		w.gather(t)
		rows := rowsByIP(w, "dual.example")
		require.Len(t, rows, 2)
		for _, ip := range []string{"192.0.2.1", "2001:db8::1"} {
			require.Equal(t, int64(0), rows[ip]["result_code"])
			require.NotContains(t, rows[ip], "resolve_error")
		}
		rows = rowsByIP(w, "web.example")
		require.Len(t, rows, 2)
		require.Equal(t, int64(0), rows["192.0.2.1"]["result_code"])
		require.Equal(t, int64(1), rows[""]["result_code"])
		require.Contains(t, rows[""]["resolve_error"], "has no IPv6 address")
		require.Len(t, rowsByIP(w, "::1"), 1, "an address has only its own")
		w.Stop()
	})
}

// Look-ups of many names keep to a number at a time, and are spread after the
// first.
func TestManyNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 500
		var urls []string
		for i := range n {
			urls = append(urls, fmt.Sprintf("host%d.example", i))
		}
		p := newPlugin(urls...)
		p.ResolveInterval = config.Duration(time.Minute)
		p.PingInterval = new(config.Duration(5 * time.Second))
		w := inhabit(t, p)
		var atOnce, most, asked atomic.Int64
		w.resolvesTo(func(context.Context, string) (netip.Addr, error) {
			asked.Add(1)
			if now := atOnce.Add(1); now > most.Load() {
				most.Store(now)
			}
			time.Sleep(100 * ms)
			atOnce.Add(-1)
			return addr("192.0.2.1"), nil
		})
		require.NoError(t, w.Start(&w.acc))
		for url, m := range w.gather(t) {
			require.Equal(t, int64(0), m.Fields()["result_code"], url)
		}
		require.Equal(t, int64(lookups), most.Load())
		require.Equal(t, int64(n), asked.Load())
		time.Sleep(10 * time.Second)
		most.Store(0)
		time.Sleep(10 * time.Minute)
		require.InDelta(t, n*11, asked.Load(), n)
		require.LessOrEqual(t, most.Load(), int64(4), "500 in 30 s, 0.1 s each, are 1.7 at a time")
		w.Stop()
	})
}

// Stop does not wait for a resolver.
func TestStopDuringLookups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "a.example", "b.example")
		w.resolvesTo(func(ctx context.Context, _ string) (netip.Addr, error) {
			<-ctx.Done()
			return netip.Addr{}, ctx.Err()
		})
		began := time.Now()
		require.NoError(t, w.Start(&w.acc))
		time.Sleep(time.Second)
		w.Stop()
		require.Equal(t, time.Second, time.Since(began))
		require.Empty(t, w.acc.GetTelegrafMetrics())
		require.Empty(t, w.lines(), "what was given up says nothing of the name")
	})
}
