package native

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jessevdk/go-flags"

	"github.com/rawping/rawping/cmd/check_rawping/extraopts"
	"github.com/rawping/rawping/internal/bundles"
	"github.com/rawping/rawping/internal/check"
)

// options is the command line as it was typed, and the table that the help, the
// man page and the shells' completions are made of. The values are text, because
// go-flags' own conversions take more than is meant (0x10 for a number) and have
// other words for what they do not take.
type options struct {
	hostOptions
	packetOptions
	timeOptions
	verdictOptions
	outputOptions
	cronOptions

	given func(long string) bool // whether an option was typed
	began time.Time              // when reading them was begun
}

type hostOptions struct {
	Hosts      texts `short:"H" long:"hostname" value-name:"HOST" description:"Name or address of a host; may be repeated, or given without -H" unquote:"false"`
	HostsFile  texts `long:"hosts-file" value-name:"FILE" description:"Hosts from a file, one on a line, with thresholds of its own behind it if need be, such as: web1 warning=50,10% critical=100,20% p95=30,60; # begins a comment; -: standard input" unquote:"false"`
	Only4      bool  `short:"4" long:"ipv4-only" description:"IPv4 only"`
	Only6      bool  `short:"6" long:"ipv6-only" description:"IPv6 only"`
	Family     text  `long:"family" value-name:"WHICH" values:"any both" description:"Of a name, an address of any family, or one of both" default:"any" unquote:"false"`
	Resolve    text  `long:"resolve" value-name:"WHICH" values:"first all" description:"Of a name, the first address that this host has a route to, or all: each is checked" default:"first" unquote:"false"`
	DNSFailure text  `long:"dns-failure" value-name:"STATE" values:"ok warning critical unknown" description:"What a name that does not resolve is: ok, warning, critical or unknown" default:"unknown" unquote:"false"`
	AnySource  bool  `long:"any-source" description:"A reply from another address than the one asked counts too (anycast, broadcast, multicast)"`
	Accept     texts `long:"accept" value-name:"WHAT" values:"truncated" description:"Take what is otherwise no reply; truncated: a reply that is short, or zeroed after our token" unquote:"false"`
}

type packetOptions struct {
	Packets  text  `short:"n" long:"packets" value-name:"N" description:"Packets to send to each host" default:"5" unquote:"false"`
	Bytes    text  `short:"b" long:"bytes" value-name:"N" description:"Bytes of data in a packet; under 16 there is no room for a secret token" default:"68" unquote:"false"`
	TTL      text  `short:"l" long:"ttl" value-name:"N" description:"Time to live, or hop limit, of what is sent" unquote:"false"`
	Source   texts `short:"s" long:"source" value-name:"FROM" description:"Source address, or the interface to leave by; may be repeated: an address of each family, and an interface" unquote:"false"`
	DSCP     text  `long:"dscp" value-name:"POINT" description:"Differentiated services code point, 0 to 63 or a name such as EF, AF41 or CS6" unquote:"false"`
	Fragment bool  `long:"dont-fragment" description:"Neither fragment here nor let routers do it"`
	Mark     text  `long:"fwmark" value-name:"N" description:"Firewall mark of what is sent, such as 10 or 0x0a" unquote:"false"`
}

type timeOptions struct {
	Interval   text `short:"i" long:"interval" value-name:"TIME" description:"From one packet to a host to the next; 0: the next goes on each reply" default:"80ms" unquote:"false"`
	Target     text `short:"I" long:"target-interval" value-name:"TIME" description:"From the first packet to a host to that to the next host" default:"0" unquote:"false"`
	PacketWait text `long:"packet-timeout" value-name:"TIME" description:"How long a reply may take (default: the critical RTA, but 1s at least and -t at most)" unquote:"false"`
	Timeout    text `short:"t" long:"timeout" value-name:"TIME" description:"When to be done with everything, in seconds (default: 10, or what -n and -i need)" unquote:"false"`
}

type verdictOptions struct {
	Warning    text  `short:"w" long:"warning" value-name:"RTA,PL%" description:"WARNING from this mean round trip time or this loss on" default:"200ms,40%" unquote:"false"`
	Critical   text  `short:"c" long:"critical" value-name:"RTA,PL%" description:"CRITICAL from this mean round trip time or this loss on" default:"500ms,80%" unquote:"false"`
	Thresholds texts `long:"threshold" value-name:"METRIC=WARN,CRIT" description:"Thresholds for any figure, as ranges: 'p95=~:50ms,~:0.1s', in quotes because of the shell; may be repeated" unquote:"false"`
	RTA        text  `short:"R" long:"rta-mode" value-name:"WARN,CRIT" description:"Judge the mean round trip time, from these on" unquote:"false"`
	Loss       text  `short:"P" long:"loss-mode" value-name:"WARN%,CRIT%" description:"Judge the loss, from these on" unquote:"false"`
	Jitter     text  `short:"J" long:"jitter-mode" value-name:"WARN,CRIT" description:"Judge the mean difference from one round trip time to the next, from these on" unquote:"false"`
	MOS        text  `short:"M" long:"mos-mode" value-name:"WARN,CRIT" description:"Judge the mean opinion score, 1 to 4.4, from these down" unquote:"false"`
	Score      text  `short:"S" long:"score-mode" value-name:"WARN,CRIT" description:"Judge the R factor, 0 to 93.2, from these down" unquote:"false"`
	Order      bool  `short:"O" long:"order-mode" description:"CRITICAL if a reply comes out of order"`
	MinAlive   text  `short:"m" long:"min-alive" value-name:"N" description:"OK if so many of the hosts are; WARNING if so many are OK or WARNING" unquote:"false"`
	Confirm    text  `long:"confirm" value-name:"N" description:"Before a verdict other than OK, send a host N packets more, and judge all of them" unquote:"false"`
	Early      bool  `long:"early-exit" description:"Stop when no further packet can change the verdict"`
	Trace      bool  `long:"trace-on-failure" description:"If a host does not answer, find out how far the path to it does"`
}

