package echo

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rawping/rawping/internal/icmpsock"
)

// Config is what an engine needs.
type Config struct {
	Network icmpsock.Network // opens the connections; the engine closes it
	Observe func(*Event)     // takes every event, in order, on the engine's goroutine: it must not block

	Clock    Clock         // nil: the system's; it is read on any goroutine
	Rate     float64       // packets per second in all, at most; 0: no limit
	Coalesce time.Duration // how long work may be put off so that more is done at once; RTTs do not suffer where the kernel takes them
	Endless  bool          // Run goes on when no target has anything left to send
	Ordinary bool          // keep to what a user who is not root may do to others: 5,000 packets per second in all, 1 ms per target; loopback is free

	// Notice, if set, is told once each time a connection is lost or back, and
	// when a setting of the system makes sending wait. It is called like Observe.
	Notice func(error)

	// InterfaceIndex finds an interface by its name; nil: the system's.
	InterfaceIndex func(name string) (int, error)
}

// Engine sends echo requests to targets and says of every one what became of
// it. Its exported methods may be called from any goroutine, and from Observe.
type Engine struct {
	config Config
	lastID atomic.Uint64
	wake   chan struct{} // one value: there are commands

	lateness   atomic.Int64 // the greatest since TakeLateness
	interfaces interfaces

	mu       sync.Mutex
	commands []command // from other goroutines, for the engine's own
	counters Counters  // as published
	options  map[icmpsock.Options]*icmpsock.Options
	running  bool
	closed   bool

	loop
}

// errClosed is the error of an engine that cannot be used any more.
var errClosed = errors.New("the engine has ended")

// New returns an engine that has opened nothing yet. It owns config.Network:
// Run, or Close if Run is never called, closes it.
func New(config Config) (*Engine, error) {
	if config.Network == nil || config.Observe == nil {
		return nil, errors.New("an engine needs a network and an observer")
	}
	if !(config.Rate >= 0) { // NaN, too
		return nil, fmt.Errorf("rate %g: packets per second cannot be less than 0", config.Rate)
	}
	if config.Clock == nil {
		config.Clock = SystemClock()
	}
	if config.InterfaceIndex == nil {
		config.InterfaceIndex = func(name string) (int, error) {
			i, err := net.InterfaceByName(name)
			if op, ok := errors.AsType[*net.OpError](err); ok {
				err = op.Err // without "route ip+net:", which tells nobody anything
			}
			if err != nil {
				return 0, err
			}
			return i.Index, nil
		}
	}
	e := &Engine{
		config: config, wake: make(chan struct{}, 1), options: map[icmpsock.Options]*icmpsock.Options{},
		interfaces: interfaces{find: config.InterfaceIndex, clock: config.Clock, found: map[string]lookup{}},
	}
	e.loop.init(config)
	return e, nil
}

// Add takes a target in. Its first probe is due Target.Delay after that, or after
// Run has begun. An error names the field that is wrong.
func (e *Engine) Add(t Target) (TargetID, error) {
	s, err := e.prepare(t)
	if err != nil {
		return 0, err
	}
	s.id = TargetID(e.lastID.Add(1))
	s.first = randomSeq()
	return s.id, e.command(command{kind: addTarget, id: s.id, subject: s})
}

// randomSeq returns where a target's sequence numbers begin: a forger must guess
// it along with the identifier.
func randomSeq() uint16 {
	var b [2]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.BigEndian.Uint16(b[:])
}

// Change gives a target other settings. Probes in flight keep those they were
// sent with; if the address is another one, they are abandoned. Numbers go on.
// A target that was removed is left alone.
func (e *Engine) Change(id TargetID, t Target) error {
	s, err := e.prepare(t)
	if err != nil {
		return err
	}
	return e.command(command{kind: changeTarget, id: id, subject: s})
}

// Remove takes a target out. Its probes in flight are abandoned.
func (e *Engine) Remove(id TargetID) {
	_ = e.command(command{kind: removeTarget, id: id}) // an engine that has ended has no targets
}

// Close releases the network of an engine that was never run. While Run is
// running, end its context instead.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running || e.closed {
		return nil
	}
	e.closed = true
	return e.config.Network.Close()
}

// Counters returns the counts as they were when the engine last paused, and at
// least with all that Observe has been told.
func (e *Engine) Counters() Counters {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.counters
}

// TakeLateness returns the greatest time by which a send was late since the last
// call: what Counters has as LatenessMax since the engine began.
func (e *Engine) TakeLateness() time.Duration { return time.Duration(e.lateness.Swap(0)) }

// command is what another goroutine asks of the engine's.
type command struct {
	kind    commandKind
	id      TargetID
	subject *subject
}

type commandKind uint8

const (
	addTarget commandKind = iota
	changeTarget
	removeTarget
)

func (e *Engine) command(c command) error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return errClosed
	}
	if c.kind == addTarget && e.running {
		c.subject.due, _ = e.config.Clock() // and Delay: see addSubject
	}
	if len(e.commands) == cap(e.commands) {
		e.commands = slices.Grow(e.commands, len(e.commands)+1) // twice as long: many come at once, and append would copy them often
	}
	e.commands = append(e.commands, c)
	e.mu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default: // it has been told already
	}
	return nil
}

// takeCommands returns what has been asked since the last call.
func (e *Engine) takeCommands(spare []command) []command {
	e.mu.Lock()
	defer e.mu.Unlock()
	taken := e.commands
	e.commands = spare[:0]
	return taken
}

// Counters are what an engine has counted since it began.
type Counters struct {
	Targets int    // targets at the moment
	Sent    uint64 // falls by what proves not to have left
	Replies, Lost, Refused,
	Abandoned uint64 // Sent is these four and InFlight
	InFlight                 int
	NotSent, Missed          uint64 // never left; slots that passed by
	Late, LateRefusals       uint64
	Duplicates, OutOfOrder   uint64
	Corrupt, WrongSource     uint64
	Foreign                  uint64 // messages that answer nothing of ours
	Suspect                  uint64 // verdicts given while our own socket dropped packets
	Drops                    uint64 // messages that our own sockets dropped
	SocketsLost, Reopened    uint64
	ClockSteps               uint64        // steps of the wall clock
	LatenessMax, LatenessSum time.Duration // of sends behind the time at which they were due and the rate let them go; the sum is over Sent
}
