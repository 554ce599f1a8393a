package native

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rawping/rawping/internal/nagios"
)

// verdictSettings say what the results mean.
type verdictSettings struct {
	limits     []limit
	own        map[int][]limit // by target: of hosts with limits of their own
	minAlive   int             // 0: all hosts
	dnsFailure nagios.Status
	confirm    int // packets before a bad verdict; 0: none
	early      bool
	slowest    time.Duration // the longest RTT that any threshold tells from a longer one
}

// limitsOf returns the limits for the hosts of a target.
func (v *verdictSettings) limitsOf(target int) []limit {
	if own, ok := v.own[target]; ok {
		return own
	}
	return v.limits
}

func (o *options) readVerdict(s *settings) (err error) {
	v := &s.verdictSettings
	v.early = o.Early
	if v.dnsFailure, err = nagios.ParseStatus(string(o.DNSFailure)); err != nil {
		return fmt.Errorf("option --dns-failure: %w", err)
	}
	modes, err := o.readModes(s)
	if err != nil {
		return err
	}
	if len(modes) == 0 || o.given("warning") || o.given("critical") {
		ping, err := parsePing("option -w", string(o.Warning), "option -c", string(o.Critical))
		if err != nil {
			return err
		}
		v.limits = ping
	}
	v.noteSlowest(v.limits, modes)
	v.limits = replaced(v.limits, modes)
	thresholds, err := o.readThresholds()
	if err != nil {
		return err
	}
	v.noteSlowest(thresholds)
	v.limits = replaced(v.limits, thresholds)
	return s.checkLimits(v.limits)
}

// noteSlowest notes what the thresholds for RTTs need. Those count, too, in whose
// place others stand: -c says how slow a host may be, whatever judges it.
func (v *verdictSettings) noteSlowest(lists ...[]limit) {
	for _, limits := range lists {
		for i := range limits {
			l := &limits[i]
			switch {
			case l.kind != aTime || l.name == "stddev" || strings.HasPrefix(l.name, "jitter"):
			case l.critical.when != never:
				v.slowest = max(v.slowest, l.critical.longest())
			default:
				v.slowest = max(v.slowest, l.warning.longest())
			}
		}
	}
}

func (o *options) readThresholds() (limits []limit, err error) {
	for _, threshold := range o.Thresholds {
		l, err := parseLimit(string(threshold))
		if err != nil {
			return nil, fmt.Errorf("option --threshold: %w", err)
		}
		if slices.ContainsFunc(limits, func(o limit) bool { return o.name == l.name }) {
			return nil, fmt.Errorf("option --threshold: %s: there are thresholds for %s already; want both in one, as %s=WARN,CRIT",
				quote(string(threshold)), l.name, l.name)
		}
		limits = append(limits, l)
	}
	return limits, nil
}

// checkLimits says which limit can never be judged.
func (s *settings) checkLimits(limits []limit) error {
	for _, l := range limits {
		switch l.name {
		case "jitter", "jitter_min", "jitter_max", "mos", "score":
			if s.plan.Packets < 2 {
				return fmt.Errorf("option -n: 1 packet has no %s; want 2 or more", l.name)
			}
		}
	}
	return nil
}

// replaced returns the limits with others in the place of those of the same
// figures.
func replaced(limits, others []limit) []limit {
	limits = slices.DeleteFunc(slices.Clone(limits), func(l limit) bool {
		return slices.ContainsFunc(others, func(o limit) bool { return o.name == l.name })
	})
	return append(limits, others...)
}

// parsePing reads the thresholds of -w and -c, or those that a list of hosts has
// by other names.
func parsePing(wName, warning, cName, critical string) ([]limit, error) {
	w, err := nagios.ParsePing(warning)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", wName, err)
	}
	c, err := nagios.ParsePing(critical)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cName, err)
	}
	if w.RTA > c.RTA || w.Loss > c.Loss {
		return nil, fmt.Errorf("%s: %s is above %s %s; want neither RTA nor loss of the warning above the critical one", wName, w, strings.TrimPrefix(cName, "option "), c)
	}
	return pingLimits(w, c), nil
}

// readModes reads the options that say, each for a figure, that it is judged.
func (o *options) readModes(s *settings) (modes []limit, err error) {
	for _, mode := range []struct {
		option, long string
		value        text
		figure       string
		when         when
		example      string
	}{
		{"-R", "rta-mode", o.RTA, "rta", overAt, "200ms,500ms"},
		{"-P", "loss-mode", o.Loss, "loss", overAt, "40%,80%"},
		{"-J", "jitter-mode", o.Jitter, "jitter", overAt, "40ms,50ms"},
		{"-M", "mos-mode", o.MOS, "mos", underAt, "3.5,3.0"},
		{"-S", "score-mode", o.Score, "score", underAt, "80,70"},
	} {
		if !o.given(mode.long) {
			continue
		}
		l, err := parseMode(string(mode.value), mode.figure, mode.when)
		if err != nil {
			return nil, fmt.Errorf("option %s: %w; want WARN,CRIT, such as %s", mode.option, err, mode.example)
		}
		modes = append(modes, l)
	}
	if o.Order {
		f, _ := figureNamed("out_of_order")
		modes = append(modes, limit{figure: f, critical: alarm{when: overAt, at: 1}, mode: true})
	}
	return modes, s.checkLimits(modes)
}

// parseMode reads WARN,CRIT.
func parseMode(s, name string, when when) (limit, error) {
	f, _ := figureNamed(name)
	l := limit{figure: f, mode: name != "rta" && name != "loss"}
	warn, crit, ok := strings.Cut(s, ",")
	if !ok {
		return l, fmt.Errorf("%s is not two thresholds", quote(s))
	}
	var err error
	if l.warning, err = parseBound(warn, f.kind, when); err != nil {
		return l, err
	}
	if l.critical, err = parseBound(crit, f.kind, when); err != nil {
		return l, err
	}
	if when == overAt && l.warning.at > l.critical.at || when == underAt && l.warning.at < l.critical.at {
		return l, fmt.Errorf("%s: the critical threshold is met before the warning", quote(s))
	}
	return l, nil
}

func parseBound(s string, k kind, when when) (alarm, error) {
	switch k {
	case aTime:
		d, err := nagios.ParseDuration(s, time.Millisecond)
		return alarm{when: when, at: float64(d)}, err
	case percents:
		s = strings.TrimSuffix(s, "%")
	}
	v, err := nagios.ParseNumber(s)
	switch {
	case err != nil:
		return alarm{}, err
	case v < 0 || v > 100:
		return alarm{}, fmt.Errorf("%s is not within 0 to 100", quote(s))
	}
	return alarm{when: when, at: v}, nil
}

// readMinAlive comes after the hosts are known.
func (o *options) readMinAlive(s *settings) (err error) {
	if !o.given("min-alive") {
		return nil
	}
	most := len(s.plan.Targets)
	if o.Resolve == "all" || o.Family == "both" {
		most = mostHosts // as many as the names turn out to have
	}
	if s.minAlive, err = number(string(o.MinAlive), 1, most); err != nil {
		return fmt.Errorf("option -m: %s is no number of hosts; want 1 to %d", quote(string(o.MinAlive)), most)
	}
	return nil
}

// mostHosts is how many hosts one run can check.
const mostHosts = 100_000

// errNoHost is the error of a command line without a host.
var errNoHost = errors.New("no host to check; want one or more, such as -H 192.0.2.1")
