package standin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rawping/rawping/cmd/check_rawping/extraopts"
	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/nagios"
	"github.com/rawping/rawping/internal/resolve"
)

// ping is a command line of check_ping.
type ping struct {
	version string

	hosts     []string
	family    resolve.Family
	warning   pingLimits
	critical  pingLimits
	packets   int // -1: not given
	timeout   time.Duration
	html      bool
	verbosity int
	asked     string // a text to show instead of a check
	limits    check.Limits
}

// pingLimits are thresholds. Less than 0: not given.
type pingLimits struct {
	rta  float64 // milliseconds
	loss float64 // per cent
}

// Ping returns the stand-in for check_ping. version is the program's.
func Ping(version string) check.Personality {
	return func(ctx context.Context, args []string) (*check.Job, *check.Answer) {
		p := &ping{
			version: version, packets: -1, timeout: 10 * time.Second,
			warning: pingLimits{-1, -1}, critical: pingLimits{-1, -1},
		}
		return p.job(ctx, args)
	}
}

const pingUsage = "Usage:\ncheck_ping -H <host_address> -w <wrta>,<wpl>% -c <crta>,<cpl>%\n [-p packets] [-t timeout] [-4|-6]\n"

func pingOptions() *optionTable {
	return &optionTable{
		short: "VvhnL46t:c:w:H:p:",
		long: []longOption{
			{"version", 'V'},
			{"verbose", 'v'},
			{"help", 'h'},
			{"timeout", 't'},
			{"critical", 'c'},
			{"warning", 'w'},
			{"hostname", 'H'},
			{"packets", 'p'},
			{"nohtml", 'n'},
			{"link", 'L'},
			{"use-ipv4", '4'},
			{"use-ipv6", '6'},
		},
	}
}

// The ways of being wrong that look different.
type (
	misused  struct{ error } // the usage follows
	unparsed string          // so do the words that nothing could be made of it, before
)

func (u unparsed) Error() string { return string(u) }

// job reads a command line.
func (p *ping) job(ctx context.Context, args []string) (*check.Job, *check.Answer) {
	if err := p.read(ctx, args); err != nil {
		answer := p.failed(err)
		return nil, &answer
	}
	if p.asked != "" {
		return nil, unknown(p.asked)
	}
	return &check.Job{Plan: p.plan(), Report: p.report, Failed: p.failed}, nil
}

// failed says why there is nothing to report.
func (p *ping) failed(err error) check.Answer {
	wrong, isMisused := errors.AsType[misused](err)
	left, isUnparsed := errors.AsType[unparsed](err)
	switch {
	case isUnparsed && left == "":
		return *unknown("check_ping: Could not parse arguments\n" + pingUsage)
	case isUnparsed:
		return *unknown(line(string(left)) + "check_ping: Could not parse arguments\n" + pingUsage)
	case isMisused && wrong.error == nil:
		return *unknown(pingUsage)
	case isMisused:
		return *unknown(line(wrong.Error()) + pingUsage)
	}
	return *unknown(line("check_ping: " + err.Error()))
}

// read reads the options in their order, and then what stands alone: the host,
// both losses, both RTAs and the packets, as far as no option gave them.
func (p *ping) read(ctx context.Context, args []string) error {
	args, err := extraopts.Expand(ctx, args, "check_ping")
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return unparsed("")
	}
	for i, arg := range args {
		switch arg { // they are no bundles
		case "-to":
			args[i] = "-t"
		case "-nohtml":
			args[i] = "-n"
		}
	}
	options, operands, wrong := pingOptions().read(args)
	for _, o := range options {
		if err := p.take(o); err != nil || p.asked != "" {
			return err
		}
	}
	if wrong != nil {
		return misused{}
	}
	if err := p.readOperands(operands); err != nil {
		return err
	}
	return p.checkRanges()
}

// take takes an option.
func (p *ping) take(o given) error {
	switch o.option {
	case 'h':
		p.asked = pingHelp
	case 'V':
		p.asked = versionText("check_ping", p.version)
	case 't':
		n, _, _ := leadingInt(o.value, 10)
		p.timeout = ticks(float64(n), time.Second)
	case 'v':
		p.verbosity++
	case '4':
		p.family = resolve.V4
	case '6':
		p.family = resolve.V6
	case 'H':
		p.hosts = append(p.hosts, strings.Split(o.value, ",")...)
	case 'p':
		n, ok := isInteger(o.value)
		if !ok || n < 0 {
			return misused{fmt.Errorf("check_ping: <max_packets> must be a non-negative number - %s", o.value)}
		}
		p.packets = int(n)
	case 'n':
		p.html = false
	case 'L':
		p.html = true
	case 'c':
		return p.critical.read(o.value)
	case 'w':
		return p.warning.read(o.value)
	}
	return nil
}

