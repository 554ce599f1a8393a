package native

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/jessevdk/go-flags"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/nagios"
	"github.com/rawping/rawping/internal/resolve"
)

const (
	// defaultTimeout is the least that the whole run is given if -t is not.
	defaultTimeout = 10 * time.Second

	// leastWait is the least that a reply is waited for.
	leastWait = time.Second

	// payloadSize is check_icmp's.
	payloadSize = 68

	// mostPackets keeps figures over all RTTs within a few megabytes.
	mostPackets = 1_000_000
)

// options is the command line as it was typed. The values are text, because
// go-flags' own conversions take more than is meant (0x10 for a number) and
// have other words for what they do not take.
type options struct {
	Hosts     texts `short:"H" long:"hostname" value-name:"HOST" description:"Name or address of a host; may be repeated, or given without -H" unquote:"false"`
	Warning   text  `short:"w" long:"warning" value-name:"RTA,PL%" description:"WARNING from this mean round trip time or this loss on" default:"200ms,40%" unquote:"false"`
	Critical  text  `short:"c" long:"critical" value-name:"RTA,PL%" description:"CRITICAL from this mean round trip time or this loss on" default:"500ms,80%" unquote:"false"`
	Packets   text  `short:"n" long:"packets" value-name:"N" description:"Packets to send to each host" default:"5" unquote:"false"`
	Interval  text  `short:"i" long:"interval" value-name:"TIME" description:"From one packet to the next; 0: the next goes on each reply" default:"80ms" unquote:"false"`
	Timeout   text  `short:"t" long:"timeout" value-name:"TIME" description:"When to be done with everything, in seconds (default: 10, or what -n and -i need)" unquote:"false"`
	Only4     bool  `short:"4" long:"ipv4-only" description:"IPv4 only"`
	Only6     bool  `short:"6" long:"ipv6-only" description:"IPv6 only"`
	AnySource bool  `long:"any-source" description:"A reply from another address than the one asked counts too (anycast, broadcast, multicast)"`
	Accept    texts `long:"accept" value-name:"WHAT" description:"Take what is otherwise no reply; truncated: a reply that is short, or zeroed after our token" unquote:"false"`
	Version   bool  `short:"V" long:"version" description:"Show the version"`
}

// text and texts take whatever follows the option for its value, as getopt
// does: a value such as -5 then gets its own error.
type (
	text  string
	texts []text
)

func (*text) IsValidValue(string) error  { return nil }
func (*texts) IsValidValue(string) error { return nil }

// settings is what a command line means.
type settings struct {
	plan   *check.Plan
	limits check.Limits
}

// shown is a text that was asked for instead of a check.
type shown string

func (s shown) Error() string { return string(s) }

// parse reads the command line. The error is of one line, or it is shown.
func parse(args []string, version string) (*settings, error) {
	var o options
	parser := flags.NewNamedParser("check_rawping", flags.HelpFlag|flags.PassDoubleDash)
	parser.Usage = "[OPTIONS] HOST..."
	if _, err := parser.AddGroup("Options", "", &o); err != nil {
		return nil, err
	}
	rest, err := parser.ParseArgs(args)
	switch {
	case err != nil:
		return nil, optionError(err, rest)
	case o.Version:
		return nil, shown("check_rawping " + version + "\n")
	}
	for _, host := range rest {
		o.Hosts = append(o.Hosts, text(host))
	}
	return o.settings(parser.FindOptionByShortName('t').IsSet())
}

// optionError says in our words what go-flags did not understand. rest begins
// with the argument at which it stopped.
func optionError(err error, rest []string) error {
	var failure *flags.Error
	if !errors.As(err, &failure) {
		return err
	}
	stopped := ""
	if len(rest) > 0 {
		stopped = rest[0]
	}
	switch failure.Type {
	case flags.ErrHelp:
		return shown(failure.Message + units)
	case flags.ErrUnknownFlag:
		return fmt.Errorf("option %s is unknown; want one that --help lists", quote(stopped))
	case flags.ErrNoArgumentForBool:
		return fmt.Errorf("option %s takes no value", quote(stopped))
	case flags.ErrExpectedArgument:
		if stopped == "--" {
			return errors.New("the option before \"--\" has no value; want one, as --help shows")
		}
		return fmt.Errorf("option %s has no value; want one, as --help shows", quote(stopped))
	}
	return failure
}

