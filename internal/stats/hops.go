package stats

// hops follows the TTL or hop limit that replies arrive with: a change means
// that they came another way. 0 stands for none, else it is one more.
type hops struct {
	first, last uint16
	changes     uint32
}

func (h *hops) add(value int) {
	if value < 0 || value > 255 {
		return
	}
	seen := uint16(value + 1)
	if h.last != 0 && h.last != seen {
		h.changes++
	}
	if h.first == 0 {
		h.first = seen
	}
	h.last = seen
}

func (h *hops) carry() hops { return hops{last: h.last} }

// FirstHops returns the TTL or hop limit, 0 to 255, of the window's first reply
// that tells it.
func (w *Window) FirstHops() (int, bool) { return int(w.hops.first) - 1, w.hops.first != 0 }

// LastHops returns the TTL or hop limit, 0 to 255, of the last reply that tells
// it, in this window or before it.
func (w *Window) LastHops() (int, bool) { return int(w.hops.last) - 1, w.hops.last != 0 }

// HopsChanges returns how often a reply of this window came with another TTL or
// hop limit than the reply before it.
func (w *Window) HopsChanges() uint64 { return uint64(w.hops.changes) }
