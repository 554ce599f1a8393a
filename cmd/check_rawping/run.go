package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/rawping/rawping/cmd/check_rawping/native"
	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/nagios"
)

// run is the whole program. Whatever happens, it says so on standard output.
func run(argv []string, stdout io.Writer) (code int) {
	began := time.Now()
	ctx := check.UntilStopped()
	debug.SetTraceback("none")             // for a panic on another goroutine, which nobody here can catch
	signal.Ignore(syscall.SIGPIPE)         // instead of which there is an error
	_ = os.Unsetenv("GO_FLAGS_COMPLETION") // with which go-flags would exit with 0, unchecked
	defer func() {
		if r := recover(); r != nil {
			answer := failed(argv, fmt.Errorf("internal error, please report it: %v", r))
			_, _ = io.WriteString(stdout, answer.Text)
			code = int(answer.Status)
		}
	}()
	answer := answerTo(ctx, argv, began)
	// Standard output that is closed cannot be told: Go's runtime has opened
	// /dev/null in its place.
	if _, err := io.WriteString(stdout, answer.Text); err != nil {
		return int(nagios.UNKNOWN) // nobody knows why, but nobody takes it for a verdict
	}
	return int(answer.Status)
}

// failed returns the answer to a command line that came to nothing before it was
// known whose it is.
func failed(argv []string, err error) check.Answer {
	return native.Failed(argv[min(1, len(argv)):], err)
}

// answerTo does what a command line asks for.
func answerTo(ctx context.Context, argv []string, began time.Time) check.Answer {
	if err := icmpsock.PollerAllowed(); err != nil {
		return failed(argv, err)
	}
	personality, args, err := choose(argv)
	if err != nil {
		return failed(argv, err)
	}
	job, answer := personality(ctx, args)
	if answer != nil {
		return *answer
	}
	results, err := check.Measure(ctx, job.Plan, began)
	if err != nil {
		return job.Failed(err)
	}
	return job.Report(results)
}
