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

// limited returns a context that ends shortly before the deadline, or when the
// scheduler loses patience.
func limited(timeout time.Duration, began time.Time) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(context.Background())
	deadline := began.Add(timeout - Margin(timeout))
	limited, release := context.WithDeadlineCause(ctx, deadline, stop{Deadline: true})
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, endings...)
	go func() {
		select {
		case s := <-signals:
			cancel(stop{Signal: signalName(s)})
		case <-limited.Done():
		}
	}()
	return limited, func() { release(); cancel(nil) }
}

// endingOf returns what ended the context, if anything did.
func endingOf(ctx context.Context) Ending {
	var s stop
	errors.As(context.Cause(ctx), &s)
	return Ending(s)
}
