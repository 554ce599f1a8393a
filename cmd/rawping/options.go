package main

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/jessevdk/go-flags"

	"github.com/rawping/rawping/internal/bundles"
	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/nagios"
	"github.com/rawping/rawping/internal/wire"
)

// settings is what the command line says, checked.
type settings struct {
	hosts []string // as named on the command line
	files []string // lists of hosts; "-" is standard input

	count    int // 0: endless
	interval time.Duration
	timeout  time.Duration
	size     int
	ttl      int         // 0: the system's
	family   wire.Family // 0: either
	rate     float64     // packets per second in all; 0: no limit
	source   netip.Addr
	device   string // interface to leave by
	whole    bool   // don't fragment
	quiet    bool
	ordinary bool // a user who is not root

	anySource, truncated bool // what counts as a reply too
}

// longest bounds times, far from where the engine's would overflow.
const longest = 24 * time.Hour

// options are the command line's, as go-flags reads it. Values are read as text
// and checked here, so that every mistake gets one line that says what is right.
type options struct {
	Count     text   `unquote:"false" short:"c" long:"count" value-name:"N" description:"stop after N probes to each host (default: go on until Ctrl-C)"`
	Interval  text   `unquote:"false" short:"i" long:"interval" value-name:"TIME" default:"1" description:"time from one probe to a host to its next; 0: as soon as the last one is decided"`
	Timeout   text   `unquote:"false" short:"W" long:"timeout" value-name:"TIME" default:"1" description:"how long a reply may take"`
	Size      text   `unquote:"false" short:"s" long:"size" value-name:"BYTES" default:"56" description:"payload; under 16 bytes it has no room for a secret token"`
	TTL       text   `unquote:"false" short:"t" long:"ttl" value-name:"N" description:"time to live, or hop limit"`
	Source    text   `unquote:"false" short:"I" long:"interface" value-name:"NAME|ADDRESS" description:"leave by this interface, or with this source address"`
	Whole     bool   `long:"dont-fragment" description:"neither fragment here nor let routers do it"`
	V4        bool   `short:"4" description:"IPv4 only"`
	V6        bool   `short:"6" description:"IPv6 only"`
	AnySource bool   `long:"any-source" description:"a reply from another address than the one asked counts too (anycast, broadcast, multicast)"`
	Accept    []text `unquote:"false" long:"accept" value-name:"WHAT" description:"take what is otherwise no reply; truncated: a reply that is short, or zeroed after our token"`
	Files     []text `unquote:"false" short:"f" long:"file" value-name:"FILE" description:"read hosts from FILE, one per line; -: standard input; may be repeated"`
	Rate      text   `unquote:"false" long:"rate" value-name:"N" default:"5000" description:"packets per second in all, at most; 0: no limit, for root only"`
	Quiet     bool   `short:"q" long:"quiet" description:"only the summary: one line per host, if there are several or -f is given"`
	Numeric   bool   `short:"n" description:"accepted for ping's sake: addresses are always numeric"`
	Version   bool   `short:"V" long:"version" description:"print the version"`
	Help      bool   `short:"h" long:"help" description:"print this help"`
	ordinary  bool
	countSet  bool
	ttlSet    bool
	sourceSet bool
}

// text is a value that may begin with a hyphen: -i -1 is a negative interval,
// not an unknown option.
type text string

// IsValidValue implements flags.ValueValidator.
func (text) IsValidValue(string) error { return nil }

// answer is not a failure: the text that the user asked for.
type answer string

func (a answer) Error() string { return string(a) }

const description = `Sends ICMP echo requests and says of every one what became of it.

TIME is a number of seconds, or has a unit: 0.2, 200ms, 250us, 1s.
In a FILE, # begins a comment, and blank lines are skipped.
Ctrl-C ends with the summary; Ctrl-\ prints a short status and goes on.

Exit code: 0 every host has answered, 1 a host has not, 2 an error: bad input,
a name that does not resolve, no right to open a socket.`

// parseOptions reads the command line. The error is an answer if it asks for one.
// An ordinary user is not root, and may not do everything.
func parseOptions(args []string, ordinary bool) (settings, error) {
	o := options{ordinary: ordinary}
	parser := flags.NewNamedParser("rawping", flags.PassDoubleDash)
	parser.Usage = "[OPTIONS] HOST..."
	parser.LongDescription = description
	if _, err := parser.AddGroup("Options", "", &o); err != nil {
		return settings{}, err
	}
	hosts, err := parser.ParseArgs(bundles.Part(parser, args))
	if err != nil {
		return settings{}, badOption(err, hosts)
	}
	switch {
	case o.Help:
		var b strings.Builder
		parser.WriteHelp(&b)
		return settings{}, answer(strings.TrimRight(b.String(), "\n") + "\n")
	case o.Version:
		return settings{}, answer("rawping " + version + "\n")
	}
	o.countSet = parser.FindOptionByLongName("count").IsSet()
	o.ttlSet = parser.FindOptionByLongName("ttl").IsSet()
	o.sourceSet = parser.FindOptionByLongName("interface").IsSet()
	return o.settings(hosts)
}

// badOption says what go-flags found, in the words of the other errors. rest
// begins with the argument at which it stopped.
func badOption(err error, rest []string) error {
	what := strings.NewReplacer("`", "", "'", "", "flag", "option").Replace(err.Error())
	if name, ok := strings.CutPrefix(what, "unknown option "); ok {
		hyphens := "-"
		if len(rest) > 0 && strings.HasPrefix(rest[0], "--") {
			hyphens = "--"
		}
		what = "unknown option " + brief(hyphens+name)
	}
	return fmt.Errorf("%s; see rawping --help", what)
}

