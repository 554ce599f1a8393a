package echo

import "time"

// remembrance is how long a judged probe stays in the table, so that its late
// and duplicate replies are told apart from strangers. A dead neighbour's error
// comes after 3.1 s.
const remembrance = 10 * time.Second

const (
	// spareSlots is how many slots an empty table may keep.
	spareSlots = 4096

	// chunkLen is how many slots the table grows by, so that nothing is copied.
	chunkLen = 256
)

// none is the absence of a slot, a target or a link.
const none int32 = -1

// state is where a probe is in its life.
type state uint8

const (
	free      state = iota
	entered         // in the table, not yet written to the socket
	inFlight        // written, no verdict yet
	answered        // verdict Reply
	lost            // verdict Lost
	refused         // verdict Refused
	abandoned       // verdict Abandoned
	unsent          // verdict NotSent, although it had been written
)

// probe is one echo request: an entry of the in-flight table. Its index, the
// slot, is in the packet, so that a reply finds it without a search.
type probe struct {
	target     int32 // index of the target; none when that has been removed
	link       int32 // index of the connection it went by
	prev, next int32 // neighbours in the one list it is in
	generation uint32
	drops      uint32 // the connection's drop count at the send
	cost       int32  // what it counts for in its link's load
	size       int32  // bytes of its payload
	seq        uint16
	state      state
	late       bool // a late reply has been seen
	left       bool // its departure stamp has been seen, even if it fits nowhere
	number     uint64
	timeout    time.Duration
	before     Instant // read before the send
	stamp      Instant // the kernel's departure time; 0: none yet
	until      Instant // in flight: the deadline; judged: when the slot is free again
}

// departed returns the time that RTTs count from.
func (p *probe) departed() Instant {
	if p.stamp != 0 {
		return p.stamp
	}
	return p.before
}

// list is a chain of probes through their prev and next, oldest first.
type list struct{ head, tail int32 }

func newList() list { return list{none, none} }

// table is the in-flight table: every probe from before it is written until it
// may be forgotten. It has no clock; all times are parameters.
type table struct {
	chunks     []*[chunkLen]probe // slot i is chunks[i/chunkLen][i%chunkLen]
	slots      int32              // that have been used
	unused     int32              // chain of free slots through next
	used       int                // slots that are not free
	generation uint32             // the last that was given out
	judged     list               // what has its verdict, in order of until

	// flying holds what is in flight, a list per distinct timeout: within one,
	// deadlines only grow, so that the first is always the next to expire.
	flying []flight
}

// flight is what is in flight with the same timeout.
type flight struct {
	timeout time.Duration
	list
}

func newTable() *table { return &table{unused: none, judged: newList()} }

// at returns the probe in a slot, which there must be.
func (t *table) at(slot int32) *probe {
	return &t.chunks[uint32(slot)/chunkLen][uint32(slot)%chunkLen]
}

// has reports whether there is a slot, which may be free.
func (t *table) has(slot int32) bool { return uint32(slot) < uint32(t.slots) }

// grow returns a slot that has not been used yet.
func (t *table) grow() int32 {
	i := t.slots
	if i%chunkLen == 0 {
		t.chunks = append(t.chunks, new([chunkLen]probe))
	}
	t.slots++
	t.at(i).next = none
	return i
}

// enter takes a free slot for a probe and returns it. Its generation differs
// from those of the probes before it, in this slot and in all others.
func (t *table) enter() int32 {
	i := t.unused
	if i == none {
		i = t.grow()
	}
	p := t.at(i)
	t.unused = p.next
	t.used++
	t.generation++
	*p = probe{generation: t.generation, state: entered, target: none, prev: none, next: none}
	return i
}

// fly puts an entered probe in flight, that left between before and after.
func (t *table) fly(i int32, before, after Instant, timeout time.Duration) {
	p := t.at(i)
	p.state, p.before, p.timeout, p.until = inFlight, before, timeout, after.Add(timeout)
	t.push(t.flightOf(timeout), i)
}

// flightOf returns the list for a timeout.
func (t *table) flightOf(timeout time.Duration) *list {
	vacant := -1
	for k := range t.flying {
		f := &t.flying[k]
		if f.timeout == timeout {
			return &f.list
		}
		if f.head == none {
			vacant = k
		}
	}
	if vacant < 0 {
		t.flying = append(t.flying, flight{})
		vacant = len(t.flying) - 1
	}
	t.flying[vacant] = flight{timeout, newList()}
	return &t.flying[vacant].list
}

// judge ends a probe's flight with a verdict and keeps it in memory for a while.
func (t *table) judge(i int32, verdict state, now Instant) {
	p := t.at(i)
	t.unlink(t.flightOf(p.timeout), i)
	p.state, p.until = verdict, now.Add(remembrance)
	t.push(&t.judged, i)
}

// expired returns the probe whose deadline passed first, if that was before now.
func (t *table) expired(now Instant) (int32, bool) {
	first, ok := t.firstDeadline()
	if !ok || t.at(first).until >= now {
		return none, false
	}
	return first, true
}

// firstDeadline returns the probe in flight with the earliest deadline.
func (t *table) firstDeadline() (int32, bool) {
	first := none
	for k := range t.flying {
		if h := t.flying[k].head; h != none && (first == none || t.at(h).until < t.at(first).until) {
			first = h
		}
	}
	return first, first != none
}

// prolong gives a probe in flight a later deadline.
func (t *table) prolong(i int32, until Instant) {
	p := t.at(i)
	l := t.flightOf(p.timeout)
	t.unlink(l, i)
	p.until = until
	after := l.tail
	for after != none && t.at(after).until > until {
		after = t.at(after).prev
	}
	t.insert(l, after, i)
}

// forget frees the slots of probes that were judged long enough ago, and the
// table's memory when none is left.
func (t *table) forget(now Instant) {
	for i := t.judged.head; i != none && t.at(i).until <= now; i = t.judged.head {
		t.unlink(&t.judged, i)
		t.release(i)
	}
	if t.used == 0 && t.slots > spareSlots {
		t.chunks, t.slots, t.unused = nil, 0, none
	}
}

// release frees a slot that is in no list.
func (t *table) release(i int32) {
	p := t.at(i)
	p.state, p.target, p.next = free, none, t.unused
	t.unused = i
	t.used--
}

func (t *table) push(l *list, i int32) { t.insert(l, l.tail, i) }

// insert puts i behind after, or first if that is none.
func (t *table) insert(l *list, after, i int32) {
	p := t.at(i)
	p.prev, p.next = after, l.head
	if after == none {
		l.head = i
	} else {
		p.next = t.at(after).next
		t.at(after).next = i
	}
	if p.next == none {
		l.tail = i
	} else {
		t.at(p.next).prev = i
	}
}

func (t *table) unlink(l *list, i int32) {
	p := t.at(i)
	if p.prev == none {
		l.head = p.next
	} else {
		t.at(p.prev).next = p.next
	}
	if p.next == none {
		l.tail = p.prev
	} else {
		t.at(p.next).prev = p.prev
	}
}
