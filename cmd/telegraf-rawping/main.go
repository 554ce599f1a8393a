// Command telegraf-rawping is the rawping input as a process of its own, for
// inputs.execd of a stock Telegraf: then only this program needs the right to
// open ICMP sockets.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/rawping/rawping/internal/icmpsock"
)

// version is set by the linker.
var version = "devel"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is main without its globals.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	log := &logger{to: stderr}
	options, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage())
		return 0
	case err != nil:
		log.Errorf("telegraf-rawping: %v", err)
		return 2
	case options.version:
		fmt.Fprintln(stdout, "telegraf-rawping", version)
		return 0
	}
	switch err = icmpsock.PollerAllowed(); {
	case err != nil:
	case options.check:
		err = check(options, stdout, log)
	default:
		err = serve(ctx, options, stdin, stdout, log)
	}
	if err != nil {
		log.Errorf("telegraf-rawping: %v", err)
		return 1
	}
	return 0
}

// serve runs the input until standard input ends or a signal comes.
func serve(ctx context.Context, o options, stdin io.Reader, stdout io.Writer, log *logger) error {
	plugin, err := load(o.config)
	if err != nil {
		return err
	}
	plugin.Log = log
	if err := plugin.Init(); err != nil {
		return fmt.Errorf("%s: %w", o.config, err)
	}
	r := &runner{input: plugin, log: log, interval: o.pollInterval}
	if o.pollIntervalDisabled {
		r.interval = 0
	}
	return r.run(ctx, stdin, stdout)
}

// options are the flags: those of Telegraf's shim, and two more.
type options struct {
	config               string
	check                bool
	pollInterval         time.Duration
	pollIntervalDisabled bool
	version              bool
}

func flags(o *options) *flag.FlagSet {
	f := flag.NewFlagSet("telegraf-rawping", flag.ContinueOnError)
	f.SetOutput(io.Discard) // run prints errors, in one line
	f.StringVar(&o.config, "config", "", "`file` with the [[inputs.rawping]] block")
	f.DurationVar(&o.pollInterval, "poll_interval", time.Second, "how often to send metrics")
	f.BoolVar(&o.pollIntervalDisabled, "poll_interval_disabled", false,
		"send metrics only when a line comes on standard input, as with signal = \"STDIN\" of inputs.execd")
	f.BoolVar(&o.check, "check", false, "say whether the configuration is good and what this machine permits; nothing is sent")
	f.BoolVar(&o.version, "version", false, "print the version and exit")
	return f
}

func parse(args []string) (options, error) {
	var o options
	f := flags(&o)
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, fmt.Errorf("%w (see -help)", err)
	}
	switch {
	case o.version:
		return o, nil
	case f.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q (see -help)", f.Arg(0))
	case o.config == "":
		return o, errors.New("-config is missing: name the file with the [[inputs.rawping]] block")
	case o.pollInterval <= 0:
		return o, fmt.Errorf("-poll_interval is %v: it must be more than 0, as in 10s", o.pollInterval)
	}
	return o, nil
}

func usage() string {
	var text strings.Builder
	text.WriteString("The rawping input for inputs.execd of Telegraf.\n\nUsage: telegraf-rawping -config FILE [flags]\n\n")
	f := flags(&options{})
	f.SetOutput(&text)
	f.PrintDefaults()
	return text.String()
}