// settings checks the values, each by itself and all together.
func (o *options) settings(hosts []string) (settings, error) {
	set := settings{hosts: hosts, whole: o.Whole, quiet: o.Quiet, ordinary: o.ordinary, anySource: o.AnySource}
	for _, file := range o.Files {
		set.files = append(set.files, string(file))
	}
	if len(set.hosts)+len(set.files) == 0 {
		return set, errors.New("no host: name one or more, or a list of them with -f FILE; see rawping --help")
	}
	if o.V4 && o.V6 {
		return set, errors.New("-4 and -6 exclude each other: give one of them, or neither for both families")
	}
	if o.V4 {
		set.family = wire.V4
	}
	if o.V6 {
		set.family = wire.V6
	}
	for _, read := range []func(*settings) error{o.readCount, o.readTimes, o.readSize, o.readTTL, o.readRate, o.readSource, o.readAccepted} {
		if err := read(&set); err != nil {
			return set, err
		}
	}
	return set, nil
}

func (o *options) readAccepted(set *settings) error {
	for _, what := range o.Accept {
		if what != "truncated" {
			return fmt.Errorf("accept %s: want truncated", brief(string(what)))
		}
		set.truncated = true
	}
	if set.anySource && set.size < wire.TokenLen {
		return fmt.Errorf("size %d: with --any-source, want %d or more: replies are told by a token in them", set.size, wire.TokenLen)
	}
	return nil
}

func (o *options) readCount(set *settings) (err error) {
	if !o.countSet {
		return nil
	}
	if set.count, err = number(string(o.Count)); err != nil || set.count < 1 {
		return fmt.Errorf("count %s: want a whole number from 1 on; without -c it goes on until Ctrl-C", brief(string(o.Count)))
	}
	return nil
}

func (o *options) readTimes(set *settings) (err error) {
	if set.interval, err = duration("interval", string(o.Interval)); err != nil {
		return err
	}
	if set.timeout, err = duration("timeout", string(o.Timeout)); err != nil {
		return err
	}
	if set.timeout == 0 {
		return fmt.Errorf("timeout %s: want more than 0, such as 1 or 200ms", brief(string(o.Timeout)))
	}
	return nil
}

func (o *options) readSize(set *settings) (err error) {
	most := wire.MaxPayload6
	if set.family == wire.V4 {
		most = wire.MaxPayload4
	}
	if set.size, err = number(string(o.Size)); err != nil || set.size > most {
		return fmt.Errorf("size %s: want 0 to %d bytes for IPv4, 0 to %d for IPv6", brief(string(o.Size)), wire.MaxPayload4, wire.MaxPayload6)
	}
	return nil
}

func (o *options) readTTL(set *settings) (err error) {
	if !o.ttlSet {
		return nil
	}
	if set.ttl, err = number(string(o.TTL)); err != nil || set.ttl < 1 || set.ttl > 255 {
		return fmt.Errorf("ttl %s: want 1 to 255", brief(string(o.TTL)))
	}
	return nil
}

func (o *options) readRate(set *settings) (err error) {
	value := string(o.Rate)
	if strings.Trim(value, "0123456789.") == "" { // no sign, exponent, infinity
		set.rate, err = strconv.ParseFloat(value, 64)
	}
	switch {
	case err != nil || strings.Trim(value, "0123456789.") != "" || set.rate > 1e9:
		return fmt.Errorf("rate %s: want packets per second, such as 5000, or 0 for no limit", brief(value))
	case o.ordinary && set.rate == 0:
		return fmt.Errorf("rate %s: only root may send without a limit; want more than 0 and at most %d", brief(value), echo.OrdinaryRate)
	case o.ordinary && set.rate > echo.OrdinaryRate:
		return fmt.Errorf("rate %s: only root may go above %d packets per second", brief(value), echo.OrdinaryRate)
	}
	return nil
}

// readSource takes an address for the source, anything else for an interface.
func (o *options) readSource(set *settings) error {
	if !o.sourceSet {
		return nil
	}
	addr, err := netip.ParseAddr(string(o.Source))
	if err != nil {
		set.device = string(o.Source)
		return checkDevice(set.device)
	}
	set.source = addr.Unmap()
	family := wire.FamilyOf(set.source)
	if set.family != 0 && set.family != family {
		return fmt.Errorf("source %s: is %s, but -%d wants %s", addr, family, set.family, set.family)
	}
	set.family = family // names are looked up for addresses that it can reach
	if addr.Zone() != "" {
		set.source, set.device = set.source.WithZone(""), addr.Zone()
		return checkDevice(set.device)
	}
	return nil
}

// duration reads a time of an option; a bare number is in seconds.
func duration(what, value string) (time.Duration, error) {
	d, err := nagios.ParseDuration(value, time.Second)
	if err != nil {
		return 0, fmt.Errorf("%s %w", what, err)
	}
	if d > longest {
		return 0, fmt.Errorf("%s %s: want at most %d s", what, brief(value), longest/time.Second)
	}
	return d, nil
}

// number reads a whole number without a sign.
func number(value string) (int, error) {
	if value == "" || strings.Trim(value, "0123456789") != "" {
		return 0, strconv.ErrSyntax
	}
	return strconv.Atoi(value)
}
