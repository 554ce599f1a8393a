package echo

import (
	"net/netip"

	"github.com/rawping/rawping/internal/icmpsock"
)

// replied judges an echo reply, which is in e.message.
func (e *Engine) replied(l *link, in *icmpsock.In) {
	m := &e.message
	if m.ID != l.facts.ID {
		e.count.Foreign++
		return
	}
	slot, proven := e.proven(l, m)
	if !proven {
		e.unproven(l, in)
		return
	}
	p := e.table.at(slot)
	s := e.subjects.all[p.target]
	e.answer(p, in)
	intact, shortened := e.compare(l, p, in)
	switch {
	case !intact && !(shortened && s.target.AcceptTruncated):
		e.corrupt(s)
	case !e.fromTarget(s, in) && !s.target.AnySource:
		e.count.WrongSource++
		e.event.Kind = WrongSource
		e.tell(s)
	default:
		e.event.Truncated = !intact
		e.valid(slot, s)
	}
}

// answer fills e.event with what is known of an answer to a probe.
func (e *Engine) answer(p *probe, in *icmpsock.In) {
	at, source := e.now, UserTime
	if in.Time != 0 {
		placed, sure := e.timeline.place(in.Time, p.departed(), e.now)
		at = placed
		if sure && e.links[p.link].facts.RecvStamps {
			source = MixedTime
		}
	}
	if source == MixedTime && p.stamp != 0 {
		source = KernelTime
	}
	e.event = Event{
		Number: p.number, Seq: p.seq, At: at, Sent: p.departed(),
		RTT: at.Sub(p.departed()), RTTSource: source,
		From: in.From, To: in.To, Interface: in.Interface,
		Hops: in.Hops, TrafficClass: in.TrafficClass, Size: len(in.Data),
		Suspect: p.drops != e.links[p.link].drops,
	}
}

func (e *Engine) corrupt(s *subject) {
	e.count.Corrupt++
	e.event.Kind = Corrupt
	e.tell(s)
}

// valid takes a valid reply, described in e.event, to a probe in any state.
func (e *Engine) valid(slot int32, s *subject) {
	p := e.table.at(slot)
	if p.state == inFlight && !e.inTime(p) {
		answer := e.event
		e.judgeLost(slot, p.until)
		p = e.table.at(slot)
		e.event = answer
	}
	s.doubtful = !p.left
	switch {
	case p.state == inFlight:
		e.event.OutOfOrder = p.number < s.highest
		if e.event.OutOfOrder {
			e.count.OutOfOrder++
		}
		e.proveAlive(p.target, s)
		s.highest = max(s.highest, p.number)
		e.conclude(slot, s, Reply, answered)
	case p.state == answered || p.late:
		e.count.Duplicates++
		e.event.Kind = Duplicate
		e.tell(s)
	default:
		p.late = true
		e.count.Late++
		e.event.Kind = Late
		e.tell(s)
	}
}

// inTime reports whether the answer in e.event came within the timeout: by the
// kernel's two stamps where there are both, else by the deadline.
func (e *Engine) inTime(p *probe) bool {
	if e.event.RTTSource == KernelTime {
		return e.event.RTT <= p.timeout
	}
	return e.event.At <= p.until
}

// refused judges an ICMP error, which is in e.message: a packet of ours, bound
// for dst, met it.
func (e *Engine) refused(l *link, in *icmpsock.In, router, dst netip.Addr) {
	m := &e.message
	q := &m.Quote
	if !q.Valid || q.ID != l.facts.ID || !m.ChecksumOK && in.Kind == icmpsock.Packet {
		e.count.Foreign++
		return
	}
	slot, s := e.quoted(l, in, dst)
	if slot == none {
		e.count.Foreign++
		return
	}
	p := e.table.at(slot)
	e.answer(p, in)
	e.event.From = router
	e.event.ICMP = ICMPError{Type: m.Type, Code: m.Code, MTU: m.MTU, Router: router}
	switch {
	case p.state == inFlight && e.inTime(p):
		s.silent = min(s.silent+1, silentLimit)
		e.conclude(slot, s, Refused, refused)
	case p.state == inFlight:
		answer := e.event
		e.judgeLost(slot, p.until)
		e.event = answer
		fallthrough
	case p.state == lost, p.state == unsent:
		e.count.LateRefusals++
		e.event.Kind = LateRefusal
		e.tell(s)
	}
}

// judgeLost gives a probe in flight the verdict that no answer explains.
func (e *Engine) judgeLost(slot int32, at Instant) {
	p := e.table.at(slot)
	s := e.subjects.all[p.target]
	e.event = Event{
		Number: p.number, Seq: p.seq, At: at, Sent: p.departed(), Hops: -1, TrafficClass: -1,
		Suspect: p.drops != e.links[p.link].drops,
	}
	s.silent = min(s.silent+1, silentLimit)
	e.conclude(slot, s, Lost, lost)
}

// giveUp abandons a probe in flight.
func (e *Engine) giveUp(slot int32, cause icmpsock.Cause, err error) {
	p := e.table.at(slot)
	s := e.subjects.all[p.target]
	e.event = Event{
		Number: p.number, Seq: p.seq, At: e.now, Sent: p.departed(), Hops: -1, TrafficClass: -1,
		Suspect: p.drops != e.links[p.link].drops, Cause: cause, Err: err,
	}
	e.conclude(slot, s, Abandoned, abandoned)
}

// conclude gives a probe in flight its one verdict, described in e.event.
func (e *Engine) conclude(slot int32, s *subject, kind Kind, st state) {
	e.event.Kind = kind
	switch kind {
	case Reply:
		e.count.Replies++
	case Lost:
		e.count.Lost++
	case Refused:
		e.count.Refused++
	case Abandoned:
		e.count.Abandoned++
	case NotSent:
		e.count.NotSent++
	}
	if e.event.Suspect {
		e.count.Suspect++
	}
	e.count.InFlight--
	p := e.table.at(slot)
	i := p.target
	e.links[p.link].load -= int(p.cost)
	s.flying--
	e.table.judge(slot, st, e.now)
	e.tell(s)
	e.follow(i, s, true)
	e.settle(s)
}

// tell hands e.event, which is about a subject, to the observer, once the counts
// have it too.
func (e *Engine) tell(s *subject) {
	e.event.Target, e.event.Ref, e.event.Addr = s.id, s.target.Ref, s.target.Addr
	e.event.Wall = e.timeline.wall(e.event.At)
	e.publish()
	e.config.Observe(&e.event)
}
