package echo

import (
	"net/netip"

	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/wire"
)

// proven returns the slot of the probe whose token a reply carries.
func (e *Engine) proven(l *link, m *wire.Message) (slot int32, ok bool) {
	token, ok := wire.ReadToken(m.Payload)
	slot = int32(token.Slot)
	if !ok || !e.table.has(slot) {
		return none, false
	}
	p := e.table.at(slot)
	if p.state <= entered || p.target == none || p.generation != token.Generation || p.seq != m.Seq || p.link != l.index {
		return none, false
	}
	s := e.subjects.all[p.target]
	if p.size < wire.TokenLen || !e.signer.valid(token, s) {
		return none, false
	}
	return slot, true
}

// unproven judges a reply without a valid token: it may answer a probe whose
// payload has no room for one, it may be damaged, or it is a stranger's.
func (e *Engine) unproven(l *link, in *icmpsock.In) {
	m := &e.message
	fitting, damaged := none, none // a judged probe that it answers; one that it may have answered
	for i := e.subjects.at(in.From, in.Scope); i != none; i = e.subjects.all[i].alike {
		s := e.subjects.all[i]
		slot, ok := e.table.find(s, i, m.Seq)
		if !ok || e.table.at(slot).link != l.index {
			continue
		}
		p := e.table.at(slot)
		weak := p.size < wire.TokenLen
		intact, _ := e.compare(l, p, in)
		switch {
		case weak && intact && p.state == inFlight:
			e.weak(slot, in)
			return
		case weak && intact && fitting == none:
			fitting = slot
		case damaged == none && (weak || p.state == inFlight):
			damaged = slot
		}
	}
	switch {
	case fitting != none:
		e.weak(fitting, in)
	case damaged != none:
		p := e.table.at(damaged)
		e.answer(p, in)
		e.event.Weak = p.size < wire.TokenLen
		e.corrupt(e.subjects.all[p.target])
	default:
		e.count.Foreign++
	}
}

// weak takes an intact reply to a probe whose payload has no room for a token.
func (e *Engine) weak(slot int32, in *icmpsock.In) {
	p := e.table.at(slot)
	e.answer(p, in)
	e.event.Weak = true
	e.valid(slot, e.subjects.all[p.target])
}

// quoted finds the probe that an ICMP error quotes: one in flight, if several fit.
func (e *Engine) quoted(l *link, in *icmpsock.In, dst netip.Addr) (int32, *subject) {
	q := &e.message.Quote
	judged, owner := none, (*subject)(nil)
	scope := 0
	if dst.IsLinkLocalUnicast() && dst.Is6() {
		scope = in.Interface
	}
	token, quotesToken := wire.ReadToken(q.Payload)
	for i := e.subjects.at(dst, scope); i != none; i = e.subjects.all[i].alike {
		s := e.subjects.all[i]
		slot, ok := e.table.find(s, i, q.Seq)
		if !ok {
			continue
		}
		p := e.table.at(slot)
		if p.link != l.index || p.state <= entered {
			continue
		}
		if quotesToken && p.size >= wire.TokenLen &&
			(token.Slot != uint32(slot) || token.Generation != p.generation || !e.signer.valid(token, s)) {
			continue
		}
		if p.state == inFlight {
			return slot, s
		}
		if judged == none {
			judged, owner = slot, s
		}
	}
	return judged, owner
}

// compare says whether a reply carries what was sent, or a shortened form of it.
func (e *Engine) compare(l *link, p *probe, in *icmpsock.In) (intact, shortened bool) {
	m := &e.message
	request, err := l.request(int(p.size))
	if err != nil || !m.ChecksumOK || m.Code != 0 || in.Truncated { // the code of a reply is 0: RFC 792, RFC 4443 section 4.2
		return false, false
	}
	return request.PayloadIntact(m.Payload), request.PayloadShortened(m.Payload)
}

// fromTarget reports whether a message came from the subject's own address.
func (e *Engine) fromTarget(s *subject, in *icmpsock.In) bool {
	return in.From == s.addr && (s.scope == 0 || in.Scope == s.scope)
}
