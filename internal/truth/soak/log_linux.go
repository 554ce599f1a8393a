package main

import (
	"net/netip"
	"time"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/testbed"
)

// logEvery is how often the responder's log is read: several times before it
// forgets a request.
const logEvery = 2 * time.Second

// lag is after how many readings a request is looked at: by then its probe has
// its verdict, even if the engine was stalled.
const lag = 3

// mostBehind is how late the responder may see a request. Beyond that, its log and the
// verdicts that are kept for it need not meet.
const mostBehind = 5 * time.Second

// requestLog holds the responder's log against the verdicts.
type requestLog struct {
	run     *run
	newest  [2][lag]time.Duration // of the last readings, the latest at the end
	done    [2]time.Duration      // looked at up to here
	overrun int                   // readings that came too late
}

// read looks at the requests that are old enough, or, at the end, at all.
func (l *requestLog) read(all bool) {
	for i, prefix := range []netip.Prefix{l.run.bed.Responder.V4, l.run.bed.Responder.V6} {
		entries := l.run.bed.Entries(prefix)
		if len(entries) == 0 {
			continue
		}
		newest := &l.newest[i]
		until := newest[0]
		copy(newest[:], newest[1:])
		newest[lag-1] = entries[len(entries)-1].At
		if all {
			until = newest[lag-1]
		}
		if l.done[i] > 0 && entries[0].At > l.done[i] {
			l.overrun++
		}
		for _, e := range entries {
			if e.At > l.done[i] && e.At <= until {
				l.hold(e)
			}
		}
		l.done[i] = max(l.done[i], until)
	}
}

// hold holds the verdict on a probe against its request.
func (l *requestLog) hold(e testbed.Entry) {
	for _, p := range l.run.probers {
		p.mu.Lock()
		if s := p.byAddr[e.Dst]; s != nil {
			p.hold(s, &e)
		}
		p.mu.Unlock()
	}
}

// hold is as the log's. The caller has locked.
func (p *prober) hold(s *slot, e *testbed.Entry) {
	c := &s.cells[int(e.Seq)%memory]
	if c.kind == 0 || c.seq != e.Seq {
		p.breach("request without a verdict", "%v: sequence number %d, the verdict there is %v on %d", s, e.Seq, c.kind, c.seq)
		return
	}
	if c.seen {
		p.breach("two requests with one sequence number", "%v: %d", s, e.Seq)
	}
	c.seen = true
	p.matched++
	p.behind = max(p.behind, e.At-c.sent)
	wrong := false
	switch c.kind {
	case echo.Reply:
		wrong = e.Lost > 0 || e.Replies == 0
	case echo.Refused:
		wrong = e.Errors == 0 && !c.excused
	case echo.Lost:
		if !c.excused && (s.want.exact || c.unwanted) {
			if c.unanswered(e) {
				s.excused++
				p.tardy++
			} else {
				wrong = e.Lost == 0
			}
		}
	}
	if wrong {
		p.breach("the responder's log says otherwise", "%v: %v on sequence number %d at %v, of which the log says %+v", s, c.kind, e.Seq, c.until, *e)
	}
}
