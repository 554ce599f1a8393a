package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/rawping/rawping/internal/nagios"
	"github.com/rawping/rawping/internal/wire"
)

// render returns the whole output: the status line with the perfdata, and a
// line for each thing that explains it.
func (r *report) render(status nagios.Status) string {
	var b strings.Builder
	b.WriteString(status.String())
	b.WriteString(" - ")
	if r.ending.signal != "" {
		b.WriteString("stopped by " + r.ending.signal + ". ")
	}
	for i, h := range r.list {
		if i > 0 {
			b.WriteString(" :: ")
		}
		b.WriteString(nagios.CleanText(h.name + ": " + h.summary()))
	}
	b.WriteByte('|')
	labels := labelPrefixes(r.list)
	for i, h := range r.list {
		b.WriteString(nagios.Perfdata(h.metrics(r.settings, labels[i])))
		b.WriteByte(' ') // check_icmp ends with it, too
	}
	b.WriteByte('\n')
	for _, h := range r.list {
		for _, line := range h.details(r) {
			b.WriteString(nagios.CleanText(h.name+": "+line) + "\n")
		}
	}
	for _, line := range r.notices {
		b.WriteString(nagios.CleanText(line) + "\n")
	}
	return b.String()
}

// failed returns the output of a check that could not be begun.
func failed(err error) string {
	return nagios.UNKNOWN.String() + " - " + nagios.CleanText(err.Error()) + "\n"
}

// summary returns what the status line says of a host after its name.
func (h *host) summary() string {
	counts := h.window.Counts()
	loss, decided := lossOf(&counts)
	rta, replied := h.window.Mean()
	switch {
	case h.err != nil:
		return h.err.Error()
	case replied:
		return "rta " + milliseconds(rta) + "ms, lost " + nagios.FormatLoss(loss) + "%"
	case decided:
		return h.refused() + "rta nan, lost " + nagios.FormatLoss(loss) + "%"
	case len(h.failures) > 0:
		return h.failures.most().words + ". rta nan, nothing sent"
	case counts.Sent() > 0:
		return "rta nan, nothing decided"
	}
	return "rta nan, nothing sent"
}

// refused returns the ICMP error that most packets met, if any, as check_icmp
// writes it before the figures.
func (h *host) refused() string {
	refusals := h.refusals
	if len(refusals) == 0 {
		refusals = h.afterward
	}
	if len(refusals) == 0 {
		return ""
	}
	e := refusals.most()
	return e.statusText(wire.FamilyOf(h.addr)) + " @ " + e.router.String() + ". "
}

// metrics returns check_icmp 2.3's perfdata of a host, always the same set.
func (h *host) metrics(s *settings, prefix string) []nagios.Metric {
	counts := h.window.Counts()
	rta := nagios.Metric{
		Label: prefix + "rta", Unit: "ms", Min: "0",
		Warn: milliseconds(s.warning.RTA), Crit: milliseconds(s.critical.RTA),
	}
	pl := nagios.Metric{
		Label: prefix + "pl", Unit: "%",
		Warn: nagios.FormatLoss(s.warning.Loss), Crit: nagios.FormatLoss(s.critical.Loss),
	}
	most := nagios.Metric{Label: prefix + "rtmax", Unit: "ms"}
	least := nagios.Metric{Label: prefix + "rtmin", Unit: "ms"}
	if loss, ok := lossOf(&counts); ok {
		pl.Value = nagios.FormatLoss(loss)
	}
	for _, figure := range []struct {
		of     func() (time.Duration, bool)
		metric *nagios.Metric
	}{{h.window.Mean, &rta}, {h.window.Max, &most}, {h.window.Min, &least}} {
		if d, ok := figure.of(); ok {
			figure.metric.Value = milliseconds(d)
		}
	}
	return []nagios.Metric{rta, pl, most, least}
}

func milliseconds(d time.Duration) string {
	return nagios.FormatDuration(d, time.Millisecond, 3)
}

// labelPrefixes returns what tells the labels of several hosts apart: the name
// as it was typed, but for IPv6 addresses without "::", which Icinga takes for
// check_multi's separator. A host that is named twice gets a number.
func labelPrefixes(list []*host) []string {
	prefixes := make([]string, len(list))
	if len(list) == 1 {
		return prefixes
	}
	used := map[string]int{}
	for i, h := range list {
		prefix := h.name
		if strings.Contains(prefix, "::") {
			prefix = withoutGap(prefix)
		}
		used[prefix]++
		if n := used[prefix]; n > 1 {
			prefix += fmt.Sprintf("#%d", n)
		}
		prefixes[i] = prefix
	}
	return prefixes
}
