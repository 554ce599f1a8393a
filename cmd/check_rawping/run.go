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
	answer, deadline := answerTo(ctx, argv, began)
	return say(ctx, answer, deadline, stdout)
}

// failed returns the answer to a command line that came to nothing before it was
// known whose it is.
func failed(argv []string, err error) check.Answer {
	return native.Failed(argv[min(1, len(argv)):], err)
}

// answerTo does what a command line asks for, and returns when all of it is to be
// over; the zero Time if there was nothing to measure.
func answerTo(ctx context.Context, argv []string, began time.Time) (check.Answer, time.Time) {
	if err := icmpsock.PollerAllowed(); err != nil {
		return failed(argv, err), time.Time{}
	}
	personality, args, err := choose(argv)
	if err != nil {
		return failed(argv, err), time.Time{}
	}
	job, answer := personality(ctx, args)
	if answer != nil {
		return *answer, time.Time{}
	}
	deadline := began.Add(job.Plan.Timeout)
	results, err := check.Measure(ctx, job.Plan, began)
	if err != nil {
		return job.Failed(err), deadline
	}
	return job.Report(results), deadline
}
