package standin

import (
	"strconv"
	"strings"
	"time"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/nagios"
	"github.com/rawping/rawping/internal/stats"
)

// icmpModes are the modes of check_icmp 2.4 that were asked for. With any of them,
// its output is that of 2.4, and only they are judged.
type icmpModes struct {
	rta, loss, jitter, mos, score, order bool
}

func (m icmpModes) some() bool { return m != icmpModes{} }

// perfdata reports whether there is any: the order of replies alone has none.
func (m icmpModes) perfdata() bool { return m != icmpModes{order: true} }

// takeMode takes -R, -P, -J, -M, -S WARNING[,CRITICAL] and -O.
func (c *icmp) takeMode(o given) error {
	w, k := &c.warning, &c.critical
	switch o.option {
	case 'R':
		c.modes.rta = true
		warning, critical := milli(w.rta), milli(k.rta)
		err := readPair(o.value, "RTA", &warning, &critical)
		w.rta, k.rta = min(ticks(warning, time.Millisecond), mostRTA), min(ticks(critical, time.Millisecond), mostRTA)
		return err
	case 'P':
		c.modes.loss = true
		err := readPair(o.value, "packet loss", &w.loss, &k.loss)
		w.loss, k.loss = min(w.loss, 100), min(k.loss, 100)
		return err
	case 'J':
		c.modes.jitter = true
		return readPair(o.value, "jitter", &w.jitter, &k.jitter)
	case 'M':
		c.modes.mos = true
		return readPair(o.value, "MOS", &w.mos, &k.mos)
	case 'S':
		c.modes.score = true
		return readPair(o.value, "score", &w.score, &k.score)
	}
	c.modes.order = true
	return nil
}

// readPair reads one number or two, each of which may have a unit behind it.
func readPair(s, what string, warning, critical *float64) error {
	into := []*float64{warning, critical}
	for i, text := range strings.SplitN(s, ",", len(into)) {
		x, rest, ok := leadingFloat(text)
		if !ok || x < 0 || rest != "" && rest != "%" && rest != "m" && rest != "ms" {
			return words("Failed to parse " + what + " threshold")
		}
		*into[i] = x
	}
	return nil
}

// figure is what one mode looks at.
type figure struct {
	on                       bool
	name, unit               string
	value, warning, critical float64
	low                      bool // it is bad at its limit or below, not above
	show                     func(float64) string
}

// figures returns what the modes look at, in the order in which 2.4 shows them. With
// fewer than two replies there is no jitter and, as there, no quality either.
func (c *icmp) figures(h *check.Host) (f struct{ rta, loss, jitter, mos, score figure }) {
	w, k := &c.warning, &c.critical
	loss, _ := h.Loss()
	rta, _ := h.Window.Mean()
	jitter, some := h.Window.Jitter()
	mos, score := 0.0, 0.0
	if some {
		mos, score = stats.MOS(rta, jitter, loss/100), stats.Score(rta, jitter, loss/100)
	}
	f.rta = figure{c.modes.rta, "rta", "ms", milli(rta), milli(w.rta), milli(k.rta), false, threeDecimals}
	f.loss = figure{c.modes.loss, "lost", "%", loss, w.loss, k.loss, false, nagios.FormatLoss}
	f.jitter = figure{c.modes.jitter, "jitter", "ms", milli(jitter), w.jitter, k.jitter, false, threeDecimals}
	f.mos = figure{c.modes.mos, "MOS", "", mos, w.mos, k.mos, true, oneDecimal}
	f.score = figure{c.modes.score, "Score", "", score, w.score, k.score, true, whole}
	return f
}

// verdict is what one mode says of a host.
type verdict struct {
	status nagios.Status
	text   string
}

func (f *figure) verdict() verdict {
	text := " " + f.name + " " + f.show(f.value) + f.unit
	for _, limit := range []struct {
		status nagios.Status
		value  float64
	}{{nagios.CRITICAL, f.critical}, {nagios.WARNING, f.warning}} {
		switch {
		case f.low && f.value <= limit.value:
			return verdict{limit.status, text + " < " + f.show(limit.value) + f.unit}
		case !f.low && f.value >= limit.value:
			return verdict{limit.status, text + " > " + f.show(limit.value) + f.unit}
		}
	}
	return verdict{nagios.OK, text}
}

func (f *figure) metric(label, most string) nagios.Metric {
	return nagios.Metric{
		Label: label, Value: f.show(f.value), Unit: f.unit,
		Warn: f.show(f.warning), Crit: f.show(f.critical), Min: "0", Max: most,
	}
}

// verdicts returns what each mode that is on says of a host that replied.
func (c *icmp) verdicts(h *check.Host) (all []verdict) {
	f := c.figures(h)
	for _, f := range []figure{f.rta, f.loss, f.jitter, f.mos, f.score} {
		if f.on {
			all = append(all, f.verdict())
		}
	}
	switch {
	case c.modes.order && h.Window.Counts().OutOfOrder > 0:
		all = append(all, verdict{nagios.CRITICAL, " Packets out of order"})
	case c.modes.order:
		all = append(all, verdict{nagios.OK, " Packets in order"})
	}
	return all
}

// judgeModes returns the worst of what the modes say of a host. One without a reply
// is CRITICAL, whatever the mode.
func (c *icmp) judgeModes(h *check.Host) nagios.Status {
	if _, decided := h.Loss(); !decided {
		return h.Unsent()
	}
	if h.Window.Counts().Replies == 0 {
		return nagios.CRITICAL
	}
	worst := nagios.OK
	for _, v := range c.verdicts(h) {
		worst = nagios.Worst(worst, v.status)
	}
	return worst
}

// modesText returns what 2.4 says of a host that replied: all figures if it is
// well, otherwise those that say why not.
func (c *icmp) modesText(h *check.Host) string {
	status := c.judgeModes(h)
	var b strings.Builder
	for _, v := range c.verdicts(h) {
		if v.status == status {
			b.WriteString(v.text)
		}
	}
	return b.String()
}

// modeMetrics returns the perfdata of 2.4, which has U and nothing else for what is
// not known of a host without a reply.
func (c *icmp) modeMetrics(h *check.Host, prefix string) (all []nagios.Metric) {
	add := func(on bool, metrics ...nagios.Metric) {
		for _, m := range metrics {
			m.Label = prefix + m.Label
			if h.Window.Counts().Replies == 0 {
				m = nagios.Metric{Label: m.Label}
			}
			if on {
				all = append(all, m)
			}
		}
	}
	extreme := func(label string, of func() (time.Duration, bool)) nagios.Metric {
		return nagios.Metric{Label: label, Value: orZero(of()), Unit: "ms"}
	}
	f := c.figures(h)
	add(c.modes.rta, f.rta.metric("rta", ""), extreme("rtmax", h.Window.Max), extreme("rtmin", h.Window.Min))
	if c.modes.loss {
		pl := f.loss.metric(prefix+"pl", "100")
		if _, decided := h.Loss(); !decided {
			pl.Value = ""
		}
		all = append(all, pl)
	}
	add(c.modes.jitter, f.jitter.metric("jitter_avg", ""), extreme("jitter_max", h.Window.JitterMax), extreme("jitter_min", h.Window.JitterMin))
	add(c.modes.mos, f.mos.metric("mos", "5"))
	add(c.modes.score, f.score.metric("score", "100"))
	return all
}

func milli(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func threeDecimals(x float64) string { return strconv.FormatFloat(x, 'f', 3, 64) }
func oneDecimal(x float64) string    { return strconv.FormatFloat(x, 'f', 1, 64) }
func whole(x float64) string         { return strconv.Itoa(int(x)) }
