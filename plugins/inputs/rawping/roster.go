package rawping

import "sync"

// roster are the hosts under probe, and what has left them and is still to tell.
type roster struct {
	mu      sync.Mutex
	hosts   []*host // replaced, never changed
	leaving []leaver
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
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leaving = append(r.leaving, leaver{h, t})
}

// takeLeaving returns what has left since the last call.
func (r *roster) takeLeaving() []leaver {
	r.mu.Lock()
	defer r.mu.Unlock()
	leaving := r.leaving
	r.leaving = nil
	return leaving
}
