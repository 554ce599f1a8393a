package rawping

import (
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/influxdata/telegraf"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/stats"
)

// The values of result_code.
const (
	gotReply    int64 = 0
	notResolved int64 = 1
	nothingSent int64 = 2
	noReply     int64 = 3
)

// report is what one window of a target has to tell.
type report struct {
	window *stats.Window
	counts stats.Counts
	now    echo.Instant
	took   time.Duration
	addr   netip.Addr
	rare   rare

	name lookup
}

// result returns the result code. It is false where nothing was decided and
// nothing went wrong: then there is nothing to say.
func (r *report) result() (code int64, ok bool) {
	switch {
	case r.counts.Replies > 0:
		return gotReply, true
	case r.counts.Decided() > 0:
		return noReply, true
	case r.counts.NotSent > 0, r.rare.trouble.kind == unsent:
		return nothingSent, true
	case !r.addr.IsValid() && r.name.err != "":
		return notResolved, true
	}
	return 0, false
}

// state returns what the log should say of sending to the target.
func (r *report) state() state {
	code, ok := r.result()
	switch {
	case !ok || code == notResolved:
		return state{kind: unknown}
	case code == gotReply || code == noReply:
		return state{kind: fine}
	}
	return r.whyUnsent()
}

// whyUnsent returns why the last probe that was not sent in the window was not, or why
// none can be.
func (r *report) whyUnsent() state {
	switch {
	case r.counts.NotSent == 0:
		return r.rare.trouble
	case r.rare.unsent == icmpsock.SocketLost && r.rare.err != nil: // what keeps it from being opened
		return state{kind: unsent, socket: true, cause: oneLine(r.rare.err)}
	}
	return state{kind: unsent, cause: r.rare.unsent.String()}
}

// report adds a metric for each target and begins the next window. The last
// report leaves out the windows in which nothing was decided.
func (s *session) report(acc telegraf.Accumulator, stamp time.Time, last bool) {
	s.reporting.Lock()
	defer s.reporting.Unlock()
	s.logNotices()
	to := sink{Accumulator: acc, stamp: stamp, plan: s.plugin.plan, ipTag: s.plugin.IPTag, shapes: &s.shapes} // one stamp: they are rows of the same table
	now := s.instant()
	for _, h := range s.roster.all() {
		s.reportHost(&to, h, now, last)
	}
	for _, l := range s.roster.takeLeaving(now) {
		r := l.target.take(&s.scratch, now)
		if r.counts.Decided() > 0 {
			to.add(l.host, &r)
		}
	}
	s.books.report(&to, s.engine, s.instant(), s.plugin.EngineMetrics) // the rows may have taken a while
	s.journal.write()
}

func (s *session) reportHost(to *sink, h *host, now echo.Instant, last bool) {
	h.mu.Lock()
	s.targets = append(s.targets[:0], h.targets...)
	var name lookup
	if h.name != nil {
		name = h.name.lookup
	}
	h.mu.Unlock()
	if name.done {
		s.noteName(h, name.err)
	}
	for _, t := range s.targets {
		r := t.take(&s.scratch, now)
		r.name = name
		s.note(h, t, r.state())
		if last && r.counts.Decided() == 0 {
			continue
		}
		to.add(h, &r)
	}
}

// note tells the journal how sending to a target stands.
func (s *session) note(h *host, t *target, now state) {
	t.mu.Lock()
	if t.rare == nil && now.kind <= unknown {
		t.mu.Unlock()
		return // as before
	}
	logged := &t.rarely().logged // nobody else uses it
	t.mu.Unlock()
	s.journal.note(sending, h.url, logged, now)
}

// noteName tells the journal how a name's look-up stands.
func (s *session) noteName(h *host, err string) {
	now := state{cause: err}
	switch {
	case err == "":
		now.kind = fine
	case slices.ContainsFunc(s.targets, func(t *target) bool { return !t.address().IsValid() }):
		now.kind = unresolved
	default:
		now.kind = stale
	}
	s.journal.note(naming, h.url, &h.name.logged, now)
}

// logNotices logs what the engine has said.
func (s *session) logNotices() {
	for len(s.notices) > 0 {
		if err := <-s.notices; errors.Is(err, echo.ErrReopened) {
			s.plugin.Log.Infof("%v", err)
		} else {
			s.plugin.Log.Warnf("%v", err)
		}
	}
}
