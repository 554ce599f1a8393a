package standin

import (
	"slices"
	"time"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/nagios"
	"github.com/rawping/rawping/internal/wire"
)

// report renders the results.
func (f *fping) report(r *check.Results) check.Answer {
	hosts := probed(r.Hosts)
	answer := f.answer(hosts[0], r.Ending)
	if f.verbosity > 0 {
		answer.Text += reasons(r, hosts)
	}
	return answer
}

// answer judges the host.
func (f *fping) answer(h *check.Host, end check.Ending) check.Answer {
	status := f.judge(h)
	prefix := ""
	switch {
	case end.Signal != "":
		status, prefix = nagios.UNKNOWN, "stopped by "+end.Signal+". "
	case unreachable(h):
		return check.Answer{Text: "FPING CRITICAL - host is unreachable\n", Status: nagios.CRITICAL}
	case noSource([]*check.Host{h}):
		return *unknown("FPING UNKNOWN - failed system call\n")
	case f.early(h):
		status = nagios.OK
	}
	return check.Answer{Text: f.statusLine(h, status, prefix), Status: status}
}

// unreachable reports whether an ICMP error said so: fping has these words for all
// codes of destination unreachable, and for a packet that is too big.
func unreachable(h *check.Host) bool {
	for _, e := range slices.Concat(h.Refusals, h.Afterward) {
		switch wire.FamilyOf(h.Addr) {
		case wire.V4:
			if e.Key.Type == 3 {
				return true
			}
		case wire.V6:
			if e.Key.Type == 1 || e.Key.Type == 2 {
				return true
			}
		}
	}
	return false
}

// judge judges a host. At a threshold is not yet over it, and no reply at all is
// CRITICAL without any.
func (f *fping) judge(h *check.Host) nagios.Status {
	loss, decided := h.Loss()
	rta, replied := h.Window.Mean()
	over := func(l *fpingLimits) bool {
		return l.hasLoss && loss > l.loss || replied && l.hasRTA && milli(rta) > l.rta
	}
	switch {
	case h.Err != nil:
		return nagios.UNKNOWN
	case !decided:
		return h.Unsent()
	case !replied || over(&f.critical):
		return nagios.CRITICAL
	case over(&f.warning):
		return nagios.WARNING
	}
	return nagios.OK
}

// statusLine returns the line with the figures. prefix stands before the host.
func (f *fping) statusLine(h *check.Host, status nagios.Status, prefix string) string {
	loss, decided := h.Loss()
	rta, replied := h.Window.Mean()
	text, early := "", f.early(h)
	switch {
	case h.Err != nil:
		text = h.Why().Error()
	case early:
		text = "rta=" + nagios.FormatDuration(rta, time.Millisecond, 6) + " ms"
	case replied:
		text = "loss=" + nagios.FormatWholeLoss(loss) + "%, rta=" + nagios.FormatDuration(rta, time.Millisecond, 6) + " ms"
	case decided:
		text = "loss=" + nagios.FormatWholeLoss(loss) + "% "
	case len(h.Failures) > 0:
		text = h.Failures.Most().Words
	case len(h.GiveUps) > 0:
		text = h.GiveUps.Most().Words
	default:
		text = "nothing decided"
	}
	var metrics []nagios.Metric
	if !early {
		metrics = append(metrics, f.lossMetric(loss, decided))
	}
	if replied {
		metrics = append(metrics, f.rtaMetric(rta))
	}
	return nagios.CleanText("FPING "+status.String()+" - "+prefix+h.Name+" ("+text+")") + "|" + nagios.Perfdata(metrics) + "\n"
}

func (f *fping) lossMetric(loss float64, decided bool) nagios.Metric {
	m := nagios.Metric{Label: "loss", Unit: "%", Min: "0", Max: "100"}
	if decided {
		m.Value = nagios.FormatLoss(loss)
	}
	if f.warning.hasLoss {
		m.Warn = percent(f.warning.loss)
	}
	if f.critical.hasLoss {
		m.Crit = percent(f.critical.loss)
	}
	return m
}

func (f *fping) rtaMetric(rta time.Duration) nagios.Metric {
	m := nagios.Metric{
		Label: "rta", Value: nagios.FormatDuration(rta, time.Second, 6), Unit: "s",
		Min: sixDecimals(0), ShortMax: true,
	}
	if f.warning.hasRTA {
		m.Warn = sixDecimals(f.warning.rta / 1000)
	}
	if f.critical.hasRTA {
		m.Crit = sixDecimals(f.critical.rta / 1000)
	}
	return m
}
