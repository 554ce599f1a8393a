// Command rawping sends ICMP echo requests and tells live what becomes of each:
// reply by reply like ping, or one line per host like fping, for one host or for
// many thousands. It shares its engine, and so its figures, with check_rawping
// and Telegraf's inputs.rawping.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/rawping/rawping/internal/icmpsock"
)

// version is set by the linker: -X main.version=...
var version = "devel"

// The exit codes.
const (
	exitAnswered   = 0 // every host has answered at least once
	exitUnanswered = 1 // a host has not
	exitError      = 2 // bad input, a name that does not resolve, no right to open a socket, no room for the output
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program but for its name and its end.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	signals := listen()
	_ = os.Unsetenv("GO_FLAGS_COMPLETION") // with which go-flags would exit with 0, unchecked
	complain := complainer{stderr}
	if err := icmpsock.PollerAllowed(); err != nil {
		return complain.error(err)
	}
	set, err := parseOptions(args, icmpsock.OrdinaryUser())
	if asked, ok := errors.AsType[answer](err); ok {
		if _, err := io.WriteString(stdout, string(asked)); err != nil {
			return complain.error(outputError(err))
		}
		return exitAnswered
	}
	if err != nil {
		return complain.error(err)
	}
	hosts, err := readHosts(set, stdin)
	if err != nil {
		return complain.error(err)
	}
	return newSession(set, hosts, stdout, complain, signals).run()
}

// complainer prints diagnostics: one line each, on standard error.
type complainer struct{ stderr io.Writer }

// error prints an error and returns the exit code for it.
func (c complainer) error(err error) int {
	c.say(err.Error())
	return exitError
}

func (c complainer) say(text string) {
	fmt.Fprintf(c.stderr, "rawping: %s\n", oneLine(text))
}