// units ends the help.
const units = `
RTA and TIME take us, ms or s, such as 250us, 0.25ms or 3s. A bare number is
milliseconds, for -t seconds. A threshold is met by what is equal to it.

Exit codes: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
`

// settings reads the values and checks that they fit each other.
func (o *options) settings(explicit bool) (*settings, error) {
	s := &settings{plan: &check.Plan{Size: payloadSize}}
	for _, step := range []func(*settings) error{o.readHosts, o.readThresholds, o.readPacing, o.readAccepted} {
		if err := step(s); err != nil {
			return nil, err
		}
	}
	if explicit {
		return s, o.readTimeout(s)
	}
	s.plan.Wait = min(max(leastWait, s.limits.Critical.RTA), defaultTimeout)
	s.plan.Timeout = max(defaultTimeout, s.span()+s.plan.Wait)
	return s, nil
}

func (o *options) readHosts(s *settings) error {
	if len(o.Hosts) == 0 {
		return errors.New("no host to check; want one or more, such as -H 192.0.2.1")
	}
	family := resolve.Either
	switch {
	case o.Only4 && o.Only6:
		return errors.New("options -4 and -6 exclude each other; want one, or none for either family")
	case o.Only4:
		family = resolve.V4
	case o.Only6:
		family = resolve.V6
	}
	for _, host := range o.Hosts {
		if err := resolve.Check(string(host)); err != nil {
			return fmt.Errorf("option -H: %w; want a name or an address, such as 192.0.2.1", err)
		}
		s.plan.Targets = append(s.plan.Targets, check.Target{Name: string(host), Family: family})
	}
	return nil
}

func (o *options) readThresholds(s *settings) (err error) {
	l := &s.limits
	if l.Warning, err = nagios.ParsePing(string(o.Warning)); err != nil {
		return fmt.Errorf("option -w: %w", err)
	}
	if l.Critical, err = nagios.ParsePing(string(o.Critical)); err != nil {
		return fmt.Errorf("option -c: %w", err)
	}
	if l.Warning.RTA > l.Critical.RTA || l.Warning.Loss > l.Critical.Loss {
		return fmt.Errorf("option -w: %s is above -c %s; want neither RTA nor loss of the warning above the critical one", l.Warning, l.Critical)
	}
	return nil
}

func (o *options) readPacing(s *settings) (err error) {
	// ParseUint would take no sign, but neither would it say what is wrong.
	p := s.plan
	p.Packets, err = strconv.Atoi(string(o.Packets))
	if err != nil || p.Packets < 1 || p.Packets > mostPackets || o.Packets[0] == '+' {
		return fmt.Errorf("option -n: %s is no number of packets; want 1 to %d, such as 5", quote(string(o.Packets)), mostPackets)
	}
	if p.Interval, err = nagios.ParseDuration(string(o.Interval), time.Millisecond); err != nil {
		return fmt.Errorf("option -i: %w", err)
	}
	if s.span() == math.MaxInt64 {
		return fmt.Errorf("option -i: %s is too long for %d packets; want less", quote(string(o.Interval)), p.Packets)
	}
	return nil
}

func (o *options) readAccepted(s *settings) error {
	s.plan.AnySource = o.AnySource
	for _, what := range o.Accept {
		if what != "truncated" {
			return fmt.Errorf("option --accept: %s is unknown; want truncated", quote(string(what)))
		}
		s.plan.AcceptTruncated = true
	}
	return nil
}

func (o *options) readTimeout(s *settings) (err error) {
	p := s.plan
	if p.Timeout, err = nagios.ParseDuration(string(o.Timeout), time.Second); err != nil {
		return fmt.Errorf("option -t: %w", err)
	}
	span := s.span()
	switch {
	case p.Timeout == 0:
		return fmt.Errorf("option -t: %s leaves no time to check anything; want more, such as 10", quote(string(o.Timeout)))
	case p.Timeout <= span:
		return fmt.Errorf("option -t: %s is too short, sending alone takes %v; want more than that, fewer packets (-n) or a shorter interval (-i)",
			quote(string(o.Timeout)), span)
	}
	p.Wait = min(max(leastWait, s.limits.Critical.RTA), p.Timeout)
	return nil
}

// span returns how long sending takes at least.
func (s *settings) span() time.Duration { return s.plan.Span(len(s.plan.Targets)) }

// quote shows a value of the command line in an error.
func quote(s string) string {
	const most = 64
	if len(s) > most {
		s = s[:most] + "..."
	}
	return strconv.Quote(s)
}
