package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/wire"
)

// session is one run of the program.
type session struct {
	set      settings
	entries  []entry
	stdout   io.Writer
	complain complainer
	signals  chan os.Signal
	open     func() (icmpsock.Network, error)
	drop     func() error // gives up rights
	lookup   lookup

	engine *echo.Engine
	print  printer
	out    *output // nil: quiet, nothing to print before the end

	mu    sync.Mutex // guards the hosts' counts: SIGQUIT is told from another goroutine
	hosts []host
}

func newSession(set settings, entries []entry, stdout io.Writer, complain complainer, signals chan os.Signal) *session {
	return &session{
		set: set, entries: entries, stdout: stdout, complain: complain, signals: signals,
		open:   func() (icmpsock.Network, error) { return icmpsock.System(icmpsock.Config{Broadcast: set.anySource}) },
		drop:   icmpsock.DropRights,
		lookup: systemLookup,
		print:  printer{several: len(entries) > 1, timeout: set.timeout},
	}
}

// run probes and prints, and returns the exit code.
func (s *session) run() int {
	// Nearly all that is allocated lives to the end, so collecting it early finds
	// nothing: with 60,000 hosts this saves a twentieth of the CPU time.
	debug.SetGCPercent(400)

	network, err := s.open()
	if err != nil {
		return s.complain.error(err)
	}
	s.engine, err = echo.New(echo.Config{
		Network: network, Observe: s.observe, Notice: func(err error) { s.complain.say(err.Error()) },
		Rate: s.set.rate, Ordinary: s.set.ordinary,
	})
	if err != nil {
		return s.complain.error(errors.Join(err, network.Close()))
	}
	defer s.engine.Close() //nolint:errcheck // Run has closed it, or nothing was sent
	if err := s.takeRights(); err != nil {
		return s.complain.error(err)
	}
	unknown, err := s.takeHosts()
	if err != nil {
		return s.complain.error(err)
	}
	if len(s.hosts) == 0 {
		return exitError // each has been named
	}
	if s.set.size < wire.TokenLen {
		s.complain.say(fmt.Sprintf("size %d: leaves no room for a token of %d bytes: replies are known by address, identifier and number alone",
			s.set.size, wire.TokenLen))
	}
	if err := s.probe(); err != nil {
		return s.complain.error(err)
	}
	return s.exitCode(unknown)
}

// takeRights opens the sockets that the hosts can need and then gives up the
// rights to open more, before names are looked up and packets are read.
func (s *session) takeRights() error {
	for _, class := range s.classes() {
		err := s.engine.Open(class.Class)
		if err != nil && (class.needed || errors.Is(err, os.ErrPermission)) {
			return err
		}
	}
	if err := s.drop(); err != nil && !errors.Is(err, icmpsock.ErrRightsKept) {
		return err
	}
	return nil
}

// class is a class of sockets. It is needed if a host is known to use it; what
// a name turns out to need is not known yet.
type class struct {
	icmpsock.Class
	needed bool
}

// classes returns the classes that the hosts can need.
func (s *session) classes() []class {
	named, known := false, map[wire.Family]bool{}
	for i := range s.entries {
		e := &s.entries[i]
		if e.addr.IsValid() {
			known[wire.FamilyOf(e.addr)] = true
		} else {
			named = true
		}
	}
	var all []class
	for _, family := range []wire.Family{wire.V4, wire.V6} {
		if !known[family] && (!named || s.set.family != 0 && s.set.family != family) {
			continue
		}
		for lane := range echo.Lanes(len(s.entries), s.set.count) {
			all = append(all, class{
				Class:  icmpsock.Class{Family: family, DontFragment: s.set.whole, Lane: lane},
				needed: known[family] || s.set.family == family,
			})
		}
	}
	return all
}

// takeHosts looks up the names and gives the hosts to the engine. It returns
// how many names have no address; they have been named.
func (s *session) takeHosts() (unknown int, err error) {
	unknown = s.lookUp()
	s.hosts = make([]host, len(s.entries))
	for i := range s.entries {
		e := &s.entries[i]
		h := &s.hosts[i]
		h.name, h.addr, h.literal = e.name, e.addr, e.literal
		h.window.MaxRTTs = 1 // no percentiles here, so no memory for all RTTs
		if _, err := s.engine.Add(s.target(h)); err != nil {
			return 0, e.place.wrap(fmt.Errorf("host %s: %w", e.name, err))
		}
	}
	s.entries = nil
	return unknown, nil
}

