package rawping

import (
	"time"

	"github.com/influxdata/telegraf"
)

// measurement is the name of the metrics on targets.
const measurement = "rawping"

// sink takes the metrics of one report.
type sink struct {
	telegraf.Accumulator
	stamp  time.Time
	plan   *plan
	ipTag  bool
	shapes *shapes
	row    row // used again for each
}

// row is the fields of a metric. The type of a field never changes.
type row []telegraf.Field

func (m *row) field(name string, value any) { *m = append(*m, telegraf.Field{Key: name, Value: value}) }

func (m *row) count(name string, n uint64) {
	m.field(name, int64(n)) //nolint:gosec // G115: a count of packets; Telegraf's integers have a sign
}

func (m *row) time(name string, d time.Duration, ok bool) {
	if ok {
		m.field(name, milliseconds(d))
	}
}

func (m *row) text(name, text string) {
	if text != "" {
		m.field(name, text)
	}
}

// milliseconds is the unit of what a packet takes.
func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// seconds is the unit of what is long. Below microseconds there is only noise.
func seconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1e6 }

// begin returns a row without fields.
func (to *sink) begin() *row {
	to.row = to.row[:0]
	return &to.row
}

// metric makes a metric of a target.
func (to *sink) metric(h *host, r *report, fields row) telegraf.Metric {
	m := to.shapes.metric(measurement, fields, to.stamp)
	for i := range h.tags {
		m.AddTag(h.tags[i].Key, h.tags[i].Value)
	}
	m.AddTag(urlTag, h.url)
	if r.addr.IsValid() && to.tagsIP(h) {
		m.AddTag(ipTag, r.addr.String())
	}
	return m
}

func (to *sink) tagsIP(h *host) bool { return to.ipTag || h.how.several() }

// add adds the metric of a target, and its histogram.
func (to *sink) add(h *host, r *report) {
	m := to.begin()
	if r.addr.IsValid() && !to.tagsIP(h) {
		m.field("ip", r.addr.String())
	}
	m.addResult(r)
	m.addTimes(r, to.plan)
	m.addFacts(r)
	m.addCauses(r)
	to.AddMetric(to.metric(h, r, *m))
	to.addHistogram(h, r)
}

// addResult adds what was decided.
func (m *row) addResult(r *report) {
	c := &r.counts
	m.field("window_s", seconds(r.took))
	if code, ok := r.result(); ok {
		m.field("result_code", code)
	}
	m.count("packets_transmitted", c.Decided())
	m.count("packets_received", c.Replies)
	if loss, ok := c.Loss(); ok {
		m.field("percent_packet_loss", 100*loss)
	}
}

// addTimes adds what only replies can tell.
func (m *row) addTimes(r *report, p *plan) {
	w := r.window
	if at, ok := w.LastReply(); ok {
		m.field("seconds_since_reply", seconds(max(0, r.now.Sub(at)))) // it may have come meanwhile
	}
	if r.counts.Replies == 0 {
		return
	}
	average, ok := w.Mean()
	m.time("average_response_ms", average, ok)
	least, ok := w.Min()
	m.time("minimum_response_ms", least, ok)
	most, ok := w.Max()
	m.time("maximum_response_ms", most, ok)
	deviation, ok := w.StdDev()
	m.time("standard_deviation_ms", deviation, ok)
	median, ok := w.Median()
	m.time("median_response_ms", median, ok)
	for i := range p.figures.percentiles {
		rtt, ok := w.Percentile(p.figures.percentiles[i].of)
		m.time(p.figures.percentiles[i].field, rtt, ok)
	}
	jitter, ok := w.Jitter()
	m.time("jitter_ms", jitter, ok)
	m.field("rtt_source", w.RTTSource().String())
	if ttl, ok := w.FirstHops(); ok {
		m.field("ttl", int64(ttl))
	}
}

// addFacts adds the counts beside the result.
func (m *row) addFacts(r *report) {
	c := &r.counts
	m.count("late", c.Late)
	m.count("duplicates", c.Duplicates)
	m.count("out_of_order", c.OutOfOrder)
	m.count("corrupt", c.Corrupt)
	m.count("wrong_source", c.WrongSource)
	m.count("refused", c.Refused)
	m.count("not_sent", c.NotSent)
	m.count("suspect", c.Suspect)
	m.count("longest_loss_run", r.window.LongestLoss())
	m.count("consecutive_lost", r.window.ConsecutiveLost())
	m.count("ttl_changes", r.window.HopsChanges())
}

// addCauses adds why something failed, where something did.
func (m *row) addCauses(r *report) {
	if r.counts.Refused > 0 {
		m.text("refused_cause", r.rare.refusal)
		m.text("refused_by", r.rare.refusedBy.String())
	}
	if why := r.whyUnsent(); why.kind == unsent {
		m.text("not_sent_cause", why.cause)
	}
	m.time("resolve_ms", r.name.took, r.name.done)
	if r.name.failedFor(r.addr) {
		m.text("resolve_error", r.name.err)
	}
}

// addHistogram adds a metric for each bucket: how many replies of the window were
// no slower than its bound.
func (to *sink) addHistogram(h *host, r *report) {
	for i := range to.plan.figures.buckets {
		b := &to.plan.figures.buckets[i]
		n, ok := r.window.Within(b.most)
		if !ok {
			return
		}
		fields := to.begin()
		fields.count("response_ms_bucket", n)
		m := to.metric(h, r, *fields)
		m.AddTag(bucketTag, b.le)
		to.AddMetric(m)
	}
}
