package testbed

import "net/netip"

// Bounds of what can be replayed: so many replies of all addresses together,
// none of them longer than this.
const (
	historyLen = 4096
	historyMax = 2048
)

// history is a ring of the last undamaged replies.
type history struct {
	replies []old
	next    int
}

// old is a reply that was sent.
type old struct {
	src  netip.Addr
	data []byte
}

// add remembers a reply.
func (h *history) add(src netip.Addr, data []byte) {
	if len(data) > historyMax {
		return
	}
	if len(h.replies) < historyLen {
		h.replies = append(h.replies, old{src, data})
		return
	}
	h.replies[h.next] = old{src, data}
	h.next = (h.next + 1) % historyLen
}

// last returns the last n replies from an address, the newest first.
func (h *history) last(src netip.Addr, n int) [][]byte {
	var found [][]byte
	for i := len(h.replies) - 1; i >= 0 && len(found) < n; i-- {
		if o := h.replies[(h.next+i)%len(h.replies)]; o.src == src {
			found = append(found, o.data)
		}
	}
	return found
}
