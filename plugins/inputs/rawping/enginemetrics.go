package rawping

import (
	"time"

	"github.com/influxdata/telegraf/selfstat"

	"github.com/rawping/rawping/internal/echo"
)

// engineMeasurement is the name of the metric on the engine.
const engineMeasurement = "rawping_engine"

// engineBooks tell of the engine as a whole: whether the network is to blame or
// this host.
type engineBooks struct {
	began  echo.Instant // the window
	before echo.Counters

	collector *selfstat.Collector // nil: the agent offers none
	totals    []selfstat.Stat     // as engineFigures has them
}

// engineFigure is a count, or what there is at the moment.
type engineFigure struct {
	name string
	now  bool
	of   func(*echo.Counters) uint64
}

// engineFigures returns what is told: in the metric the counts of its window, in
// Telegraf's self-statistics those since the start.
func engineFigures() []engineFigure {
	return []engineFigure{
		{"targets", true, func(c *echo.Counters) uint64 { return uint64(c.Targets) }},    //nolint:gosec // G115: a number of targets
		{"in_flight", true, func(c *echo.Counters) uint64 { return uint64(c.InFlight) }}, //nolint:gosec // G115: a number of probes
		{"sent", false, func(c *echo.Counters) uint64 { return c.Sent }},
		{"received", false, func(c *echo.Counters) uint64 { return c.Replies }},
		{"lost", false, func(c *echo.Counters) uint64 { return c.Lost }},
		{"refused", false, func(c *echo.Counters) uint64 { return c.Refused }},
		{"abandoned", false, func(c *echo.Counters) uint64 { return c.Abandoned }},
		{"not_sent", false, func(c *echo.Counters) uint64 { return c.NotSent }},
		{"missed", false, func(c *echo.Counters) uint64 { return c.Missed }},
		{"suspect", false, func(c *echo.Counters) uint64 { return c.Suspect }},
		{"foreign", false, func(c *echo.Counters) uint64 { return c.Foreign }},
		{"local_drops", false, func(c *echo.Counters) uint64 { return c.Drops }},
		{"sockets_lost", false, func(c *echo.Counters) uint64 { return c.SocketsLost }},
		{"sockets_reopened", false, func(c *echo.Counters) uint64 { return c.Reopened }},
		{"clock_steps", false, func(c *echo.Counters) uint64 { return c.ClockSteps }},
	}
}

func newEngineBooks(collector *selfstat.Collector, now echo.Instant) engineBooks {
	b := engineBooks{began: now, collector: collector}
	if collector != nil {
		for _, figure := range engineFigures() {
			b.totals = append(b.totals, collector.Register(measurement, figure.name, nil))
		}
	}
	return b
}

// report updates the self-statistics and, if asked to, adds the metric.
func (b *engineBooks) report(to *sink, engine *echo.Engine, now echo.Instant, wanted bool) {
	c := engine.Counters()
	for i, figure := range engineFigures() {
		if b.totals != nil {
			b.totals[i].Set(int64(figure.of(&c))) //nolint:gosec // G115: a count of packets
		}
	}
	if wanted {
		b.add(to, &c, engine.TakeLateness(), now)
	}
	b.before, b.began = c, now
}

func (b *engineBooks) add(to *sink, c *echo.Counters, latest time.Duration, now echo.Instant) {
	m := to.begin()
	m.field("window_s", seconds(now.Sub(b.began)))
	for _, figure := range engineFigures() {
		n := figure.of(c)
		if !figure.now {
			n -= figure.of(&b.before)
		}
		m.count(figure.name, n)
	}
	if sent := int64(c.Sent - b.before.Sent); sent > 0 { //nolint:gosec // G115: Sent may fall
		m.field("send_lateness_mean_ms", milliseconds(c.LatenessSum-b.before.LatenessSum)/float64(sent))
	}
	m.field("send_lateness_max_ms", milliseconds(latest))
	to.AddMetric(to.shapes.metric(engineMeasurement, *m, to.stamp))
}

// close takes the self-statistics back: a reload makes its own.
func (b *engineBooks) close() {
	if b.collector != nil {
		b.collector.UnregisterAll()
	}
}
