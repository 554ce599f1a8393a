package testbed

import (
	"net/netip"
	"time"
)

// Tally counts what the responder saw and did.
type Tally struct {
	Requests  int // intact echo requests
	Lost      int // of these, without an answer of their own
	Replies   int // replies to them, duplicates and damaged ones included
	Errors    int // ICMP errors about them
	Forged    int // replies and errors that somebody else sent
	Replayed  int // old replies sent again
	Malformed int // echo requests with a bad checksum or length, never answered
}

func (t *Tally) add(o Tally) {
	t.Requests += o.Requests
	t.Lost += o.Lost
	t.Replies += o.Replies
	t.Errors += o.Errors
	t.Forged += o.Forged
	t.Replayed += o.Replayed
	t.Malformed += o.Malformed
}

// Entry is one request that the responder saw, and what it decided to do.
type Entry struct {
	At           time.Duration // since the bed came up
	Src, Dst     netip.Addr
	ID, Seq      uint16
	Payload      int // bytes
	Hops         uint8
	TrafficClass uint8
	Tally        // Requests is 1

	// Answered is when the first reply or error to it had left, since the bed came
	// up; 0: none has yet. It is later than At and the rule's delay together where the
	// machine gives the responder no time.
	Answered time.Duration
}

// logLen is how many of the last requests are logged one by one.
const logLen = 1 << 16

// Seen counts the requests to a prefix since the bed came up, and what was done
// about them, whatever the rules were.
func (b *Bed) Seen(prefix netip.Prefix) Tally {
	r := b.responder
	r.mu.Lock()
	defer r.mu.Unlock()
	var sum Tally
	for dst, t := range r.tallies {
		if prefix.Contains(dst) {
			sum.add(*t)
		}
	}
	return sum
}

// Entries returns the requests to a prefix, in the order in which they came, as far
// as they are among the last 65,536 of the bed.
func (b *Bed) Entries(prefix netip.Prefix) []Entry {
	r := b.responder
	r.mu.Lock()
	defer r.mu.Unlock()
	var entries []Entry
	for i := range r.log {
		e := r.log[(r.next+i)%len(r.log)]
		if prefix.Contains(e.Dst) {
			entries = append(entries, *e)
		}
	}
	return entries
}

// Forget empties the log and sets all counts to zero.
func (b *Bed) Forget() {
	r := b.responder
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.tallies)
	r.log, r.next = nil, 0
}

// Began is when the bed came up: the times of its entries count from there.
func (b *Bed) Began() time.Time { return b.responder.began }

// note logs a request. The caller has locked.
func (r *responder) note(e *Entry) {
	if len(r.log) < logLen {
		r.log = append(r.log, e)
	} else {
		r.log[r.next] = e
		r.next = (r.next + 1) % logLen
	}
	r.count(e.Dst, e.Tally)
}

// count adds to the counts of a destination. The caller has locked.
func (r *responder) count(dst netip.Addr, t Tally) {
	sum := r.tallies[dst]
	if sum == nil {
		sum = &Tally{}
		r.tallies[dst] = sum
	}
	sum.add(t)
}
