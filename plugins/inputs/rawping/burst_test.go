package rawping

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/influxdata/telegraf/config"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo"
)

// Each Gather starts a burst and tells of the one before; the first waits for its
// own, and there is no gap behind it.
func TestBursts(t *testing.T) {
	p, err := load(t, "[[inputs.rawping]]\nurls = [\"192.0.2.1\"]\ncount = 3\nping_interval = \"200ms\"")
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		w := inhabit(t, p)
		require.NoError(t, w.Start(&w.acc))
		time.Sleep(time.Minute)
		require.Empty(t, w.sent("192.0.2.1"), "nothing is sent that nobody asks for")
		began := time.Now()
		f := w.gather(t)["192.0.2.1"].Fields()
		require.InDelta(t, 0.42, time.Since(began).Seconds(), 0.01)
		require.Equal(t, int64(3), f["packets_received"])
		require.Len(t, w.sent("192.0.2.1"), 3)
		for n := 1; n <= 5; n++ {
			time.Sleep(10 * time.Second)
			require.Len(t, w.sent("192.0.2.1"), 3+3*n) // the next Gather begins another burst
			f = w.gather(t)["192.0.2.1"].Fields()
			require.Equal(t, int64(3), f["packets_transmitted"])
			require.Equal(t, int64(3), f["packets_received"])
			require.Equal(t, 0.0, f["percent_packet_loss"])
		}
		sent := w.sent("192.0.2.1")
		for k := range sent[:len(sent)-2] {
			if k%3 == 0 {
				require.Equal(t, 200*ms, sent[k+1].Sub(sent[k]))
				require.Equal(t, 200*ms, sent[k+2].Sub(sent[k+1]))
			}
		}
		w.Stop()
	})
}

// "telegraf --once" sends what it tells of, and no more.
func TestOnceSendsOneBurst(t *testing.T) {
	p, err := load(t, "[[inputs.rawping]]\nurls = [\"192.0.2.1\"]\ncount = 5\nping_interval = \"100ms\"")
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		w := inhabit(t, p)
		require.NoError(t, w.Start(&w.acc))
		require.Equal(t, int64(5), w.gather(t)["192.0.2.1"].Fields()["packets_received"])
		w.acc.ClearMetrics()
		w.Stop()
		require.Len(t, w.sent("192.0.2.1"), 5)
		require.Empty(t, w.acc.GetTelegrafMetrics())
	})
}

// The old traffic of inputs.ping: one probe per interval.
func TestCountOfOne(t *testing.T) {
	p, err := load(t, "[[inputs.rawping]]\nurls = [\"192.0.2.1\", \"192.0.2.200\"]\ncount = 1")
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		w := inhabit(t, p)
		require.NoError(t, w.Start(&w.acc))
		w.gather(t)
		for range 10 {
			require.Equal(t, int64(1), w.tick(t, "192.0.2.1")["packets_transmitted"])
			require.Equal(t, 100.0, w.rows()["192.0.2.200"].Fields()["percent_packet_loss"])
		}
		w.Stop()
		require.InDelta(t, 11, len(w.sent("192.0.2.1")), 1)
	})
}

// The deadline ends the sending, and makes no loss: each probe sent has its own
// timeout. inputs.ping says 20 % loss of five probes here.
func TestDeadlineIsNoLoss(t *testing.T) {
	p, err := load(t, "[[inputs.rawping]]\nurls = [\"192.0.2.13\"]\ncount = 20\nping_interval = \"200ms\"\ndeadline = \"1s\"")
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		w := inhabit(t, p)
		require.NoError(t, w.Start(&w.acc))
		f := w.gather(t)["192.0.2.13"].Fields() // 300 ms away
		for range 3 {
			require.Equal(t, int64(5), f["packets_transmitted"])
			require.Equal(t, int64(5), f["packets_received"])
			require.Equal(t, 0.0, f["percent_packet_loss"])
			f = w.tick(t, "192.0.2.13")
		}
		w.Stop()
	})
}

