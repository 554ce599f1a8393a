package rawping

import (
	"net/netip"
	"sync"
	"time"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/stats"
)

// maxRTTs bounds the memory of a window that nobody gathers. One with more
// replies has no median.
const maxRTTs = 1 << 16

// target is a host under probe. The engine's goroutine adds to its window while
// Gather takes what is in it; neither holds the lock for longer than a copy.
type target struct {
	url     string
	literal netip.Addr // what url says if it is no name
	logged  state      // as the log has it; the journal's

	mu     sync.Mutex // guards what follows
	window stats.Window
	began  time.Time  // the window
	told   bool       // there has been something to tell
	addr   netip.Addr // invalid: the engine does not have it yet
	ready  state      // why not
	cause  icmpsock.Cause
	err    error // with cause, of the last probe that was not sent
}

// observe takes an event in. It reports true for the first that tells
// something.
func (t *target) observe(ev *echo.Event) (news bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.window.MaxRTTs = maxRTTs
	t.window.Add(ev)
	switch ev.Kind {
	case echo.NotSent:
		t.cause, t.err = ev.Cause, ev.Err
	case echo.Reply, echo.Lost, echo.Refused:
	default:
		return false
	}
	return t.tell()
}

// fail notes why the target cannot be probed. It reports true if that is the
// first there is to tell.
func (t *target) fail(why kind, err error) (news bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ready = state{kind: why, cause: err.Error()}
	return t.tell()
}

func (t *target) tell() (news bool) {
	news = !t.told
	t.told = true
	return news
}

// aim notes the address that is to be probed.
func (t *target) aim(addr netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.addr = addr
}

// found notes that nothing keeps the target from being probed any more.
func (t *target) found() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ready = state{}
}

// take returns what the window has to tell and begins the next one. The figures
// are left in into, which is overwritten.
func (t *target) take(into *stats.Window, now time.Time) report {
	into.Reset()
	t.mu.Lock()
	defer t.mu.Unlock()
	into.Merge(&t.window)
	r := report{
		window:  into,
		counts:  t.window.Counts(),
		longest: t.window.LongestLoss(),
		inARow:  t.window.ConsecutiveLost(),
		took:    now.Sub(t.began),
		addr:    t.addr,
		ready:   t.ready,
		cause:   t.cause,
		err:     t.err,
	}
	r.ttl, r.ttlKnown = t.window.FirstHops()
	t.window.Reset()
	t.began = now
	return r
}
