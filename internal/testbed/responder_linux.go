package testbed

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// responder answers what comes by the TUN device. One goroutine reads, decides,
// and writes; whoever sets rules and asks for counts shares only what mu guards.
type responder struct {
	device *os.File
	router Pair
	began  time.Time
	ending atomic.Bool // what fails from now on is the end
	done   chan struct{}

	// The goroutine's alone.
	queue   queue
	pieces  reassembly
	history history
	serial  uint16
	failure error // the first packet that could not be written, or what ended the goroutine

	mu      sync.Mutex
	rules   []*rule
	tallies map[netip.Addr]*Tally
	log     []*Entry // a ring, once it is full
	next    int      // its oldest entry
}

// newResponder starts a responder.
func newResponder(device *os.File, a Addresses) *responder {
	r := &responder{
		device:  device,
		router:  a.RouterAddr,
		began:   time.Now(),
		done:    make(chan struct{}),
		tallies: make(map[netip.Addr]*Tally),
	}
	go func() {
		defer close(r.done)
		r.fail(r.run())
	}()
	return r
}

// close ends the goroutine and removes the device.
func (r *responder) close() error {
	r.ending.Store(true)
	err := r.device.Close()
	<-r.done
	if err = errors.Join(r.failure, err); err != nil {
		return fmt.Errorf("responder: %w", err)
	}
	return nil
}

// run reads and answers until the device is closed.
func (r *responder) run() error {
	buffer := make([]byte, 1<<16)
	for {
		for p := r.queue.due(time.Since(r.began)); p != nil; p = r.queue.due(time.Since(r.began)) {
			r.write(p.data)
			r.answered(p.entry)
		}
		var next time.Time // none
		if len(r.queue.packets) > 0 {
			next = r.began.Add(r.queue.packets[0].at)
		}
		if err := r.device.SetReadDeadline(next); err != nil {
			return err
		}
		n, err := r.device.Read(buffer)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		if err != nil {
			return err
		}
		if whole := r.pieces.add(slices.Clone(buffer[:n]), time.Since(r.began)); whole != nil {
			r.take(whole)
		}
	}
}

// fail remembers the first error.
func (r *responder) fail(err error) {
	if r.failure == nil && !r.ending.Load() {
		r.failure = err
	}
}

// write sends a packet, in pieces if it is one that no router cuts. A device
// that a test has taken down is no failure.
func (r *responder) write(packet []byte) {
	for _, piece := range cut(packet, r.number()) {
		if _, err := r.device.Write(piece); err != nil && !errors.Is(err, syscall.EIO) {
			r.fail(err)
		}
	}
}

// answered notes that an answer to a request has left.
func (r *responder) answered(e *Entry) {
	if e == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.Answered == 0 {
		e.Answered = time.Since(r.began)
	}
}

// take answers a packet, if it is an echo request.
func (r *responder) take(packet []byte) {
	q, is, intact := parseRequest(packet)
	if !is {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !intact {
		r.count(q.dst, Tally{Malformed: 1})
		return
	}
	now := time.Since(r.began)
	f, h := r.rule(q.dst)
	e := &Entry{
		At: now, Src: q.src, Dst: q.dst, ID: q.id, Seq: q.seq, Payload: len(q.payload()),
		Hops: q.hops, TrafficClass: q.class, Tally: r.strangers(&q, f, h, now),
	}
	e.Requests = 1
	if f.loses(h) {
		e.Lost = 1
	} else {
		r.answer(&q, f, h, now+f.delay(h), e)
	}
	r.note(e)
}

// strangers sends what the host that was asked did not send.
func (r *responder) strangers(q *request, f *Fault, h *host, now time.Duration) Tally {
	t := Tally{Forged: f.Forge + f.ForgeErrors}
	for _, old := range r.history.last(q.dst, f.Replay) {
		r.queue.put(now, old, nil)
		t.Replayed++
	}
	for range f.Forge {
		r.queue.put(now, forged(q, f, h.rng, r.number()), nil)
	}
	e := ICMPError{Type: 3, Code: 1} // host unreachable
	if q.v6 {
		e = ICMPError{Type: 1, Code: 3} // address unreachable
	}
	if f.ICMPError != nil {
		e = *f.ICMPError
	}
	for turn := range f.ForgeErrors {
		r.queue.put(now, refuse(neverSent(q, turn), e, r.router, r.number()), nil)
	}
	return t
}

// answer sends what the host that was asked sends, or a router on the way.
func (r *responder) answer(q *request, f *Fault, h *host, at time.Duration, e *Entry) {
	if f.ICMPError != nil {
		r.queue.put(at, refuse(q, *f.ICMPError, r.router, r.number()), e)
		e.Errors++
		if !f.EchoToo {
			return
		}
	}
	data := reply(q, f, r.number())
	if f.intact() {
		r.history.add(q.dst, data)
	}
	e.Replies++
	var overtaken *packet
	if f.holds(h) {
		h.held, overtaken = r.queue.put(at+f.hold(), data, e), h.held
	} else {
		r.queue.put(at, data, e)
		if h != nil {
			h.held, overtaken = nil, h.held
		}
	}
	for i := range f.Duplicate {
		r.queue.put(at+time.Duration(i+1)*f.DuplicateAfter, reply(q, f, r.number()), e)
		e.Replies++
	}
	if f.TwoDifferent {
		r.queue.put(at, second(q, f, r.number()), e)
		e.Replies++
	}
	if overtaken != nil && overtaken.index >= 0 && overtaken.at > at {
		r.queue.move(overtaken, at)
	}
}

// number returns the next IPv4 identification, by which fragments find together.
func (r *responder) number() uint16 {
	r.serial++
	return r.serial
}
