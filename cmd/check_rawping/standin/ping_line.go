package standin

import (
	"slices"
	"strconv"
	"time"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/nagios"
	"github.com/rawping/rawping/internal/wire"
)

// report renders the results.
func (p *ping) report(r *check.Results) check.Answer {
	answer := p.answer(r)
	if p.verbosity > 0 {
		answer.Text += reasons(r, r.Hosts)
	}
	return answer
}

// answer judges one host or, of several, whether one is alive.
func (p *ping) answer(r *check.Results) check.Answer {
	h := r.Hosts[0]
	if len(r.Hosts) > 1 {
		alive := slices.IndexFunc(r.Hosts, func(h *check.Host) bool { return h.Window.Counts().Replies > 0 })
		if alive >= 0 {
			return check.Answer{Text: line(r.Hosts[alive].Name + " is alive")}
		}
	}
	if words := p.unreachable(h); words != "" && r.Ending.Signal == "" {
		return check.Answer{Text: line("CRITICAL - " + words + " (" + h.Name + ")"), Status: nagios.CRITICAL}
	}
	status := p.judge(h)
	what := ""
	if r.Ending.Signal != "" {
		status, what = nagios.UNKNOWN, "stopped by "+r.Ending.Signal+". "
	}
	return check.Answer{Text: p.statusLine(h, status, what), Status: status}
}

// judge judges a host. Duplicates are worth a WARNING.
func (p *ping) judge(h *check.Host) nagios.Status {
	if h.Err != nil {
		return nagios.UNKNOWN
	}
	status := p.limits.Judge(h)
	if h.Window.Counts().Duplicates > 0 {
		status = nagios.Worst(status, nagios.WARNING)
	}
	return status
}

// statusLine returns the line with the figures. prefix stands before them.
func (p *ping) statusLine(h *check.Host, status nagios.Status, prefix string) string {
	loss, decided := h.Loss()
	rta, replied := h.Window.Mean()
	if h.Window.Counts().Duplicates > 0 {
		prefix += "DUPLICATES FOUND! "
	}
	text := "PING " + status.String() + " - " + prefix
	switch {
	case h.Err != nil:
		text += h.Why().Error()
	case decided:
		text += "Packet loss = " + nagios.FormatWholeLoss(loss) + "%"
	case len(h.Failures) > 0:
		text += h.Failures.Most().Words
	case len(h.GiveUps) > 0:
		text += h.GiveUps.Most().Words
	default:
		text += "nothing decided"
	}
	if replied {
		text += ", RTA = " + nagios.FormatDuration(rta, time.Millisecond, 2) + " ms"
	}
	text = nagios.CleanText(text)
	if p.html {
		text = "<A HREF='/nagios/cgi-bin/traceroute.cgi?" + h.Name + "'>" + text + "</A>"
	}
	return text + "|" + p.perfdata(h) + "\n"
}

// perfdata returns what the original prints: another form of rta where there is no
// reply, and thresholds of 0 left out.
func (p *ping) perfdata(h *check.Host) string {
	pl := nagios.Metric{Label: "pl", Unit: "%", Min: "0"}
	if loss, decided := h.Loss(); decided {
		pl.Value = percent(loss)
	}
	if w := p.warning.loss; w > 0 {
		pl.Warn = percent(w)
	}
	if c := p.critical.loss; c > 0 {
		pl.Crit = percent(c)
	}
	rta, replied := h.Window.Mean()
	if !replied {
		none := nagios.Metric{Label: "rta", Warn: sixDecimals(p.warning.rta), Crit: sixDecimals(p.critical.rta)}
		return " " + nagios.Perfdata([]nagios.Metric{none, pl})
	}
	m := nagios.Metric{
		Label: "rta", Value: nagios.FormatDuration(rta, time.Millisecond, 6), Unit: "ms",
		Min: sixDecimals(0), ShortMax: true,
	}
	if w := p.warning.rta; w > 0 {
		m.Warn = sixDecimals(w)
	}
	if c := p.critical.rta; c > 0 {
		m.Crit = sixDecimals(c)
	}
	return nagios.Perfdata([]nagios.Metric{m, pl})
}

// unreachable returns the original's words for a host that the network has no way
// to, as far as it has some.
func (p *ping) unreachable(h *check.Host) string {
	if len(h.Refusals) > 0 {
		e := h.Refusals.Most()
		if wire.FamilyOf(h.Addr) == wire.V6 {
			return pingWords6(e)
		}
		return pingWords4(e)
	}
	if counts := h.Window.Counts(); counts.Decided() > 0 || len(h.Failures) == 0 {
		return ""
	}
	switch h.Failures.Most().Cause {
	case icmpsock.NoRoute, icmpsock.Unreachable:
		return "Network Unreachable"
	}
	return ""
}

// pingWords4 are what the original makes of what ping says of an ICMP error.
func pingWords4(e check.Refusal) string {
	switch {
	case e.Type == 11 && e.Code == 0:
		return "Time to live exceeded"
	case e.Type != 3:
		return ""
	}
	switch e.Code {
	case 0, 11:
		return "Network Unreachable"
	case 1, 12:
		return "Host Unreachable"
	case 2:
		return "Bogus ICMP: Protocol Unreachable"
	case 3:
		return "Bogus ICMP: Port Unreachable"
	case 9:
		return "Network Prohibited"
	case 10:
		return "Host Prohibited"
	case 13:
		return "Packet Filtered"
	}
	return ""
}

// pingWords6 is pingWords4 for ICMPv6.
func pingWords6(e check.Refusal) string {
	switch {
	case e.Type == 3:
		return "Time to live exceeded"
	case e.Type != 1:
		return ""
	}
	switch e.Code {
	case 0:
		return "Network Unreachable"
	case 1:
		return "Packet Filtered"
	case 3:
		return "Host Unreachable"
	case 4:
		return "Bogus ICMP: Port Unreachable"
	}
	return "Destination Unreachable"
}

// percent shows a loss or its threshold, which check_ping lets be more than 100.
func percent(x float64) string {
	if x > 100 {
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	return nagios.FormatLoss(x)
}

func sixDecimals(x float64) string { return strconv.FormatFloat(x, 'f', 6, 64) }