// read reads RTA, or LOSS%, or RTA,LOSS%, the comma of which may be a colon. The
// RTA may have a unit if a loss follows.
func (l *pingLimits) read(s string) error {
	if n, ok := isInteger(s); ok && n >= 0 && strings.TrimSpace(s) != "" {
		l.rta = float64(n)
		return nil
	}
	first, rest, ok := leadingFloat(s)
	factor, rest := pingUnit(rest)
	second, _, both := leadingFloat(strings.TrimLeft(rest, ",:"))
	switch {
	case !ok || !strings.Contains(s, "%"):
	case both && span(rest, ",:") > 0:
		l.rta, l.loss = first*factor, second
		return nil
	case strings.HasPrefix(rest, "%"):
		l.loss = first
		return nil
	}
	return misused{fmt.Errorf("check_ping: Warning threshold must be integer or percentage! - %s", s)}
}

// pingUnit returns how many milliseconds the unit that s begins with has, and what
// follows it.
func pingUnit(s string) (factor float64, rest string) {
	for _, unit := range []struct {
		name   string
		factor float64
	}{{"ms", 1}, {"us", 1e-3}, {"s", 1e3}} {
		if rest, ok := strings.CutPrefix(s, unit.name); ok {
			return unit.factor, rest
		}
	}
	return 1, s
}

// readOperands reads what stands alone.
func (p *ping) readOperands(operands []string) error {
	next := func(missing bool, take func(string) error) error {
		if !missing || len(operands) == 0 {
			return nil
		}
		first := operands[0]
		operands = operands[1:]
		return take(first)
	}
	percentage := func(name string, into *float64) func(string) error {
		return func(s string) error {
			n, ok := isInteger(s)
			if !ok || n < 0 || n > 100 {
				return unparsed(fmt.Sprintf("<%s> (%s) must be an integer percentage", name, s))
			}
			*into = float64(n)
			return nil
		}
	}
	milliseconds := func(name string, into *float64) func(string) error {
		return func(s string) error {
			x, _, _ := leadingFloat(s)
			if x < 0 {
				return unparsed(fmt.Sprintf("<%s> (%s) must be a non-negative number", name, s))
			}
			*into = x
			return nil
		}
	}
	for _, step := range []struct {
		missing bool
		take    func(string) error
	}{
		{len(p.hosts) == 0, func(s string) error { p.hosts = []string{s}; return nil }},
		{p.warning.loss < 0, percentage("wpl", &p.warning.loss)},
		{p.critical.loss < 0, percentage("cpl", &p.critical.loss)},
		{p.warning.rta < 0, milliseconds("wrta", &p.warning.rta)},
		{p.critical.rta < 0, milliseconds("crta", &p.critical.rta)},
		{p.packets < 0, func(s string) error {
			n, ok := isInteger(s)
			if !ok || n < 0 {
				return unparsed(fmt.Sprintf("<max_packets> (%s) must be a non-negative number", s))
			}
			p.packets = int(n)
			return nil
		}},
	} {
		if err := next(step.missing, step.take); err != nil {
			return err
		}
	}
	return nil
}

// checkRanges checks what the original checks, in its order, and what it forgets.
func (p *ping) checkRanges() error {
	w, c := p.warning, p.critical
	switch {
	case w.rta < 0:
		return unparsed("<wrta> was not set")
	case c.rta < 0:
		return unparsed("<crta> was not set")
	case w.loss < 0:
		return unparsed("<wpl> was not set")
	case c.loss < 0:
		return unparsed("<cpl> was not set")
	case w.rta > c.rta:
		return unparsed(fmt.Sprintf("<wrta> (%f) cannot be larger than <crta> (%f)", w.rta, c.rta))
	case w.loss > c.loss:
		return unparsed(fmt.Sprintf("<wpl> (%s) cannot be larger than <cpl> (%s)", percent(w.loss), percent(c.loss)))
	case p.packets == 0:
		return misused{errors.New("check_ping: -p 0 sends nothing; want 1 or more")}
	case len(p.hosts) == 0:
		return misused{words("You must specify a server address or host name")}
	}
	if p.packets < 0 {
		p.packets = 5
	}
	p.limits = check.Limits{
		Warning:  nagios.PingThreshold{RTA: ticks(w.rta, time.Millisecond), Loss: w.loss},
		Critical: nagios.PingThreshold{RTA: ticks(c.rta, time.Millisecond), Loss: c.loss},
	}
	return nil
}
