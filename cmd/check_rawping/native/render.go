package native

import (
	"strings"
	"time"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/nagios"
	"github.com/rawping/rawping/internal/wire"
)

// render returns the whole output: the status line with the perfdata, and a
// line for each thing that explains it.
func (s *settings) render(r *check.Results, status nagios.Status) string {
	var b strings.Builder
	b.WriteString(status.String())
	b.WriteString(" - ")
	if r.Ending.Signal != "" {
		b.WriteString("stopped by " + r.Ending.Signal + ". ")
	}
	for i, h := range r.Hosts {
		if i > 0 {
			b.WriteString(" :: ")
		}
		b.WriteString(nagios.CleanText(h.Name + ": " + summary(h)))
	}
	b.WriteByte('|')
	labels := labelPrefixes(r.Hosts)
	for i, h := range r.Hosts {
		b.WriteString(nagios.Perfdata(s.metrics(h, labels[i])))
		b.WriteByte(' ') // check_icmp ends with it, too
	}
	b.WriteByte('\n')
	for _, h := range r.Hosts {
		for _, line := range h.Reasons(r.Ending) {
			b.WriteString(nagios.CleanText(h.Name+": "+line) + "\n")
		}
	}
	for _, line := range r.Notices {
		b.WriteString(nagios.CleanText(line) + "\n")
	}
	return b.String()
}

// summary returns what the status line says of a host after its name.
func summary(h *check.Host) string {
	counts := h.Window.Counts()
	loss, decided := h.Loss()
	rta, replied := h.Window.Mean()
	switch {
	case h.Err != nil:
		return h.Why().Error()
	case replied:
		return "rta " + milliseconds(rta) + "ms, lost " + nagios.FormatLoss(loss) + "%"
	case decided:
		return refused(h) + "rta nan, lost " + nagios.FormatLoss(loss) + "%"
	case len(h.Failures) > 0:
		return h.Failures.Most().Words + ". rta nan, nothing sent"
	case counts.Sent() > 0:
		return "rta nan, nothing decided"
	}
	return "rta nan, nothing sent"
}

// refused returns the ICMP error that most packets met, if any, as check_icmp
// writes it before the figures.
func refused(h *check.Host) string {
	refusals := h.Refusals
	if len(refusals) == 0 {
		refusals = h.Afterward
	}
	if len(refusals) == 0 {
		return ""
	}
	e := refusals.Most()
	return e.StatusText(wire.FamilyOf(h.Addr)) + " @ " + e.Router.String() + ". "
}

// metrics returns check_icmp 2.3's perfdata of a host, always the same set.
func (s *settings) metrics(h *check.Host, prefix string) []nagios.Metric {
	rta := nagios.Metric{
		Label: prefix + "rta", Unit: "ms", Min: "0",
		Warn: milliseconds(s.limits.Warning.RTA), Crit: milliseconds(s.limits.Critical.RTA),
	}
	pl := nagios.Metric{
		Label: prefix + "pl", Unit: "%",
		Warn: nagios.FormatLoss(s.limits.Warning.Loss), Crit: nagios.FormatLoss(s.limits.Critical.Loss),
	}
	most := nagios.Metric{Label: prefix + "rtmax", Unit: "ms"}
	least := nagios.Metric{Label: prefix + "rtmin", Unit: "ms"}
	if loss, ok := h.Loss(); ok {
		pl.Value = nagios.FormatLoss(loss)
	}
	for _, figure := range []struct {
		of     func() (time.Duration, bool)
		metric *nagios.Metric
	}{{h.Window.Mean, &rta}, {h.Window.Max, &most}, {h.Window.Min, &least}} {
		if d, ok := figure.of(); ok {
			figure.metric.Value = milliseconds(d)
		}
	}
	return []nagios.Metric{rta, pl, most, least}
}

func milliseconds(d time.Duration) string {
	return nagios.FormatDuration(d, time.Millisecond, 3)
}
