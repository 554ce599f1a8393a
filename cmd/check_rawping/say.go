package main

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/nagios"
)

// slowReader is how long standard output may take to accept everything, however near
// the deadline it comes, and after a signal.
const slowReader = time.Second

// say writes an answer and returns the exit code. If the answer cannot be written,
// that is UNKNOWN: nobody knows why, but nobody takes it for a verdict. Closed
// standard output cannot be told: Go's runtime has opened /dev/null in its place.
func say(ctx context.Context, answer check.Answer, deadline time.Time, stdout io.Writer) int {
	said := make(chan struct{})
	defer close(said)
	go func() {
		if stuck(ctx, deadline, said) {
			os.Exit(unsaid(answer)) // nothing else ends a write for which nobody reads
		}
	}()
	if _, err := io.WriteString(stdout, answer.Text); err != nil {
		return unsaid(answer)
	}
	return int(answer.Status)
}

// unsaid returns the exit code for an answer that could not be written.
func unsaid(answer check.Answer) int {
	if answer.Unsaid != nil {
		answer.Unsaid()
	}
	return int(nagios.UNKNOWN)
}

// stuck waits until the answer is said, and reports whether the deadline passed or a
// signal came before that.
func stuck(ctx context.Context, deadline time.Time, said <-chan struct{}) bool {
	signalled := ctx.Done()
	var over <-chan time.Time
	if !deadline.IsZero() {
		over = time.After(max(time.Until(deadline), slowReader))
	}
	for {
		select {
		case <-said:
			return false
		case <-signalled:
			signalled, over = nil, time.After(slowReader)
		case <-over:
			return true
		}
	}
}
