package rawping

import (
	"net/netip"
	"sync"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/stats"
	"github.com/rawping/rawping/internal/wire"
)

// maxRTTs bounds the memory of a window that nobody gathers. One with more
// replies has no median.
const maxRTTs = 1 << 16

// target is an address of a host under probe, or the place of one that is not
// known yet. The engine's goroutine adds to its window while Gather takes what is
// in it; neither holds the lock for longer than a copy.
//
// There are up to 100,000 of them: what most of them do not need is in rare.
type target struct {
	id echo.TargetID // 0: the engine does not have it; guarded by the host's lock

	mu     sync.Mutex // guards what follows
	window stats.Window
	began  echo.Instant // the window
	addr   netip.Addr   // invalid: not known yet
	rare   *rare
	told   bool // there has been something to tell
}

// rare is what few targets need.
type rare struct {
	logged state // of sending, as the log has it; the journal's

	trouble state // why the engine does not have the target
	unsent  icmpsock.Cause
	err     error // with unsent, of the last probe that was not sent

	refusal   string // in words, of the last probe that was refused
	refusedBy netip.Addr

	burst burst
}

func newTarget(now echo.Instant) *target {
	t := &target{began: now}
	t.window.MaxRTTs = maxRTTs
	return t
}

// rarely returns what few targets need. The caller holds the lock.
func (t *target) rarely() *rare {
	if t.rare == nil {
		t.rare = new(rare)
	}
	return t.rare
}

// observe takes an event in. It reports true for the first that tells something.
func (t *target) observe(ev *echo.Event) (news bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.window.Add(ev)
	switch ev.Kind {
	case echo.NotSent:
		r := t.rarely()
		r.unsent, r.err = ev.Cause, ev.Err
	case echo.Refused:
		r := t.rarely()
		r.refusal = wire.ErrorText(wire.FamilyOf(ev.Addr), ev.ICMP.Type, ev.ICMP.Code)
		r.refusedBy = ev.ICMP.Router
	case echo.Reply, echo.Lost:
	case echo.Abandoned: // tells nothing, but may end a burst
		if t.rare == nil || t.rare.burst.awaited == 0 {
			return false
		}
	default:
		return false
	}
	return t.rare.settled() && t.tell()
}

// settled reports whether the burst that is awaited is over with this verdict;
// without bursts, any verdict tells.
func (r *rare) settled() bool {
	if r == nil || r.burst.awaited == 0 {
		return true
	}
	r.burst.awaited--
	return r.burst.awaited == 0
}

// fail notes why the target cannot be probed. It reports true if that is the
// first there is to tell.
func (t *target) fail(why state) (news bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rarely().trouble = why
	return t.tell()
}

func (t *target) tell() (news bool) {
	news = !t.told
	t.told = true
	return news
}

// miss notes that there is no address to probe, or none any more. It reports true
// if that is the first there is to tell.
func (t *target) miss() (news bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.tell()
}

// address returns what is probed; it is not valid before that is known.
func (t *target) address() netip.Addr {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.addr
}

// aim notes the address that is to be probed, and returns the one before it.
func (t *target) aim(addr netip.Addr) (was netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	was, t.addr = t.addr, addr
	return was
}

// found notes that nothing keeps the target from being probed any more.
func (t *target) found() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rare != nil {
		t.rare.trouble = state{}
	}
}

// comeBack prepares a target that the engine has forgotten for being probed anew,
// in the window that it left in.
func (t *target) comeBack() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.window.Renumber()
	if t.rare != nil {
		t.rare.burst.asked = 0
	}
}

// toldAt reports whether the window began with a report at that time.
func (t *target) toldAt(now echo.Instant) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.began == now
}

// take returns what the window has to tell and begins the next one. The figures
// are left in into, which is overwritten.
func (t *target) take(into *stats.Window, now echo.Instant) report {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.window.Take(into)
	r := report{window: into, counts: into.Counts(), now: now, took: now.Sub(t.began), addr: t.addr}
	if t.rare != nil {
		r.rare = *t.rare
	}
	t.began = now
	return r
}
