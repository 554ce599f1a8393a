// Run brings the test bed up with its standard rules, and runs a command in its
// client:
//
//	go run ./internal/testbed/run [-table] [-seen] COMMAND [ARGUMENT...]
//
// It needs root, and exits with the command's own code.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"text/tabwriter"

	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/testbed"
	"github.com/rawping/rawping/internal/wire"
)

func main() {
	table := flag.Bool("table", false, "print what is where, and end if there is no command")
	seen := flag.Bool("seen", false, "print at the end what the responder saw and did")
	flag.Parse()
	if *table {
		printTable(os.Stdout)
	}
	if flag.NArg() == 0 {
		if !*table {
			flag.Usage()
			os.Exit(2)
		}
		return
	}
	code, err := run(flag.Args(), *seen)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testbed:", err)
	}
	os.Exit(code)
}

// run runs a command in the client and returns its exit code, or 2 with the
// error that kept it from running.
func run(args []string, seen bool) (code int, err error) {
	if err := testbed.Needs(); err != nil {
		return 2, err
	}
	bed, err := testbed.Open()
	if err != nil {
		return 2, err
	}
	defer func() { err = errors.Join(err, bed.Close()) }()
	bed.UseStandard()

	// An interrupt from the terminal reaches the command too, and what it does
	// then is its own matter.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt, unix.SIGQUIT)
	cmd := bed.Client.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = cmd.Run()
	if seen {
		printSeen(os.Stderr, bed)
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		if status, ok := exit.Sys().(interface{ Signal() unix.Signal }); ok && exit.ExitCode() < 0 {
			return 128 + int(status.Signal()), nil
		}
		return exit.ExitCode(), nil
	}
	if err != nil {
		return 2, err
	}
	return 0, nil
}

// printTable prints the standard rules.
func printTable(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, r := range testbed.Standard() {
		fmt.Fprintf(w, "%v\t%v\t%s\n", r.Prefix.V4, r.Prefix.V6, r.Name)
	}
	_ = w.Flush()
}

// printSeen prints the truth: the rules whose hosts were asked, and what became of it.
func printSeen(out io.Writer, bed *testbed.Bed) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, r := range testbed.Standard() {
		for _, f := range []wire.Family{wire.V4, wire.V6} {
			if t := bed.Seen(r.Prefix.Of(f)); t != (testbed.Tally{}) {
				fmt.Fprintf(w, "%v\t%s\t%+v\n", r.Prefix.Of(f), r.Name, t)
			}
		}
	}
	_ = w.Flush()
}
