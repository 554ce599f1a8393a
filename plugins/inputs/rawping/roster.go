package rawping

import (
	"net/netip"
	"sync"

	"github.com/rawping/rawping/internal/echo"
)

// roster are the hosts under probe, and what has left them and is still to tell.
type roster struct {
	mu      sync.Mutex
	hosts   []*host // replaced, never changed
	leaving map[place]leaver
}

// place is what tells the row of a target from those of all others.
type place struct {
	identity string
	addr     netip.Addr // of a host that may have several
}

func (e *entry) place(addr netip.Addr) place {
	if !e.how.several() {
		addr = netip.Addr{}
	}
	return place{e.identity(), addr}
}

// leaver is a target that is not probed any more.
type leaver struct {
	host   *host
	target *target
}

func (r *roster) all() []*host {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.hosts
}

func (r *roster) set(hosts []*host) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hosts = hosts
}

func (r *roster) leave(h *host, t *target) {
	at := h.place(t.address())
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.leaving == nil {
		r.leaving = map[place]leaver{}
	}
	r.leaving[at] = leaver{h, t}
}

// back returns the target that has left a place and is still to tell its last:
// another one's row would have the same tags and the same time. nil: there is none.
func (r *roster) back(at place) *target {
	r.mu.Lock()
	t := r.leaving[at].target
	delete(r.leaving, at)
	r.mu.Unlock()
	if t != nil {
		t.comeBack()
	}
	return t
}

// takeLeaving returns what has left since the last call, but for what left after
// its row of this report, which the next one tells the rest of.
func (r *roster) takeLeaving(now echo.Instant) (gone []leaver) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for at, l := range r.leaving {
		if !l.target.toldAt(now) {
			gone = append(gone, l)
			delete(r.leaving, at)
		}
	}
	return gone
}
