package echo

import (
	"net/netip"
	"time"

	"github.com/rawping/rawping/internal/icmpsock"
)

// maxRing is how many sequence numbers there are.
const maxRing = 1 << 16

// subject is a target under probe: what was asked, and where it stands.
type subject struct {
	id      TargetID
	target  Target
	addr    netip.Addr // Target.Addr, unmapped and without its zone
	scope   int        // the zone as an interface index; 0: none
	options *icmpsock.Options

	alike    int32  // next subject with the same address; none: the last
	ticket   uint32 // of its turn in the schedule; 0: it has none
	due      Instant
	started  Instant // when its last probe was due that left or got a verdict
	made     Instant // when its last packet was made, or sent
	patience Instant // until when what has no room on its way out is tried again; 0: there is room
	changed  Instant // when its settings last changed; 0: never
	flying   int32   // probes in flight or about to be
	first    uint16  // the sequence number of number 0
	silent   uint8   // probes judged since the last reply, up to silentLimit
	waiting  bool    // in its link's queue, or among the packets that are made
	starved  bool    // its next probe found no room, and waits for another try
	stopped  bool    // wants no more probes
	doubtful bool    // its packets leave without a departure stamp, or with one that comes too late
	active   bool    // counted among those from which something is to come
	numbered uint64  // probes numbered so far
	highest  uint64  // the highest number that was answered

	// slots finds a probe by its sequence number: slots[seq & mask]. It is as
	// long as the probes that are in the table at once need, a power of two.
	slots  []int32
	inline [2]int32
}

func newSubject(id TargetID, t Target) *subject {
	s := &subject{id: id, target: t, alike: none}
	s.inline = [2]int32{none, none}
	s.slots = s.inline[:1]
	return s
}

// seq returns the sequence number of the probe with a number.
func (s *subject) seq(number uint64) uint16 { return s.first + uint16(number) }

// done reports whether every probe has been numbered.
func (s *subject) done() bool {
	return s.stopped || s.target.Count > 0 && s.numbered >= uint64(s.target.Count)
}

// settled reports whether nothing more will come of the subject by itself.
func (s *subject) settled() bool { return s.done() && s.flying == 0 }

// subjects are the engine's targets, by index and by address.
type subjects struct {
	all    []*subject // nil: unused
	unused []int32
	byID   map[TargetID]int32
	byAddr map[address]int32 // the first of those that are alike
}

// address is an IP address with the interface it belongs to if it is link-local.
type address struct {
	netip.Addr
	scope int
}

func newSubjects() subjects {
	return subjects{byID: map[TargetID]int32{}, byAddr: map[address]int32{}}
}

// reserve makes room for n subjects where there are none yet.
func (ss *subjects) reserve(n int) {
	if n <= cap(ss.all) {
		return
	}
	ss.all = append(make([]*subject, 0, n), ss.all...)
	ss.byID, ss.byAddr = make(map[TargetID]int32, n), make(map[address]int32, n)
}

// add takes s in and returns its index.
func (ss *subjects) add(s *subject) int32 {
	i := int32(len(ss.all))
	if n := len(ss.unused); n > 0 {
		i, ss.unused = ss.unused[n-1], ss.unused[:n-1]
		ss.all[i] = s
	} else {
		ss.all = append(ss.all, s)
	}
	ss.byID[s.id] = i
	ss.index(i)
	return i
}

// remove takes the subject with an index out.
func (ss *subjects) remove(i int32) {
	ss.unindex(i)
	delete(ss.byID, ss.all[i].id)
	ss.all[i] = nil
	ss.unused = append(ss.unused, i)
	if len(ss.byID) == 0 && len(ss.all) > spareSlots {
		*ss = newSubjects() // neither slices nor maps shrink
	}
}

func (ss *subjects) index(i int32) {
	s := ss.all[i]
	key := address{s.addr, s.scope}
	s.alike = none
	if head, ok := ss.byAddr[key]; ok {
		s.alike = head
	}
	ss.byAddr[key] = i
}

func (ss *subjects) unindex(i int32) {
	s := ss.all[i]
	key := address{s.addr, s.scope}
	if head := ss.byAddr[key]; head != i {
		for ss.all[head].alike != i {
			head = ss.all[head].alike
		}
		ss.all[head].alike = s.alike
		return
	}
	if s.alike == none {
		delete(ss.byAddr, key)
	} else {
		ss.byAddr[key] = s.alike
	}
}

// at returns the index of the first subject with an address, none if there is none.
func (ss *subjects) at(addr netip.Addr, scope int) int32 {
	if i, ok := ss.byAddr[address{addr, scope}]; ok {
		return i
	}
	return none
}

// remember notes the slot of the subject's probe with a sequence number. It
// reports false if that number cannot be used yet, because as many probes are in
// flight as there are sequence numbers.
func (t *table) remember(s *subject, i int32, seq uint16, slot int32) bool {
	for {
		k := int(seq) & (len(s.slots) - 1)
		old := s.slots[k]
		if old == none || !t.holds(old, i) || int(t.at(old).seq)&(len(s.slots)-1) != k || // used again since
			len(s.slots) == maxRing && t.at(old).state != inFlight && t.at(old).state != entered {
			s.slots[k] = slot
			return true
		}
		if len(s.slots) == maxRing {
			return false
		}
		t.widen(s, i)
	}
}

// widen doubles the room for the subject's slots.
func (t *table) widen(s *subject, i int32) {
	wider := make([]int32, 2*len(s.slots))
	for k := range wider {
		wider[k] = none
	}
	for k, slot := range s.slots {
		if slot != none && t.holds(slot, i) && int(t.at(slot).seq)&(len(s.slots)-1) == k {
			wider[int(t.at(slot).seq)&(len(wider)-1)] = slot
		}
	}
	s.slots = wider
}

// holds reports whether a slot holds a probe of the subject with index i. The
// slot may be of a table whose memory has been given back since.
func (t *table) holds(slot, i int32) bool {
	if !t.has(slot) {
		return false
	}
	p := t.at(slot)
	return p.state != free && p.target == i
}

// find returns the slot of the subject's probe with a sequence number.
func (t *table) find(s *subject, i int32, seq uint16) (int32, bool) {
	slot := s.slots[int(seq)&(len(s.slots)-1)]
	if slot == none || !t.holds(slot, i) || t.at(slot).seq != seq {
		return none, false
	}
	return slot, true
}

// OrdinaryRate is how many packets per second in all a user who is not root may
// send, to hosts beyond loopback.
const OrdinaryRate = 5000

// ordinaryInterval is how far apart such a user's packets to one host must be.
const ordinaryInterval = time.Millisecond
