// Package steady runs tests that cannot be right on a machine that stands still: their
// peers answer in time, their programs end before the deadline that they set. Where it
// does stand still, for nobody ran while other processes did or the host of a virtual
// machine took its processors away, what such a test says is about the machine.
//
// A test that fails on a machine that ran is a failure, and so is one that never passes.
package steady

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	// standstill is how late a goroutine that sleeps must have been for a test's failure
	// to be doubted. The tests have ten times as much to spare, but on a machine that
	// stood still for so long once, other processes than this one may have waited longer.
	standstill = 100 * time.Millisecond

	// attempts bounds how often a test is run.
	attempts = 10
)

// Run runs a test. If it fails, and the machine stood still meanwhile, it is run again,
// up to 10 times in all, and the log says so. The test may call what it is given from
// any goroutine, but for what ends a test; what it leaves to Cleanup is done when the
// attempt ends. It must not skip after it has failed.
func Run(t testing.TB, test func(testing.TB)) {
	t.Helper()
	run(t, test, watch)
}

// run is Run with another watch: one that begins to watch, and whose function ends that
// and returns the longest standstill.
func run(t testing.TB, test func(testing.TB), watch func() func() time.Duration) {
	t.Helper()
	for n := 1; ; n++ {
		stood := watch()
		a := newAttempt(t)
		a.run(test)
		longest := stood()
		for _, line := range a.said {
			t.Log(line)
		}
		switch {
		case a.Failed() && (longest < standstill || n == attempts):
			t.FailNow()
		case a.Failed():
			t.Logf("attempt %d failed, but the machine stood still for %v meanwhile: once more", n, longest)
		case a.Skipped():
			t.SkipNow()
		default:
			return
		}
	}
}

// watch sleeps time and again; what it oversleeps, the machine stood still.
func watch() (stop func() time.Duration) {
	const nap = 5 * time.Millisecond
	ended, longest := make(chan struct{}), make(chan time.Duration)
	go func() {
		var worst time.Duration
		for {
			begun := time.Now()
			select {
			case <-ended:
				longest <- worst
				return
			case <-time.After(nap):
				worst = max(worst, time.Since(begun)-nap)
			}
		}
	}()
	return func() time.Duration {
		close(ended)
		return <-longest
	}
}

// attempt is what one run of a test is given. It keeps what the test says.
type attempt struct {
	testing.TB
	context context.Context

	mu       sync.Mutex
	failed   bool
	skipped  bool
	said     []string
	cleanups []func()
	helpers  map[string]bool // functions that Helper was called by
}

func newAttempt(t testing.TB) *attempt { return &attempt{TB: t, helpers: map[string]bool{}} }

// run runs the test to its end, and what it left to be done then.
func (a *attempt) run(test func(testing.TB)) {
	var cancel context.CancelFunc
	a.context, cancel = context.WithCancel(a.TB.Context())
	a.apart(func() { test(a) })
	cancel()
	for {
		a.mu.Lock()
		n := len(a.cleanups)
		if n == 0 {
			a.mu.Unlock()
			return
		}
		last := a.cleanups[n-1]
		a.cleanups = a.cleanups[:n-1]
		a.mu.Unlock()
		a.apart(last)
	}
}

// apart calls f on a goroutine of its own, which FailNow and SkipNow end.
func (a *attempt) apart(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

// say keeps what was said, and where.
func (a *attempt) say(text string, failed bool) {
	callers := make([]uintptr, 50)
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers)])
	a.mu.Lock()
	defer a.mu.Unlock()
	frame, more := frames.Next()
	for more && a.helpers[frame.Function] {
		frame, more = frames.Next()
	}
	a.said = append(a.said, fmt.Sprintf("%s:%d: %s", filepath.Base(frame.File), frame.Line, strings.TrimSuffix(text, "\n")))
	a.failed = a.failed || failed
}

// Helper marks the calling function as one whose lines are not told.
func (a *attempt) Helper() {
	if pc, _, _, ok := runtime.Caller(1); ok {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.helpers[runtime.FuncForPC(pc).Name()] = true
	}
}

// Context is canceled before the attempt's cleanups.
func (a *attempt) Context() context.Context { return a.context }

func (a *attempt) Cleanup(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cleanups = append(a.cleanups, f)
}

func (a *attempt) Log(args ...any)                 { a.say(fmt.Sprintln(args...), false) }
func (a *attempt) Logf(format string, args ...any) { a.say(fmt.Sprintf(format, args...), false) }

func (a *attempt) Error(args ...any)                 { a.say(fmt.Sprintln(args...), true) }
func (a *attempt) Errorf(format string, args ...any) { a.say(fmt.Sprintf(format, args...), true) }

func (a *attempt) Fatal(args ...any) {
	a.say(fmt.Sprintln(args...), true)
	runtime.Goexit()
}

func (a *attempt) Fatalf(format string, args ...any) {
	a.say(fmt.Sprintf(format, args...), true)
	runtime.Goexit()
}

func (a *attempt) Fail() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failed = true
}

func (a *attempt) FailNow() {
	a.Fail()
	runtime.Goexit()
}

func (a *attempt) Failed() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.failed
}

func (a *attempt) Skip(args ...any) {
	a.say(fmt.Sprintln(args...), false)
	a.SkipNow()
}

func (a *attempt) Skipf(format string, args ...any) {
	a.say(fmt.Sprintf(format, args...), false)
	a.SkipNow()
}

func (a *attempt) SkipNow() {
	a.mu.Lock()
	a.skipped = true
	a.mu.Unlock()
	runtime.Goexit()
}

func (a *attempt) Skipped() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.skipped
}
