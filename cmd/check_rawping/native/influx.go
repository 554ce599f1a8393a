package native

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/resolve"
	"github.com/rawping/rawping/internal/stats"
	"github.com/rawping/rawping/internal/wire"
)

// renderInflux writes a line of InfluxDB's line protocol for each host, with the
// measurement, the tags and the fields of the Telegraf plugin (plugins/inputs/rawping).
func (s *settings) renderInflux(r *check.Results, now time.Time) string {
	var b strings.Builder
	used := map[string]int{}
	for i, h := range r.Hosts {
		series := "rawping,url=" + influxTag(h.Name)
		if byAddress(r, i) {
			series += ",address=" + influxTag(h.Addr.String())
		}
		b.WriteString(series)
		used[series]++
		if n := used[series]; n > 1 { // or its point would stand in the place of the other
			b.WriteString(",nr=" + strconv.Itoa(n))
		}
		separator := byte(' ')
		for _, f := range influxFields(h, r.Took) {
			b.WriteByte(separator)
			b.WriteString(f)
			separator = ','
		}
		b.WriteString(" " + strconv.FormatInt(now.UnixNano(), 10) + "\n")
	}
	return b.String()
}

// influxFields returns the fields in the order of their names.
func influxFields(h *check.Host, took time.Duration) []string {
	w := &h.Window
	c := w.Counts()
	var fields []string
	count := func(name string, n uint64) { fields = append(fields, name+"="+strconv.FormatUint(n, 10)+"i") }
	text := func(name, v string) { fields = append(fields, name+"="+influxString(v)) }
	float := func(name string, v float64) { fields = append(fields, name+"="+strconv.FormatFloat(v, 'f', -1, 64)) }
	rtt := func(name string, figure func() (time.Duration, bool)) {
		if d, ok := figure(); ok {
			float(name, inMilliseconds(d))
		}
	}
	rtt("average_response_ms", w.Mean)
	count("consecutive_lost", w.ConsecutiveLost())
	count("corrupt", c.Corrupt)
	count("duplicates", c.Duplicates)
	if h.Addr.IsValid() {
		text("ip", h.Addr.String())
	}
	rtt("jitter_ms", w.Jitter)
	count("late", c.Late)
	count("longest_loss_run", w.LongestLoss())
	rtt("maximum_response_ms", w.Max)
	rtt("median_response_ms", w.Median)
	rtt("minimum_response_ms", w.Min)
	count("not_sent", c.NotSent)
	if len(h.Failures) > 0 {
		text("not_sent_cause", h.Failures.Most().Cause.String())
	}
	count("out_of_order", c.OutOfOrder)
	count("packets_received", c.Replies)
	count("packets_transmitted", c.Decided())
	if loss, ok := h.Loss(); ok {
		float("percent_packet_loss", loss)
	}
	count("refused", c.Refused)
	if len(h.Refusals) > 0 {
		most := h.Refusals.Most()
		text("refused_by", most.Router.String())
		text("refused_cause", wire.ErrorText(wire.FamilyOf(h.Addr), most.Type, most.Code))
	}
	if _, unresolved := errors.AsType[*resolve.Error](h.Err); unresolved {
		text("resolve_error", h.Err.Error())
	}
	if code, ok := resultCode(h, &c); ok {
		count("result_code", code)
	}
	if c.Replies > 0 {
		text("rtt_source", w.RTTSource().String())
	}
	rtt("standard_deviation_ms", w.StdDev)
	count("suspect", c.Suspect)
	if ttl, ok := w.FirstHops(); ok {
		count("ttl", uint64(ttl)) //nolint:gosec // 0 to 255
	}
	count("ttl_changes", w.HopsChanges())
	float("window_s", float64(took.Microseconds())/1e6)
	count("wrong_source", c.WrongSource)
	return fields
}

// resultCode returns the plugin's result_code: 0 a reply, 1 the name did not
// resolve, 2 nothing could be sent, 3 no reply. It is false if nothing was decided
// and nothing went wrong.
func resultCode(h *check.Host, c *stats.Counts) (code uint64, ok bool) {
	_, unresolved := errors.AsType[*resolve.Error](h.Err)
	switch {
	case c.Replies > 0:
		return 0, true
	case c.Decided() > 0:
		return 3, true
	case unresolved:
		return 1, true
	case c.NotSent > 0, h.Err != nil:
		return 2, true
	}
	return 0, false
}

// influxString quotes a field's value.
func influxString(s string) string {
	return `"` + escaped(s, "\\\"\n", `\`, `\\`, `"`, `\"`, "\n", `\n`) + `"`
}

// influxTag escapes a tag's value.
func influxTag(s string) string {
	return escaped(s, "\n\\,= ", "\n", `\n`, `\`, `\\`, ",", `\,`, "=", `\=`, " ", `\ `)
}

// escaped returns a text with what [strings.NewReplacer] takes for pairs. That costs
// more than all else of a line, and few texts have one of the characters in it.
func escaped(s, characters string, pairs ...string) string {
	if !strings.ContainsAny(s, characters) {
		return s
	}
	return strings.NewReplacer(pairs...).Replace(s)
}