func TestProbesBeforeTheDeadline(t *testing.T) {
	for _, c := range []struct {
		count              int
		deadline, interval time.Duration
		want               int
	}{
		{0, 10 * time.Second, time.Second, 0},
		{3, 10 * time.Second, time.Second, 3},
		{20, 10 * time.Second, time.Second, 10},
		{20, 10*time.Second + 1, time.Second, 11},
		{20, time.Millisecond, time.Second, 1},
		{20, 0, time.Hour, 20},
		{1 << 30, time.Nanosecond, time.Hour, 1},
		{maxCount, echo.Longest, echo.Longest, 1},
		{maxCount, 0, echo.Longest, 1},
		{maxCount, 0, time.Second, maxCount},
	} {
		p := &plan{count: c.count, deadline: c.deadline}
		require.Equal(t, c.want, p.burst(c.interval), "%+v", c)
	}
	p := &plan{count: math.MaxInt32, general: settings{interval: 1000 * 24 * time.Hour}}
	require.GreaterOrEqual(t, p.sending(), 1000*24*time.Hour, "it does not overflow")
}

// Every probe of every burst is decided in some window: none twice, none left out.
func TestBurstsAddUp(t *testing.T) {
	for name, settings := range map[string]string{
		"longer than the interval":            `count = 30`,
		"lost at the end":                     "count = 10\ntimeout = \"3s\"",
		"one that waits longer than a Gather": "count = 1\ntimeout = \"25s\"\nping_interval = \"1s\"",
	} {
		t.Run(name, func(t *testing.T) {
			p, err := load(t, "[[inputs.rawping]]\nurls = [\"192.0.2.2\", \"192.0.2.200\", \"192.0.2.9\"]\n"+settings)
			require.NoError(t, err)
			synctest.Test(t, func(t *testing.T) {
				w := inhabit(t, p)
				require.NoError(t, w.Start(&w.acc))
				s := w.session
				sum := map[string]int64{}
				for range 20 {
					require.NoError(t, w.Gather(&w.acc))
					w.tally(t, sum)
					time.Sleep(9700 * ms)
				}
				w.Stop()
				w.tally(t, sum)
				c := s.engine.Counters()
				require.Equal(t, int64(c.Sent-c.Abandoned), sum["192.0.2.2"]+sum["192.0.2.200"])
				require.InDelta(t, len(w.sent("192.0.2.2")), sum["192.0.2.2"], 3)
				require.Greater(t, sum["192.0.2.2"], int64(15))
				require.Zero(t, sum["192.0.2.9"])
			})
		})
	}
}

// A burst that takes longer than the agent's interval is not sent twice as fast.
func TestLongBursts(t *testing.T) {
	p, err := load(t, "[[inputs.rawping]]\nurls = [\"192.0.2.1\"]\ncount = 25\ndeadline = \"0s\"")
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		w := inhabit(t, p)
		require.NoError(t, w.Start(&w.acc))
		time.Sleep(5 * ms) // let the engine begin, which may put the very first probe off
		w.gather(t)
		for range 20 {
			w.tick(t, "192.0.2.1")
		}
		w.Stop()
		sent := w.sent("192.0.2.1")
		require.Greater(t, len(sent), 150)
		for k := range sent[1:] {
			require.GreaterOrEqual(t, sent[k+1].Sub(sent[k]), time.Second)
		}
	})
}

// The bursts of many targets do not leave all at once.
func TestBurstsAreSpread(t *testing.T) {
	var urls []string
	for i := range 200 {
		urls = append(urls, fmt.Sprintf("198.18.0.%d", i+1))
	}
	synctest.Test(t, func(t *testing.T) {
		p := newPlugin(urls...)
		p.Count = 1
		w := inhabit(t, p)
		began := time.Now()
		require.NoError(t, w.Start(&w.acc))
		require.Len(t, w.gather(t), 200)
		w.Stop()
		parts := make([]int, 10)
		for _, url := range urls {
			parts[w.sent(url)[0].Sub(began)/(100*ms)]++
		}
		for _, n := range parts {
			require.InDelta(t, 20, n, 2, "in each tenth of the second")
		}
	})
}