type outputOptions struct {
	Output      text   `long:"output" value-name:"FORM" values:"nagios json influx prometheus" description:"nagios, json, influx or prometheus" default:"nagios" unquote:"false"`
	NoData      text   `long:"no-data" value-name:"WHAT" values:"U omit" description:"What perfdata has for a figure without a value: U, or omit to leave it out" default:"U" unquote:"false"`
	Verbose     []bool `short:"v" long:"verbose" description:"More long output: -v figures, -vv each packet, -vvv what went on inside"`
	ExtraOpts   string `long:"extra-opts" value-name:"[SECTION][@FILE]" description:"More options, from a section of an ini file" optional:"true" optional-value:"" unquote:"false"`
	Personality text   `long:"personality" value-name:"NAME" values:"check_rawping check_icmp check_host check_rta_multi check_ping check_fping" description:"Be check_icmp, check_host, check_rta_multi, check_ping or check_fping: with its options, its verdict and its output" unquote:"false"`
	Version     bool   `short:"V" long:"version" description:"Show the version"`
	Help        bool   `short:"h" long:"help" description:"Show this help"`
}

type cronOptions struct {
	Quiet    bool `long:"quiet" description:"Print nothing while all is OK"`
	State    text `long:"state-file" value-name:"FILE" description:"Remember the state in this file" unquote:"false"`
	OnChange bool `long:"on-change" description:"Print only if the state has changed; needs --state-file"`
	Remind   text `long:"remind" value-name:"TIME" description:"Print again if a problem has stood for so long, such as 6h; needs --on-change" unquote:"false"`
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
	plan *check.Plan
	verdictSettings
	outputSettings
	state    *stateSettings // nil: nothing is remembered
	ordinary bool           // it is a user other than root who calls
}

// shown is a text that was asked for instead of a check.
type shown string

func (s shown) Error() string { return string(s) }

// parser returns the parser that fills o.
func (o *options) parser() (*flags.Parser, error) {
	p := flags.NewNamedParser("check_rawping", flags.PassDoubleDash)
	p.Usage = "[OPTIONS] HOST..."
	for _, group := range []struct {
		name    string
		options any
	}{
		{"Hosts", &o.hostOptions},
		{"Packets", &o.packetOptions},
		{"Time", &o.timeOptions},
		{"Verdict", &o.verdictOptions},
		{"Output", &o.outputOptions},
		{"For scripts and cron", &o.cronOptions},
	} {
		if _, err := p.AddGroup(group.name, "", group.options); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// parse reads the command line. The error is of one line, or it is shown.
func parse(ctx context.Context, args []string, version string) (*settings, error) {
	began := time.Now()
	args, err := extraopts.Expand(ctx, args, "check_rawping")
	if err != nil {
		return nil, err
	}
	o := options{began: began}
	parser, err := o.parser()
	if err != nil {
		return nil, err
	}
	rest, err := parser.ParseArgs(bundles.Part(parser, args))
	switch {
	case err != nil:
		return nil, optionError(err, rest)
	case o.Help:
		var b strings.Builder
		parser.WriteHelp(&b)
		return nil, shown(b.String() + units())
	case o.Version:
		return nil, shown("check_rawping " + version + "\n")
	}
	for _, host := range rest {
		o.Hosts = append(o.Hosts, text(host))
	}
	o.given = func(long string) bool {
		option := parser.FindOptionByLongName(long)
		return option.IsSet() && !option.IsSetDefault()
	}
	return o.settings(ctx)
}

// optionError says in our words what go-flags did not understand. rest begins
// with the argument at which it stopped.
func optionError(err error, rest []string) error {
	failure, ok := errors.AsType[*flags.Error](err)
	if !ok {
		return err
	}
	stopped := ""
	if len(rest) > 0 {
		stopped = rest[0]
	}
	switch failure.Type {
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
func units() string {
	return `
RTA and TIME take us, ms or s, such as 250us, 0.25ms or 3s. A bare number is
milliseconds, for -t seconds. -w, -c and the modes are met by what is equal to
them. With any of the modes -R -P -J -M -S -O only what they name is judged, and
-w and -c if they are given.

A METRIC is one of:
` + wrapped(figureNames, 78) + `
Its WARN and CRIT are ranges as the Monitoring Plugins have them: 10, 10:, ~:10,
10:20 or @10:20. Either may be empty.

Exit codes: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
`
}

// wrapped breaks a text at its spaces into lines of that many bytes at most.
func wrapped(text string, width int) string {
	var b strings.Builder
	column := 0
	for word := range strings.FieldsSeq(text) {
		switch {
		case column == 0:
		case column+1+len(word) > width:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}

// quote shows a value of the command line in an error.
func quote(s string) string {
	const most = 64
	if len(s) > most {
		s = s[:most] + "..."
	}
	return strconv.Quote(s)
}
