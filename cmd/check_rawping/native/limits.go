package native

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/nagios"
)

// limit is a figure with its thresholds.
type limit struct {
	figure
	warning, critical alarm
	mode              bool // of -J, -M, -S or -O: it has perfdata and its place in the status line even if all is well
}

// alarm is one threshold: the values that set it off. The zero value is none.
type alarm struct {
	when  when
	at    float64 // overAt, underAt
	rangE nagios.Range
}

type when uint8

const (
	never   when = iota
	overAt       // at this value or over it, as check_icmp has it
	underAt      // at this value or under it
	byRange      // as the range has it
)

// rings reports whether a value sets the alarm off.
func (a alarm) rings(v float64) bool {
	_, always := a.ringsWithin(v, v)
	return always
}

// ringsWithin says whether a value that lies somewhere from least to most can
// never set the alarm off, or always does.
func (a alarm) ringsWithin(least, most float64) (never, always bool) {
	switch a.when {
	case overAt:
		return most < a.at, least >= a.at
	case underAt:
		return least > a.at, most <= a.at
	case byRange:
		return a.rangE.AlertsWithin(least, most)
	}
	return true, false
}

// longest returns the greatest time that the alarm tells from a greater one, or 0.
func (a alarm) longest() time.Duration {
	at := a.at
	if a.when == byRange {
		if at = a.rangE.End; math.IsInf(at, 0) {
			at = a.rangE.Start // it alerts below, or, inside, above
		}
	}
	if math.IsInf(at, 0) || at <= 0 {
		return 0
	}
	return time.Duration(at)
}

// text writes the threshold as perfdata has it.
func (a alarm) text(k kind) string {
	switch a.when {
	case overAt, underAt:
		return k.text(a.at)
	case byRange:
		if k == aTime {
			return a.rangE.In(float64(time.Millisecond)).String()
		}
		return a.rangE.String()
	}
	return ""
}

// words says in a sentence what sets the alarm off.
func (a alarm) words(k kind) string {
	text := a.text(k)
	switch {
	case a.when == overAt:
		return "from " + text + k.unit() + " on"
	case a.when == underAt:
		return "from " + text + k.unit() + " down"
	case a.rangE.Inside:
		return "within " + strings.TrimPrefix(text, "@") + k.unit()
	}
	return "outside " + text + k.unit()
}

// judge returns the status of a host by one limit. A figure that there is
// nothing to make of sets off every alarm: no reply is not a good reply.
func (l *limit) judge(h *check.Host) nagios.Status {
	v, ok := l.judged(h)
	switch {
	case l.critical.when != never && (!ok || l.critical.rings(v)):
		return nagios.CRITICAL
	case l.warning.when != never && (!ok || l.warning.rings(v)):
		return nagios.WARNING
	}
	return nagios.OK
}

// judged returns the figure, if there is something to make of it: duplicates and
// late replies are none of a host that answers.
func (l *limit) judged(h *check.Host) (v float64, ok bool) {
	v, ok = l.of(h)
	return v, ok && (!l.ofReplies || h.Window.Counts().Replies > 0)
}

// outlook returns the best and the worst that judge can come to with so many
// packets to come.
func (l *limit) outlook(h *check.Host, rest int, wait time.Duration) (best, worst nagios.Status) {
	least, most := math.Inf(-1), math.Inf(1)
	_, ok := l.judged(h)
	if l.within != nil {
		least, most = l.within(h, rest, wait)
	}
	for _, a := range []struct {
		alarm
		status nagios.Status
	}{{l.warning, nagios.WARNING}, {l.critical, nagios.CRITICAL}} {
		if a.when == never {
			continue
		}
		no, yes := a.ringsWithin(least, most)
		if yes && ok { // with no value yet, the bounds say what one could be
			best = a.status
		}
		if !no || !ok {
			worst = a.status
		}
	}
	return best, worst
}

// pingLimits returns the limits of -w and -c.
func pingLimits(warning, critical nagios.PingThreshold) []limit {
	rta, _ := figureNamed("rta")
	loss, _ := figureNamed("loss")
	return []limit{
		{
			figure: rta, warning: alarm{when: overAt, at: float64(warning.RTA)},
			critical: alarm{when: overAt, at: float64(critical.RTA)},
		},
		{
			figure: loss, warning: alarm{when: overAt, at: warning.Loss},
			critical: alarm{when: overAt, at: critical.Loss},
		},
	}
}

// parseLimit reads METRIC=WARN,CRIT. One of the two may be empty.
func parseLimit(s string) (limit, error) {
	name, ranges, ok := strings.Cut(s, "=")
	warn, crit, both := strings.Cut(ranges, ",")
	if !ok || !both || warn == "" && crit == "" {
		return limit{}, fmt.Errorf("%s is not a threshold; want METRIC=WARN,CRIT, such as p95=100ms,0.5s or ttl=60:64,", quote(s))
	}
	f, known := figureNamed(name)
	if !known {
		return limit{}, fmt.Errorf("%s is no metric; want one of %s", quote(name), figureNames)
	}
	l := limit{figure: f}
	for _, side := range []struct {
		text string
		into *alarm
	}{{warn, &l.warning}, {crit, &l.critical}} {
		if side.text == "" {
			continue
		}
		parse := nagios.ParseRange
		if f.kind == aTime {
			parse = func(s string) (nagios.Range, error) { return nagios.ParseTimeRange(s, time.Millisecond) }
		}
		r, err := parse(side.text)
		if err != nil {
			return limit{}, fmt.Errorf("%s: %w", f.name, err)
		}
		*side.into = alarm{when: byRange, rangE: r}
	}
	return l, nil
}
