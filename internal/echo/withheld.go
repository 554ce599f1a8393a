package echo

import (
	"slices"

	"github.com/rawping/rawping/internal/icmpsock"
)

// withheld returns why a probe whose time is up never left this host, although its
// send said that it did; nil if it may have left. Only some connections can know
// (icmpsock.Facts.SilentRefusal), and only where the lack of a departure stamp is
// proof: none was lost for want of room, and the target's packets are known to be
// stamped in time, as far as anything is known of them.
func (e *Engine) withheld(slot int32) error {
	p := e.table.at(slot)
	l, s := e.links[p.link], e.subjects.all[p.target]
	if !l.facts.SilentRefusal || !l.facts.SendStamps || l.conn == nil ||
		p.left || p.drops != l.drops || s.doubtful || p.before <= s.changed {
		return nil
	}
	request, err := l.request(int(p.size))
	if err != nil {
		return nil //nolint:nilerr // it was sent, so there is one
	}
	e.scratch = slices.Grow(e.scratch[:0], request.Len())
	return l.conn.Withheld(&icmpsock.Out{
		Dst:     s.addr,
		Scope:   s.scope,
		Data:    request.Put(e.scratch, p.seq, e.signer.token(slot, p.generation, s)),
		Key:     uint32(slot),
		Options: s.options,
	}, e.read().Sub(p.before))
}

// turnedBack returns why a probe that meets the ICMP error in e.message never left
// this host; nil if it may have left. A firewall that rejects sends such an error by
// itself. So does a neighbour that does not answer, which is the target's silence: its
// error says that the address is unreachable, and counts.
func (e *Engine) turnedBack(slot int32) error {
	if e.message.AddressUnreachable6() {
		return nil
	}
	return e.withheld(slot)
}

// retract gives a probe that counted as sent, but never left, its verdict. It says
// nothing of the target.
func (e *Engine) retract(slot int32, err error, at Instant) {
	p := e.table.at(slot)
	e.event = Event{
		Number: p.number, Seq: p.seq, At: at, Hops: -1, TrafficClass: -1,
		Cause: icmpsock.CauseOf(err), Err: err,
	}
	e.count.Sent--
	e.conclude(slot, e.subjects.all[p.target], NotSent, unsent)
}
