package echo

import (
	"slices"
	"time"

	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/wire"
)

const (
	// batch is how many packets go to the kernel in one call, where it stamps
	// their departure. More gain nothing and cost context switches.
	batch = 64

	// replyCost is what the kernel charges a receive buffer for a reply without
	// payload, and again for a transmit stamp. A payload's memory is rounded up,
	// to twice its size at most.
	replyCost = 832

	// blockedFirst and blockedMost bound the pause while the send buffer is full.
	blockedFirst = time.Millisecond
	blockedMost  = 50 * time.Millisecond

	// blockedLimit is how long the send buffer may be full, or a target's packet be
	// refused for lack of room elsewhere, before that is the verdict. A dead
	// neighbour holds its packets for 3 s.
	blockedLimit = 4 * time.Second

	// starvedPause is the time to the next try for one target's packet.
	starvedPause = 50 * time.Millisecond

	reopenFirst = 100 * time.Millisecond
	reopenMost  = 30 * time.Second
)

// link is a connection, what is in flight on it and what waits for it.
type link struct {
	class icmpsock.Class
	conn  icmpsock.Conn // nil: lost, or not opened yet
	facts icmpsock.Facts

	index    int32                 // among the engine's links
	requests map[int]*wire.Request // by payload size
	load     int                   // bytes of the receive buffer that all that is outstanding can fill
	queue    queue                 // subjects that wait for room
	toldFull bool                  // that the receive buffer is the limit has been said

	outs  []icmpsock.Out // packets that are made but not sent yet; none while the engine sleeps
	slots []int32        // theirs
	bytes []byte         // what they point into

	fullSince    Instant // since when the send buffer takes nothing; 0: it does
	fullAt       Instant // when it was last found full
	blockedUntil Instant
	blockedWait  time.Duration

	reopenAt   Instant
	reopenWait time.Duration
	lostBy     error // why conn is nil

	drops uint32  // conn.Drops as last read
	read  Instant // everything that arrived before this has been read
}

// opened takes a new connection into use.
func (l *link) opened(c icmpsock.Conn) {
	l.conn, l.facts = c, c.Facts()
	l.requests = map[int]*wire.Request{}
	l.drops, l.reopenWait, l.lostBy = 0, 0, nil
	l.accepted()
}

// request returns the request for payloads of a size.
func (l *link) request(size int) (*wire.Request, error) {
	if r := l.requests[size]; r != nil {
		return r, nil
	}
	r, err := wire.NewRequest(l.class.Family, l.facts.ID, size)
	if err == nil {
		l.requests[size] = r
	}
	return r, err
}

// cost is what a probe with a payload of size bytes can fill of the receive buffer.
func (l *link) cost(size int) int {
	cost := replyCost + 2*size
	if l.facts.SendStamps {
		cost += replyCost
	}
	if l.facts.StampQuotes {
		cost += 2 * size // the stamp brings the packet back
	}
	return cost
}

// fits reports whether the receive buffer can take the reply to another probe.
func (l *link) fits(size int) bool {
	return l.load == 0 || l.load+l.cost(size) <= l.facts.RecvBuffer
}

// room reports whether another packet may be made now.
func (l *link) room(size int) bool {
	return l.conn != nil && len(l.outs) < l.batch() && l.fits(size)
}

// batch is how many packets go out between two readings of the clock: one, if
// nothing but those readings tells when a packet left.
func (l *link) batch() int {
	if l.facts.SendStamps {
		return batch
	}
	return 1
}

// buffer returns room for a message of n bytes among the pending packets.
func (l *link) buffer(n int) []byte {
	from := len(l.bytes)
	if from+n > cap(l.bytes) {
		// The packets made before keep the old array.
		l.bytes = make([]byte, 0, max(n*l.batch(), 2*cap(l.bytes)))
		from = 0
	}
	l.bytes = l.bytes[:from+n]
	return l.bytes[from:]
}

// shift drops the first n pending packets.
func (l *link) shift(n int) {
	l.outs = l.outs[:copy(l.outs, l.outs[n:])]
	l.slots = l.slots[:copy(l.slots, l.slots[n:])]
	if len(l.outs) == 0 {
		l.bytes = l.bytes[:0]
	}
}

// cut drops the pending packet of a slot.
func (l *link) cut(slot int32) {
	k := slices.Index(l.slots, slot)
	l.outs = append(l.outs[:k], l.outs[k+1:]...)
	l.slots = append(l.slots[:k], l.slots[k+1:]...)
	if len(l.outs) == 0 {
		l.bytes = l.bytes[:0]
	}
}

// full has sending wait, because the send buffer is full: nobody loses his place.
// It reports false if that has gone on for too long.
func (l *link) full(now Instant) bool {
	if l.fullSince == 0 || now.Sub(l.fullAt) >= blockedLimit {
		l.fullSince = now
	}
	l.fullAt = now
	if now.Sub(l.fullSince) >= blockedLimit {
		return false
	}
	l.blockedWait = min(max(blockedFirst, 2*l.blockedWait), blockedMost)
	l.blockedUntil = now.Add(l.blockedWait)
	return true
}

// accepted notes that the kernel took a packet, or had another reason not to.
func (l *link) accepted() { l.fullSince, l.blockedUntil, l.blockedWait = 0, 0, 0 }

// queue is a first-in first-out of subjects, by index and ticket.
type queue struct {
	turns []turn
	head  int
}

func (q *queue) empty() bool { return q.head == len(q.turns) }

func (q *queue) push(t turn) {
	if q.head > 0 && q.head == len(q.turns) {
		q.turns, q.head = q.turns[:0], 0
	}
	if q.head > 1024 && q.head > len(q.turns)/2 {
		q.turns, q.head = q.turns[:copy(q.turns, q.turns[q.head:])], 0
	}
	q.turns = append(q.turns, t)
}

// pushFront adds a turn that comes before all others.
func (q *queue) pushFront(t turn) {
	if q.head == 0 {
		q.turns = append(make([]turn, batch, batch+len(q.turns)), q.turns...)
		q.head = batch
	}
	q.head--
	q.turns[q.head] = t
}

func (q *queue) first() turn { return q.turns[q.head] }

func (q *queue) pop() turn {
	t := q.turns[q.head]
	q.head++
	return t
}
