package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/nagios"
	"github.com/rawping/rawping/internal/resolve"
	"github.com/rawping/rawping/internal/wire"
)

const (
	// endMargin is how long before the deadline probing ends, so that the
	// process has ended by then.
	endMargin = 10 * time.Millisecond

	// parallelLookups keeps the files that lookups open within what a process
	// may have open.
	parallelLookups = 200
)

// run is the whole program. Whatever happens, it says so on one line.
func run(args []string, stdout io.Writer) (code int) {
	began := time.Now()
	debug.SetTraceback("none")             // for a panic on another goroutine, which nobody here can catch
	_ = os.Unsetenv("GO_FLAGS_COMPLETION") // with which go-flags would exit with 0, unchecked
	defer func() {
		if r := recover(); r != nil {
			_, _ = io.WriteString(stdout, failed(fmt.Errorf("internal error, please report it: %v", r)))
			code = int(nagios.UNKNOWN)
		}
	}()
	out, status := check(args, began)
	_, _ = io.WriteString(stdout, out) // nobody else could be told
	return int(status)
}

// check returns what to print and the status to exit with.
func check(args []string, began time.Time) (string, nagios.Status) {
	s, err := parse(args)
	var asked shown
	switch {
	case errors.As(err, &asked):
		return string(asked), nagios.UNKNOWN
	case err != nil:
		return failed(err), nagios.UNKNOWN
	}
	r := newReport(s)
	if err := r.probe(began); err != nil {
		return failed(err), nagios.UNKNOWN
	}
	r.settle()
	status := r.judge()
	return r.render(status), status
}

// newReport returns a report of which nothing is known yet but addresses that
// were typed as such.
func newReport(s *settings) *report {
	r := &report{settings: s}
	for _, name := range s.hosts {
		r.list = append(r.list, &host{name: name})
	}
	return r
}

// probe does all that is to be done out there: it opens the sockets, gives up
// the rights, looks up the names, and sends and receives until the last verdict.
func (r *report) probe(began time.Time) error {
	ctx, cancel := r.limited(began)
	defer cancel()
	network, err := icmpsock.System(icmpsock.Config{Broadcast: r.anySource})
	if err != nil {
		return err
	}
	engine, err := echo.New(echo.Config{
		Network:  network,
		Observe:  func(ev *echo.Event) { ev.Ref.(*host).observe(ev) },
		Rate:     packetRate,
		Ordinary: icmpsock.OrdinaryUser(),
		Notice:   func(err error) { r.notices = append(r.notices, err.Error()) },
	})
	if err != nil {
		return errors.Join(err, network.Close())
	}
	defer func() { _ = engine.Close() }() // what Run has not closed
	if err := r.open(engine); err != nil {
		return err
	}
	r.resolve(ctx, began)
	if !r.add(engine) {
		r.ending = endingOf(ctx)
		return nil
	}
	err = engine.Run(ctx)
	r.ending = endingOf(ctx)
	return err
}

// stop is the cause of a context that ended too soon.
type stop ending

func (stop) Error() string { return "stopped" }

// limited returns a context that ends shortly before the deadline, or when the
// scheduler loses patience.
func (r *report) limited(began time.Time) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(context.Background())
	deadline := began.Add(r.timeout - min(endMargin, r.timeout/10))
	limited, release := context.WithDeadlineCause(ctx, deadline, stop{deadline: true})
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
			cancel(stop{signal: name})
		case <-limited.Done():
		}
	}()
	return limited, func() { release(); cancel(nil) }
}

// endingOf returns what ended the context, if anything did.
func endingOf(ctx context.Context) ending {
	var s stop
	errors.As(context.Cause(ctx), &s)
	return ending(s)
}

// open opens every socket that the hosts can need, and gives up the right to
// open more. A family that this host does not have is no error yet: perhaps no
// name needs it.
func (r *report) open(engine *echo.Engine) error {
	for _, family := range r.families() {
		for lane := range echo.Lanes(len(r.list), r.packets) {
			err := engine.Open(icmpsock.Class{Family: family, Lane: lane})
			if errors.Is(err, os.ErrPermission) {
				return err
			}
		}
	}
	err := icmpsock.DropRights()
	if errors.Is(err, icmpsock.ErrRightsKept) {
		return nil // nothing that could be done here would help
	}
	return err
}

// families returns the families that the hosts can turn out to be of.
func (r *report) families() []wire.Family {
	var families []wire.Family
	for _, f := range []struct {
		family wire.Family
		only   resolve.Family
	}{{wire.V4, resolve.V4}, {wire.V6, resolve.V6}} {
		if slices.ContainsFunc(r.list, func(h *host) bool {
			addr, err := netip.ParseAddr(h.name)
			if err == nil {
				return wire.FamilyOf(addr) == f.family
			}
			return r.family == f.only || r.family == resolve.Either
		}) {
			families = append(families, f.family)
		}
	}
	return families
}

// resolve finds the addresses of all hosts. Names are looked up side by side,
// and not so long that no time would be left to probe the others.
func (r *report) resolve(ctx context.Context, began time.Time) {
	spare := r.timeout - r.span() - min(r.wait, leastWait)
	ctx, cancel := context.WithDeadline(ctx, began.Add(max(spare, r.timeout/2)))
	defer cancel()
	var lookups sync.WaitGroup
	room := make(chan struct{}, parallelLookups)
	for _, h := range r.list {
		if _, err := netip.ParseAddr(h.name); err == nil {
			h.resolve(ctx, r.family)
			continue
		}
		lookups.Go(func() {
			room <- struct{}{}
			h.resolve(ctx, r.family)
			<-room
		})
	}
	lookups.Wait()
}

// resolve finds the host's address.
func (h *host) resolve(ctx context.Context, family resolve.Family) {
	defer func() {
		if r := recover(); r != nil { // nobody else can catch it on this goroutine
			h.err = fmt.Errorf("internal error, please report it: %v", r)
		}
	}()
	var resolver resolve.Resolver
	h.addr, h.err = resolver.First(ctx, h.name, family)
	if failure := (*resolve.Error)(nil); errors.As(h.err, &failure) {
		h.err = failure.Err // the host's name stands before it in the output
	}
}

// add gives the engine the hosts that have an address, and reports whether
// there is one.
func (r *report) add(engine *echo.Engine) bool {
	some := false
	for _, h := range r.list {
		if h.err != nil {
			continue
		}
		_, h.err = engine.Add(echo.Target{
			Addr: h.addr, Count: r.packets, Interval: r.interval, Timeout: r.wait, Size: payloadSize, Ref: h,
			AnySource: r.anySource, AllowBroadcast: r.anySource, AcceptTruncated: r.acceptTruncated,
		})
		some = some || h.err == nil
	}
	return some
}
