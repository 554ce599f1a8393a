package main

import (
	"fmt"
	"time"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/testbed"
)

// numbers checks that every probe of a target gets exactly one verdict, in the
// memory that those in flight need.
type numbers struct {
	next  uint64              // the lowest without a verdict
	ahead map[uint64]struct{} // higher ones that have theirs
}

// decide notes a verdict, and reports whether it is the first.
func (n *numbers) decide(number uint64) bool {
	if n.decided(number) {
		return false
	}
	n.ahead[number] = struct{}{}
	for {
		if _, ok := n.ahead[n.next]; !ok {
			return true
		}
		delete(n.ahead, n.next)
		n.next++
	}
}

func (n *numbers) decided(number uint64) bool {
	_, ok := n.ahead[number]
	return ok || number < n.next
}

// memory is how many of the last verdicts of a slot are kept for the log: more
// than come before it is read, at 50 probes a second.
const memory = 1024

// cell is a verdict that waits to be held against the log.
type cell struct {
	kind     echo.Kind // 0: none
	seq      uint16
	excused  bool
	unwanted bool          // the log must say why it was lost
	sent     time.Duration // when the packet left, since the bed came up
	until    time.Duration // what was in time had come by then at least
	seen     bool          // the log has its request
}

// wayBack is how long an answer may take from the responder to the client, at most: it
// is a few microseconds, if the kernel has the time.
const wayBack = 100 * time.Millisecond

// unanswered says of a request that was lost, and that the responder did not lose, that
// its answer left too late: the responder has the same busy machine.
func (c *cell) unanswered(e *testbed.Entry) bool {
	return e.Lost == 0 && (e.Answered == 0 || e.Answered+wayBack > c.until)
}

// slot is a place for a target: there may be one, then none, then another.
type slot struct {
	host
	life  *life // nil: none
	ended time.Time
	cells [memory]cell

	count   [32]uint64 // events by kind
	excused uint64     // verdicts not held against it
}

// life is a target from when it was added until it is removed. The engine brings
// it back with every event.
type life struct {
	slot   *slot
	id     echo.TargetID
	target echo.Target
	numbers
}

// note keeps a verdict for the log, and returns the one that makes room.
func (s *slot) note(c cell) (old cell) {
	at := &s.cells[int(c.seq)%memory]
	old, *at = *at, c
	return old
}

// unseen says whether a verdict tells of a request that the responder never saw.
func (s *slot) unseen(c cell) bool {
	return s.want.logged && !c.seen && !c.excused &&
		(c.kind == echo.Reply || c.kind == echo.Lost || c.kind == echo.Refused && !s.want.narrow)
}

func (s *slot) String() string { return fmt.Sprintf("%v (%s)", s.addr, s.group) }
