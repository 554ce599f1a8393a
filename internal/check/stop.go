package check

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// endMargin is how long before the deadline probing ends, so that the process
// has ended by then.
const endMargin = 10 * time.Millisecond

// Margin returns how long before its deadline a run stops probing: 10 ms, or less
// where that would be much of the time.
func Margin(timeout time.Duration) time.Duration { return min(endMargin, timeout/10) }

// endings are the signals by which whoever waits for the program loses patience.
var endings = []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT}

func signalName(s os.Signal) string {
	switch s {
	case syscall.SIGTERM:
		return "SIGTERM"
	case syscall.SIGQUIT:
		return "SIGQUIT"
	}
	return "SIGINT"
}

// stop is the cause of a context that ended too soon.
type stop Ending

func (stop) Error() string { return "stopped" }

// UntilStopped returns a context that ends when whoever waits for the program loses
// patience. From now on, no such signal ends the program by itself: it is to end with
// a status line, whatever it is about.
func UntilStopped() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, endings...)
	go func() { cancel(stop{Signal: signalName(<-signals)}) }()
	return ctx
}

// limited returns a context that ends shortly before the deadline, too.
func limited(ctx context.Context, timeout time.Duration, began time.Time) (context.Context, context.CancelFunc) {
	return context.WithDeadlineCause(ctx, began.Add(timeout-Margin(timeout)), stop{Deadline: true})
}

// endingOf returns what ended the context, if anything did.
func endingOf(ctx context.Context) Ending {
	var s stop
	errors.As(context.Cause(ctx), &s)
	return Ending(s)
}
