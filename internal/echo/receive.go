package echo

import (
	"encoding/binary"
	"slices"

	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/wire"
)

// drainBudget is how many times a connection is read before others have their
// turn. Under a flood the rest is judged by what has been read so far.
const drainBudget = 16

// drain reads what has arrived on all connections.
func (e *Engine) drain() {
	for _, l := range e.links {
		for n := 1; l.conn != nil; n++ {
			before := e.now
			arrived, err := l.conn.Recv()
			if len(arrived) > 0 {
				e.read() // what has arrived since before is not from the future
			}
			packets := e.take(l, arrived)
			if err != nil {
				e.lose(l, err)
				break
			}
			if packets < icmpsock.Batch {
				l.read = before
				e.sampleAfter(l, n)
				break
			}
			if n == drainBudget {
				e.readUpTo(l, arrived)
				e.sampleAfter(l, n)
				break
			}
		}
	}
}

// sampleAfter reads a connection's drop counter after so many reads in a row,
// if there can have been more than its buffer holds.
func (e *Engine) sampleAfter(l *link, reads int) {
	if (reads+1)*icmpsock.Batch*replyCost > l.facts.RecvBuffer {
		e.sampleDrops(l)
	}
}

// readUpTo notes how far a connection has been read that has more waiting: the
// kernel hands over in the order of arrival.
func (e *Engine) readUpTo(l *link, arrived []icmpsock.In) {
	for _, in := range slices.Backward(arrived) {
		if in.Kind != icmpsock.Packet || in.Time == 0 {
			continue
		}
		if at, sure := e.timeline.place(in.Time, l.read, e.now); sure {
			l.read = max(l.read, at-1)
		}
		return
	}
}

// take takes in what one read brought: departures first, so that answers are judged
// by them, then packets and reported errors in the order in which they arrived, for
// they come by two queues, and the first answer to a probe decides. It returns the
// number of packets.
func (e *Engine) take(l *link, arrived []icmpsock.In) (packets int) {
	for k := range arrived {
		if in := &arrived[k]; in.Kind == icmpsock.Stamp {
			e.departed(l, in)
		}
	}
	p, r := next(arrived, 0, icmpsock.Packet), next(arrived, 0, icmpsock.Error)
	for p < len(arrived) || r < len(arrived) {
		if r == len(arrived) || p < len(arrived) && !sooner(&arrived[r], &arrived[p]) {
			packets++
			e.arrived(l, &arrived[p])
			p = next(arrived, p+1, icmpsock.Packet)
		} else {
			e.reported(l, &arrived[r])
			r = next(arrived, r+1, icmpsock.Error)
		}
	}
	return packets
}

// next returns the index of the first message of a kind from an index on, or the
// number of messages.
func next(arrived []icmpsock.In, from int, kind icmpsock.Kind) int {
	for from < len(arrived) && arrived[from].Kind != kind {
		from++
	}
	return from
}

// sooner reports whether a reported error is known to have come before a packet.
func sooner(reported, packet *icmpsock.In) bool {
	return reported.Time != 0 && reported.Time < packet.Time
}

// departed notes when a probe left.
func (e *Engine) departed(l *link, in *icmpsock.In) {
	slot := int32(in.Key)
	if l.facts.StampQuotes {
		slot = e.departedSlot(l, in)
	}
	if !e.table.has(slot) {
		return
	}
	p := e.table.at(slot)
	if p.state == unsent && p.target != none {
		e.subjects.all[p.target].doubtful = true // it left after all
	}
	if p.state != inFlight || p.left {
		return
	}
	p.left = true
	if at, sure := e.timeline.place(in.Time, p.before, e.now); sure {
		p.stamp = at
	}
}

// departedSlot finds the probe whose message a stamp quotes, none if there is none:
// by its token, which nobody can have forged in a packet that we sent, or by
// address and number.
func (e *Engine) departedSlot(l *link, in *icmpsock.In) int32 {
	seq := binary.BigEndian.Uint16(in.Data[6:])
	if token, ok := wire.ReadToken(in.Data[8:]); ok && e.table.has(int32(token.Slot)) {
		p := e.table.at(int32(token.Slot))
		if p.generation == token.Generation && p.seq == seq && p.link == l.index && p.size >= wire.TokenLen {
			return int32(token.Slot)
		}
	}
	small := func(i int32, s *subject) (int32, bool) {
		slot, ok := e.table.find(s, i, seq)
		return slot, ok && e.table.at(slot).link == l.index && e.table.at(slot).size < wire.TokenLen
	}
	if in.To.IsLinkLocalUnicast() && in.To.Is6() { // the stamp does not say in which zone
		for i, s := range e.subjects.all {
			if s == nil || s.addr != in.To {
				continue
			}
			if slot, ok := small(int32(i), s); ok {
				return slot
			}
		}
		return none
	}
	for i := e.subjects.at(in.To, 0); i != none; i = e.subjects.all[i].alike {
		if slot, ok := small(i, e.subjects.all[i]); ok {
			return slot
		}
	}
	return none
}

// arrived judges a message that came in.
func (e *Engine) arrived(l *link, in *icmpsock.In) {
	m := &e.message
	if m.Parse(l.class.Family, in.Data) != nil {
		e.count.Foreign++
		return
	}
	switch m.Class {
	case wire.EchoReply:
		e.replied(l, in)
	case wire.ErrorMessage:
		e.refused(l, in, in.From, m.Quote.Dst)
	default:
		e.count.Foreign++
	}
}

// reported judges an ICMP error from a socket's error queue.
func (e *Engine) reported(l *link, in *icmpsock.In) {
	m := &e.message
	*m = wire.Message{Type: in.Type, Code: in.Code, Class: wire.ClassOf(l.class.Family, in.Type), MTU: in.Info}
	if m.Class != wire.ErrorMessage || m.Quote.ParseEcho(l.class.Family, in.Data) != nil {
		e.count.Foreign++
		return
	}
	e.refused(l, in, in.From, in.To)
}
