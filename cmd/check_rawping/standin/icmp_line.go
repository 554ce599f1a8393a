package standin

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/nagios"
	"github.com/rawping/rawping/internal/wire"
)

// report renders the results.
func (c *icmp) report(r *check.Results) check.Answer {
	hosts := probed(r.Hosts)
	answer := check.Answer{}
	switch {
	case noSource(hosts):
		return c.failed(c.cannotBind("Cannot assign requested address"))
	case c.first != nil && r.Ending.Signal == "":
		answer.Text = c.alive()
	default:
		answer.Status = c.judge(hosts, r.Ending)
		answer.Text = c.statusLine(hosts, answer.Status, r.Ending)
	}
	if c.verbosity > 0 {
		answer.Text += reasons(r, hosts)
	}
	return answer
}

// probed returns the hosts that were not left out.
func probed(all []*check.Host) (hosts []*check.Host) {
	for _, h := range all {
		if !errors.Is(h.Err, errUnused) {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

// noSource reports whether nothing could be sent because the source is no address
// of this host.
func noSource(hosts []*check.Host) bool {
	for _, h := range hosts {
		if counts := h.Window.Counts(); counts.Sent() > 0 || len(h.Failures) == 0 || h.Failures.Most().Cause != icmpsock.NoSource {
			return false
		}
	}
	return true
}

// alive is what check_host says on the first reply.
func (c *icmp) alive() string {
	rta := milliseconds(c.firstRTT)
	text := "OK - " + c.first.Name + " responds to ICMP. Packet 1, rta " + rta + "ms"
	return nagios.CleanText(text) + "|" + nagios.Perfdata([]nagios.Metric{
		{Label: "pkt", Value: "1", Min: "0", Max: strconv.Itoa(c.packets)},
		{Label: "rta", Value: rta, Warn: milliseconds(c.warning.rta), Crit: milliseconds(c.critical.rta)},
	}) + "\n"
}

// judge returns the status of all hosts: the worst or, with -m, whether enough are
// well.
func (c *icmp) judge(hosts []*check.Host, end check.Ending) nagios.Status {
	if end.Signal != "" {
		return nagios.UNKNOWN
	}
	worst, well, fair := nagios.OK, 0, 0
	for _, h := range hosts {
		status := c.judgeHost(h)
		worst = nagios.Worst(worst, status)
		switch status {
		case nagios.OK:
			well++
		case nagios.WARNING:
			fair++
		}
	}
	switch {
	case c.minAlive >= 0 && well >= c.minAlive:
		return nagios.OK
	case c.minAlive >= 0 && well+fair >= c.minAlive:
		return nagios.WARNING
	}
	return worst
}

// judgeHost returns the status of a host by the modes that are on.
func (c *icmp) judgeHost(h *check.Host) nagios.Status {
	if !c.modes.some() {
		return check.Limits{
			Warning:  nagios.PingThreshold{RTA: c.warning.rta, Loss: c.warning.loss},
			Critical: nagios.PingThreshold{RTA: c.critical.rta, Loss: c.critical.loss},
		}.Judge(h)
	}
	return c.judgeModes(h)
}

// statusLine returns the line of 2.3.3 or, with a mode, that of 2.4.
func (c *icmp) statusLine(hosts []*check.Host, status nagios.Status, end check.Ending) string {
	var b strings.Builder
	b.WriteString(status.String() + " - ")
	if end.Signal != "" {
		b.WriteString("stopped by " + end.Signal + ". ")
	}
	for i, h := range hosts {
		if i > 0 {
			b.WriteString(" :: ")
		}
		b.WriteString(nagios.CleanText(c.hostText(h)))
	}
	if !c.modes.perfdata() {
		return b.String() + "\n"
	}
	b.WriteByte('|')
	labels := labelPrefixes(hosts)
	for i, h := range hosts {
		b.WriteString(nagios.Perfdata(c.metrics(h, labels[i])) + " ")
	}
	return b.String() + "\n"
}

// hostText returns what the status line says of a host.
func (c *icmp) hostText(h *check.Host) string {
	loss, decided := h.Loss()
	rta, replied := h.Window.Mean()
	switch {
	case h.Err != nil:
		return h.Name + ": " + h.Why().Error() + ". rta nan, nothing sent"
	case replied && c.modes.some():
		return h.Name + c.modesText(h)
	case replied:
		return h.Name + ": rta " + milliseconds(rta) + "ms, lost " + nagios.FormatWholeLoss(loss) + "%"
	case decided && len(h.Refusals) > 0:
		e := h.Refusals.Most()
		return h.Name + ": " + e.StatusText(wire.FamilyOf(h.Addr)) + " @ " + e.Router.String() + ". rta nan, lost 100%"
	case decided:
		return h.Name + ": rta nan, lost 100%"
	case len(h.Failures) > 0:
		return h.Name + ": " + h.Failures.Most().Words + ". rta nan, nothing sent"
	case len(h.GiveUps) > 0:
		return h.Name + ": " + h.GiveUps.Most().Words + ". rta nan, nothing decided"
	}
	return h.Name + ": rta nan, nothing decided"
}

// labelPrefixes returns what tells the labels of several hosts apart: the name as
// it was typed. The original gives several addresses of one name the same labels;
// here they are numbered from the second on.
func labelPrefixes(hosts []*check.Host) []string {
	prefixes := make([]string, len(hosts))
	if len(hosts) == 1 {
		return prefixes
	}
	used := make(map[string]int, len(hosts))
	for i, h := range hosts {
		used[h.Name]++
		if prefixes[i] = h.Name; used[h.Name] > 1 {
			prefixes[i] += "#" + strconv.Itoa(used[h.Name])
		}
	}
	return prefixes
}

// metrics returns the perfdata of a host. 2.3.3 has 0 ms for a host without a
// reply.
func (c *icmp) metrics(h *check.Host, prefix string) []nagios.Metric {
	if c.modes.some() {
		return c.modeMetrics(h, prefix)
	}
	pl := nagios.Metric{
		Label: prefix + "pl", Unit: "%",
		Warn: nagios.FormatLoss(c.warning.loss), Crit: nagios.FormatLoss(c.critical.loss),
	}
	if loss, decided := h.Loss(); decided {
		pl.Value = nagios.FormatLoss(loss)
	}
	return []nagios.Metric{
		{
			Label: prefix + "rta", Value: orZero(h.Window.Mean()), Unit: "ms",
			Warn: milliseconds(c.warning.rta), Crit: milliseconds(c.critical.rta), Min: "0",
		},
		pl,
		{Label: prefix + "rtmax", Value: orZero(h.Window.Max()), Unit: "ms"},
		{Label: prefix + "rtmin", Value: orZero(h.Window.Min()), Unit: "ms"},
	}
}

// orZero shows a figure that there may not be.
func orZero(d time.Duration, ok bool) string {
	if !ok {
		d = 0
	}
	return milliseconds(d)
}

func milliseconds(d time.Duration) string {
	return nagios.FormatDuration(d, time.Millisecond, 3)
}
