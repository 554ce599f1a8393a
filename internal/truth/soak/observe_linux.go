package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rawping/rawping/internal/echo"
)

// observe takes every event of the engine, and now and then stalls it.
func (p *prober) observe(ev *echo.Event) {
	p.check(ev)
	if !p.run.calm.Load() && p.stalls.IntN(8000) == 0 {
		time.Sleep(time.Duration(20+p.stalls.IntN(380)) * ms)
	}
}

// check holds an event against what may be said of its host.
func (p *prober) check(ev *echo.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := ev.Ref.(*life)
	s := l.slot
	s.count[ev.Kind]++
	p.total[ev.Kind]++
	if ev.Addr != s.addr && ev.Addr != s.other {
		p.breach("event of another target's address", "%v: %s", s, tell(ev))
	}
	switch {
	case ev.Kind == echo.Missed:
		p.missed += ev.Missed
	case ev.Kind.Verdict():
		p.verdict(ev, l)
	default:
		p.fact(ev, l)
	}
}

// verdict checks a verdict. The caller has locked.
func (p *prober) verdict(ev *echo.Event, l *life) {
	s := l.slot
	if !l.decide(ev.Number) {
		p.breach("second verdict on a probe", "%v: %s", s, tell(ev))
	}
	if ev.Suspect {
		p.suspect++
	}
	if ev.OutOfOrder {
		p.ooo++
	}
	excused := ev.Kind != echo.Reply && (ev.Suspect || p.run.flapped(ev))
	if excused {
		s.excused++
	}
	unwanted := !s.want.verdicts.has(ev.Kind)
	accounted := unwanted && ev.Kind == echo.Lost && s.want.logged // the log accounts for it
	if ev.Kind != echo.NotSent {
		// The send may have taken its time: what is in time is so by the departure.
		until := p.run.since(min(ev.At, ev.Sent.Add(slices.Min(s.timeouts))))
		old := s.note(cell{kind: ev.Kind, seq: ev.Seq, excused: excused, unwanted: accounted, sent: p.run.since(ev.Sent), until: until})
		if s.unseen(old) {
			p.breach("verdict on a request that the responder never saw", "%v: %v, sequence number %d", s, old.kind, old.seq)
		}
	}
	if excused || ev.Kind == echo.Abandoned && (!s.steady || p.run.ending.Load()) {
		return
	}
	if unwanted {
		if !accounted {
			p.breach(fmt.Sprintf("%v where it cannot be", ev.Kind), "%v: %s", s, tell(ev))
		}
		return
	}
	switch ev.Kind {
	case echo.Reply:
		p.reply(ev, s)
	case echo.Refused:
		p.refusal(ev, s)
	case echo.NotSent:
		if !errors.Is(ev.Err, s.want.errno) {
			p.breach("wrong cause", "%v: %s", s, tell(ev))
		}
	}
}

// slack is how much earlier a departure may be noted than it was, where the
// kernel's stamp is missing.
const slack = ms

// reply checks what a reply says of itself.
func (p *prober) reply(ev *echo.Event, s *slot) {
	longest := s.timeouts[len(s.timeouts)-1]
	switch {
	case ev.RTT <= 0 || ev.RTT < s.want.least-slack || ev.RTT > longest:
		p.breach("impossible RTT", "%v: %s", s, tell(ev))
	case ev.From != ev.Addr:
		p.breach("reply from another address", "%v: %s", s, tell(ev))
	case ev.Truncated:
		p.breach("truncated reply", "%v: %s", s, tell(ev))
	}
}

// refusal checks that it is the error that was sent, by whom it was sent.
func (p *prober) refusal(ev *echo.Event, s *slot) {
	if w := s.want.icmp; w != nil && *w != [2]uint8{ev.ICMP.Type, ev.ICMP.Code} {
		p.breach("wrong ICMP error", "%v: %s", s, tell(ev))
	}
	if w := s.want.router; w.IsValid() && w != ev.ICMP.Router {
		p.breach("ICMP error of another router", "%v: %s", s, tell(ev))
	}
}

// fact checks what explains a verdict. The caller has locked.
func (p *prober) fact(ev *echo.Event, l *life) {
	s := l.slot
	switch ev.Kind {
	case echo.Duplicate, echo.Corrupt, echo.WrongSource:
		if !s.want.facts.has(ev.Kind) {
			p.breach(fmt.Sprintf("%v where it cannot be", ev.Kind), "%v: %s", s, tell(ev))
		}
	}
	switch ev.Kind {
	case echo.Duplicate, echo.Late, echo.LateRefusal:
		if !l.decided(ev.Number) {
			p.breach(fmt.Sprintf("%v before a verdict", ev.Kind), "%v: %s", s, tell(ev))
		}
	}
}

// breach notes that something was said which is not true.
func (p *prober) breach(what, format string, args ...any) {
	p.run.breaches.add(fmt.Sprintf("%v: %s", p.kind, what), fmt.Sprintf(format, args...))
}

// tell is an event in words.
func tell(ev *echo.Event) string {
	text := fmt.Sprintf("%v, number %d, sequence number %d, address %v, sent %v, at %v, RTT %v (%v), from %v",
		ev.Kind, ev.Number, ev.Seq, ev.Addr, time.Duration(ev.Sent), time.Duration(ev.At), ev.RTT, ev.RTTSource, ev.From)
	if ev.Weak {
		text += ", without token"
	}
	if ev.ICMP != (echo.ICMPError{}) {
		text += fmt.Sprintf(", %+v", ev.ICMP)
	}
	if ev.Err != nil {
		text += fmt.Sprintf(", %v", ev.Err)
	}
	return text
}