// The first Gather waits for names too, and for its whole burst; one that does
// not resolve does not hold it up.
func TestBurstsOfNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlugin("slow.example", "gone.example")
		p.Count = 4
		p.PingInterval = new(config.Duration(100 * ms))
		w := inhabit(t, p)
		w.resolvesTo(func(_ context.Context, host string) (netip.Addr, error) {
			if host == "gone.example" {
				return netip.Addr{}, fmt.Errorf("no such host")
			}
			time.Sleep(2 * time.Second)
			return addr("192.0.2.1"), nil
		})
		began := time.Now()
		require.NoError(t, w.Start(&w.acc))
		rows := w.gather(t)
		require.InDelta(t, 2.32, time.Since(began).Seconds(), 0.01)
		require.Equal(t, int64(4), rows["slow.example"].Fields()["packets_received"])
		require.Equal(t, int64(1), rows["gone.example"].Fields()["result_code"])
		require.Equal(t, int64(4), w.tick(t, "slow.example")["packets_received"])
		w.Stop()
	})
}

// withDevice replaces the session's engine by one that finds interfaces only while
// there are any.
func (w *world) withDevice(t *testing.T, there *atomic.Bool) {
	t.Helper()
	w.session.cancel()
	w.session.running.Wait()
	s, err := w.newSession(&w.acc)
	require.NoError(t, err)
	s.engine, err = echo.New(echo.Config{
		Network: w.network, Observe: s.observe, Notice: s.notice, Clock: s.clock, Endless: true,
		InterfaceIndex: func(string) (int, error) {
			if !there.Load() {
				return 0, errors.New("no such network interface")
			}
			return 3, nil
		},
	})
	require.NoError(t, err)
	s.begin()
	w.session = s
}

// Bursts that could not be sent are not made up for when they can be again.
func TestMissedBurstsAreForgotten(t *testing.T) {
	for name, atFirst := range map[string]bool{"never there before": false, "there before": true} {
		t.Run(name, func(t *testing.T) {
			p, err := load(t, "[[inputs.rawping]]\nurls = [\"192.0.2.1\"]\ncount = 3\nping_interval = \"200ms\"\ninterface = \"eth99\"")
			require.NoError(t, err)
			synctest.Test(t, func(t *testing.T) {
				w := inhabit(t, p)
				require.NoError(t, w.Start(&w.acc))
				there := new(atomic.Bool)
				there.Store(atFirst)
				w.withDevice(t, there)
				w.gather(t)
				w.tick(t, "192.0.2.1")
				time.Sleep(5 * time.Second) // the burst is over
				there.Store(false)
				w.tick(t, "192.0.2.1")
				sent := len(w.sent("192.0.2.1"))
				for range 10 {
					f := w.tick(t, "192.0.2.1")
					require.Equal(t, int64(2), f["result_code"])
					require.Contains(t, f["not_sent_cause"], "eth99")
				}
				require.Len(t, w.sent("192.0.2.1"), sent)
				time.Sleep(time.Second) // at this instant it may have been looked for already
				there.Store(true)
				w.gather(t)
				for n := 1; n <= 5; n++ {
					time.Sleep(10 * time.Second)
					require.Len(t, w.sent("192.0.2.1"), sent+3*n)
					require.Equal(t, int64(3), w.gather(t)["192.0.2.1"].Fields()["packets_received"])
				}
				w.Stop()
			})
		})
	}
}

// The greatest burst that Init accepts is sent as any other.
func TestGreatestBurst(t *testing.T) {
	p, err := load(t, "[[inputs.rawping]]\nurls = [\"192.0.2.1\"]\ncount = 1000000\ndeadline = \"0s\"\ntimeout = \"24000h\"\n"+
		"[[inputs.rawping.target]]\nurl = \"192.0.2.5\"\nping_interval = \"24000h\"")
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		w := inhabit(t, p)
		require.NoError(t, w.Start(&w.acc))
		w.stopDuringGather(t, 59500*ms)
		require.Equal(t, int64(60), w.rows()["192.0.2.1"].Fields()["packets_received"])
		require.Equal(t, int64(1), w.rows()["192.0.2.5"].Fields()["packets_received"])
	})
}

func TestStopDuringABurst(t *testing.T) {
	p, err := load(t, "[[inputs.rawping]]\nurls = [\"192.0.2.1\"]\ncount = 100\ndeadline = 0")
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		w := inhabit(t, p)
		require.NoError(t, w.Start(&w.acc))
		w.stopDuringGather(t, 4500*ms)
		metrics := w.acc.GetTelegrafMetrics()
		require.Len(t, metrics, 1, "Stop's")
		require.Equal(t, int64(5), metrics[0].Fields()["packets_transmitted"])
	})
}
