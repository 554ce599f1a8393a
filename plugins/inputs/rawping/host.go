package rawping

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/rawping/rawping/internal/resolve"
)

// host is an entry under probe. Of a name, "first" makes one target, whose
// address may change; "all" and both families make one for each address.
type host struct {
	*entry
	name *name // nil: url is an address

	mu      sync.Mutex // guards what follows, and name
	targets []*target  // one at least, until it is let go; one without an address stands for what has not been found
}

func newHost(e *entry, t *target) *host {
	h := &host{entry: e, targets: []*target{t}}
	if _, literal := e.literal(); !literal {
		h.name = new(name)
	}
	return h
}

// current returns an address of the family that is probed now, if one is.
func (h *host) current(family resolve.Family) netip.Addr {
	h.mu.Lock()
	defer h.mu.Unlock()
	addrs := append(h.addrs(family), netip.Addr{})
	return addrs[0]
}

// retarget has the engine probe what was found, and no longer what a host does
// not have any more. It reports false if some of that has to be tried again.
func (s *session) retarget(h *host, f found) (ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.targets == nil {
		return true
	}
	if h.how.several() {
		return s.retargetAll(h, f)
	}
	if len(f.addrs) == 0 {
		s.heard(h.targets[0].miss())
		return false
	}
	return s.aim(h, h.targets[0], f.addrs[0])
}

// retargetAll does it for a host that may have several addresses.
func (s *session) retargetAll(h *host, f found) (ok bool) {
	ok = f.err == nil
	wanted, lacking := f.addrs, false
	for _, family := range f.failed {
		addrs := h.addrs(family)
		wanted = append(wanted, addrs...)
		lacking = lacking || len(addrs) == 0
	}
	old := h.targets
	h.targets = nil
	for _, addr := range wanted {
		t := pick(&old, addr)
		if t == nil {
			t = s.roster.back(h.place(addr))
		}
		if t == nil {
			t = pick(&old, netip.Addr{})
		}
		if t == nil {
			t = s.newcomer(h.entry)
		}
		h.targets = append(h.targets, t)
		ok = s.aim(h, t, addr) && ok
	}
	if lacking { // which is a row of its own
		t := pick(&old, netip.Addr{})
		if t == nil {
			t = s.newcomer(h.entry)
		}
		s.heard(t.miss())
		h.targets = append(h.targets, t)
	}
	for _, t := range old {
		s.drop(h, t)
	}
	return ok
}

// newcomer returns a target without an address for an entry: the one that has just
// left its place, if there is one.
func (s *session) newcomer(e *entry) *target {
	if t := s.roster.back(e.place(netip.Addr{})); t != nil {
		return t
	}
	s.silent.Add(1)
	return newTarget(s.instant())
}

// addrs returns the addresses of a family that are probed now.
func (h *host) addrs(family resolve.Family) (addrs []netip.Addr) {
	for _, t := range h.targets {
		if addr := t.address(); addr.IsValid() && within(family, addr) {
			addrs = append(addrs, addr)
		}
	}
	return addrs
}

// pick takes the target with an address out of a list. nil: there is none.
func pick(from *[]*target, addr netip.Addr) *target {
	i := slices.IndexFunc(*from, func(t *target) bool { return t.address() == addr })
	if i < 0 {
		return nil
	}
	t := (*from)[i]
	*from = slices.Delete(slices.Clone(*from), i, i+1)
	return t
}

// aim has the engine probe an address. It reports false if that has to be tried
// again. The caller holds the host's lock.
func (s *session) aim(h *host, t *target, addr netip.Addr) (ok bool) {
	was := t.aim(addr) // before the first event comes
	if was == addr && t.id != 0 {
		t.found()
		return true
	}
	number := s.burstNumber.Load()
	switch {
	case !s.bursting():
		ok = s.place(h, t, 0)
	case number > 0:
		before, _ := s.joinBurst(h, t, number)
		ok = s.placeBurst(h, t, before)
	default:
		return true // the first burst will
	}
	if !ok && t.id != 0 {
		t.aim(was) // which is still probed
	}
	return ok
}

// place hands a target to the engine, with so many probes in all; 0: endless.
func (s *session) place(h *host, t *target, count int) (ok bool) {
	target := h.how.target(t.address(), t)
	target.Count = count
	var err error
	if t.id != 0 {
		err = s.engine.Change(t.id, target)
	} else {
		target.Delay = s.delay(h.how.interval)
		t.id, err = s.engine.Add(target)
	}
	switch {
	case err == nil:
	case s.ctx.Err() != nil:
		return false // the session is at its end
	default:
		s.heard(t.fail(state{kind: unsent, cause: oneLine(err)}))
		return false
	}
	t.found()
	return true
}

// delay returns when the first probe of a target is due. No target waits longer
// for its first than those that have no interval of their own.
func (s *session) delay(interval time.Duration) time.Duration {
	if s.bursting() {
		return 0 // they are spread when they start
	}
	return s.probes.next(min(interval, s.plugin.plan.general.interval))
}

// drop has the engine forget a target. Its last window is still to be told. The
// caller holds the host's lock.
func (s *session) drop(h *host, t *target) {
	if t.id != 0 {
		s.engine.Remove(t.id)
		t.id = 0
	}
	s.heard(t.miss())
	s.roster.leave(h, t)
}

// release lets a host go.
func (s *session) release(h *host) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range h.targets {
		s.drop(h, t)
	}
	h.targets = nil
}

// left reports whether a host was let go.
func (h *host) left() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.targets == nil
}