// target returns what the engine has to know of a host.
func (s *session) target(h *host) echo.Target {
	t := echo.Target{
		Addr: h.addr, Count: s.set.count, Interval: s.set.interval, Timeout: s.set.timeout,
		Size: s.set.size, Hops: s.set.ttl, Source: s.set.source, Interface: s.set.device,
		DontFragment: s.set.whole, AnySource: s.set.anySource, AllowBroadcast: s.set.anySource,
		AcceptTruncated: s.set.truncated, Ref: h,
	}
	if h.addr.Is6() && (h.addr.IsLinkLocalUnicast() || h.addr.IsLinkLocalMulticast()) && h.addr.Zone() == "" {
		t.Addr = h.addr.WithZone(s.set.device) // as ping has it: -I eth0 fe80::1
	}
	if s.print.several && s.set.count != 1 {
		t.Delay = echo.Spread
	}
	return t
}

// probe prints the headers, runs the engine and prints the summary. The error
// is the engine's, or that of standard output.
func (s *session) probe() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if s.lines() || !s.list() {
		s.out = newOutput(s.stdout, cancel)
		for i := range s.hosts {
			if b, ok := s.out.begin(); ok {
				s.out.end(appendHeader(b, &s.hosts[i], &s.set))
			}
		}
	}
	quiet := s.heed(cancel)
	err := s.engine.Run(ctx)
	quiet()
	if s.out != nil {
		if err := s.out.close(); err != nil {
			return outputError(err)
		}
	}
	err = errors.Join(err, outputError(s.summarize()))
	if said := lateness(s.engine.Counters()); said != "" && s.set.rate > 0 { // without a rate, all is due at once
		s.complain.say(said)
	}
	return err
}

// notableLateness is how late sending must have been to be worth a word.
const notableLateness = time.Second

// lateness says how late packets were sent, if that is worth a word: what a host
// does that cannot keep up, and no fault of the network's.
func lateness(c echo.Counters) string {
	if c.LatenessMax < notableLateness || c.Sent == 0 {
		return ""
	}
	mean := time.Duration(float64(c.LatenessSum) / float64(c.Sent))
	return fmt.Sprintf("packets left late, by %s ms on average and %s ms at most%s",
		appendShort(nil, mean), appendShort(nil, c.LatenessMax), whyMissed)
}

// outputError explains a failure of standard output.
func outputError(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, syscall.EPIPE) {
		return errors.New("standard output: nobody reads it any more")
	}
	return fmt.Errorf("standard output: %w", cause(err))
}

// lines reports whether every event gets a line.
func (s *session) lines() bool { return !s.set.quiet }

// list reports whether the summary is one line per host.
func (s *session) list() bool {
	return s.set.quiet && (s.print.several || len(s.set.files) > 0)
}

// observe takes an event, on the engine's goroutine.
func (s *session) observe(ev *echo.Event) {
	h := ev.Ref.(*host)
	s.mu.Lock()
	h.take(ev)
	s.mu.Unlock()
	if s.lines() {
		if b, ok := s.out.begin(); ok {
			s.out.end(s.print.appendEvent(b, h, ev))
		}
	}
}

// summarize prints the summary of every host, in the order they were named.
func (s *session) summarize() error {
	w := bufio.NewWriterSize(s.stdout, 64<<10)
	width := 0
	for i := range s.hosts {
		width = max(width, len(s.hosts[i].name))
	}
	for i := range s.hosts {
		b := w.AvailableBuffer()
		if s.list() {
			b = appendLine(b, &s.hosts[i], width)
		} else {
			b = appendSummary(b, &s.hosts[i])
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return w.Flush()
}

// exitCode says how it went.
func (s *session) exitCode(unknown int) int {
	if unknown > 0 {
		return exitError
	}
	for i := range s.hosts {
		if !s.hosts[i].answered() {
			return exitUnanswered
		}
	}
	return exitAnswered
}
