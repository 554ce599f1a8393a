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

// stop is the cause of a context that ended too soon.
type stop Ending

func (stop) Error() string { return "stopped" }

// limited returns a context that ends shortly before the deadline, or when the
// scheduler loses patience.
func limited(timeout time.Duration, began time.Time) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(context.Background())
	deadline := began.Add(timeout - min(endMargin, timeout/10))
	limited, release := context.WithDeadlineCause(ctx, deadline, stop{Deadline: true})
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT)
	go func() {
		select {
		case s := <-signals:
			name := "SIGINT"
			switch s {
			case syscall.SIGTERM:
				name = "SIGTERM"
			case syscall.SIGQUIT:
				name = "SIGQUIT"
			}
			cancel(stop{Signal: name})
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
