package standin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/rawping/rawping/cmd/check_rawping/extraopts"
	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/resolve"
)

// icmp is a command line of check_icmp or, because they are one program, of
// check_host or check_rta_multi.
type icmp struct {
	name, version string
	anyAddress    bool // check_host: the first reply from any address is enough
	allAddresses  bool // check_host, check_rta_multi: every address of a name is a host

	hosts          []string
	family         resolve.Family
	warning        icmpLimits
	critical       icmpLimits
	modes          icmpModes
	packets        int
	interval       time.Duration
	targetInterval time.Duration
	timeout        time.Duration
	size, hops     int
	source         string
	minAlive       int // -1: all
	verbosity      int
	asked          string // a text to show instead of a check
	first          *check.Host
	firstRTT       time.Duration
	plan           *check.Plan
}

// icmpLimits are thresholds, one for each mode.
type icmpLimits struct {
	rta    time.Duration
	loss   float64 // per cent
	jitter float64 // milliseconds
	mos    float64
	score  float64
}

// ICMP returns the stand-in for check_icmp. version is the program's.
func ICMP(version string) check.Personality {
	return func(ctx context.Context, args []string) (*check.Job, *check.Answer) {
		return newICMP("check_icmp", version).job(ctx, args)
	}
}

// Host returns the stand-in for check_host, which is content with one reply.
func Host(version string) check.Personality {
	return func(ctx context.Context, args []string) (*check.Job, *check.Answer) {
		c := newICMP("check_host", version)
		c.anyAddress, c.allAddresses = true, true
		c.interval = time.Second
		c.warning.rta, c.warning.loss = time.Second, 100
		c.critical.rta, c.critical.loss = time.Second, 100
		return c.job(ctx, args)
	}
}

// RTAMulti returns the stand-in for check_rta_multi, which checks every address of
// a name.
func RTAMulti(version string) check.Personality {
	return func(ctx context.Context, args []string) (*check.Job, *check.Answer) {
		c := newICMP("check_rta_multi", version)
		c.allAddresses = true
		c.interval = 50 * time.Millisecond
		return c.job(ctx, args)
	}
}

func newICMP(name, version string) *icmp {
	return &icmp{
		name: name, version: version,
		warning:  icmpLimits{rta: 200 * time.Millisecond, loss: 40, jitter: 40, mos: 3.5, score: 80},
		critical: icmpLimits{rta: 500 * time.Millisecond, loss: 80, jitter: 50, mos: 3, score: 70},
		packets:  5, interval: 80 * time.Millisecond, timeout: 10 * time.Second,
		size: 68, minAlive: -1,
	}
}

// icmpOptions has the letters of 2.3.3 and those for the modes of 2.4; the long
// names are those of 3.0 and of the guidelines.
func icmpOptions() *optionTable {
	return &optionTable{
		short: "vhVw:c:n:p:t:H:s:i:b:I:l:m:P:R:J:S:M:O64",
		long: []longOption{
			{"version", 'V'},
			{"help", 'h'},
			{"verbose", 'v'},
			{"Host", 'H'},
			{"hostname", 'H'},
			{"ipv4-only", '4'},
			{"ipv6-only", '6'},
			{"warning", 'w'},
			{"critical", 'c'},
			{"timeout", 't'},
			{"rta-mode-thresholds", 'R'},
			{"packet-loss-mode-thresholds", 'P'},
			{"jitter-mode-thresholds", 'J'},
			{"mos-mode-thresholds", 'M'},
			{"score-mode-thresholds", 'S'},
			{"out-of-order-packets", 'O'},
			{"number-of-packets", 'n'},
			{"packet-interval", 'i'},
			{"target-interval", 'I'},
			{"minimal-host-alive", 'm'},
			{"outgoing-ttl", 'l'},
			{"size", 'b'},
		},
		lenient: true,
	}
}

// job reads a command line.
func (c *icmp) job(ctx context.Context, args []string) (*check.Job, *check.Answer) {
	if err := c.read(ctx, args); err != nil {
		answer := c.failed(err)
		return nil, &answer
	}
	if c.asked != "" {
		return nil, unknown(c.asked)
	}
	if err := c.makePlan(); err != nil {
		answer := c.failed(err)
		return nil, &answer
	}
	return &check.Job{Plan: c.plan, Report: c.report, Failed: c.unmeasured}, nil
}

// failed says why there is nothing to report, as crash of the original does.
func (c *icmp) failed(err error) check.Answer {
	return *unknown(line(c.name + ": " + err.Error()))
}

// unmeasured says why nothing was measured.
func (c *icmp) unmeasured(err error) check.Answer {
	if errors.Is(err, os.ErrPermission) {
		err = words("Failed to obtain ICMP socket: " + err.Error())
	}
	return c.failed(err)
}

// read reads the options in their order, but the families first, on which the
// meaning of hosts depends.
func (c *icmp) read(ctx context.Context, args []string) error {
	args, err := extraopts.Expand(ctx, args, c.name)
	if err != nil {
		return err
	}
	options, operands, err := icmpOptions().read(args)
	if err != nil {
		return err
	}
	for _, o := range options {
		if o.option != '4' && o.option != '6' {
			continue
		}
		if c.family != resolve.Either {
			return words("Multiple protocol versions not supported: No such file or directory")
		}
		c.family = resolve.V4
		if o.option == '6' {
			c.family = resolve.V6
		}
	}
	for _, o := range options {
		if err := c.take(o); err != nil {
			return err
		}
		if c.asked != "" {
			return nil
		}
	}
	c.hosts = append(c.hosts, operands...)
	return c.checkRanges()
}

// take takes an option.
func (c *icmp) take(o given) (err error) {
	switch o.option {
	case 'v':
		c.verbosity++
	case 'V':
		c.asked = versionText(c.name, c.version)
	case 'h':
		c.asked = c.help()
	case 'H':
		c.hosts = append(c.hosts, o.value)
	case 'w':
		return c.warning.read(o)
	case 'c':
		return c.critical.read(o)
	case 'R', 'P', 'J', 'M', 'S', 'O':
		return c.takeMode(o)
	case 'n', 'p':
		n, err := o.number(0)
		c.packets = int(uint16(n)) //nolint:gosec // the original cuts it like that
		return err
	case 'i':
		c.interval, err = o.time()
	case 'I':
		c.targetInterval, err = o.time()
	case 't':
		n, err := o.number(10)
		if c.timeout = ticks(float64(n), time.Second); n < 0 {
			c.timeout = longest // alarm(2) takes no sign
		}
		return err
	case 'l':
		n, err := o.number(0)
		c.hops = int(uint8(n)) //nolint:gosec // the original cuts it like that; 0 is the system's
		return err
	case 'm':
		n, err := o.number(0)
		c.minAlive = int(n)
		return err
	case 'b':
		return c.readSize(o)
	case 's':
		c.source = o.value
	}
	return err
}

// number returns the number that an option's value begins with, and instead for 0.
// The original takes 0 for what is none, whatever that then means.
func (o given) number(instead int64) (int64, error) {
	n, _, ok := leadingInt(o.value, 0)
	switch {
	case !ok:
		return 0, fmt.Errorf("option -%c: %q is no number", o.option, o.value)
	case n == 0:
		return instead, nil
	}
	return n, nil
}

func (c *icmp) readSize(o given) error {
	n, _, _ := leadingInt(o.value, 0)
	if n < 52 || n > 65507 {
		return words("ICMP data length must be between: 52 and 65507")
	}
	c.size = int(n)
	return nil
}

const errNoHosts = words("No hosts to check")

// checkRanges checks what the original checks, in its order, and what it forgets.
func (c *icmp) checkRanges() error {
	switch {
	case len(c.hosts) == 0:
		return errNoHosts
	case c.packets > 20:
		return errors.New("packets is > 20 (" + strconv.Itoa(c.packets) + ")")
	case c.minAlive < -1:
		return fmt.Errorf("minimum alive hosts is negative (%d)", c.minAlive)
	case c.packets == 0:
		return errors.New("option -n: 0 packets tell nothing of a host; want 1 to 20")
	}
	return nil
}
