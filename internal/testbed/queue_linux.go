package testbed

import (
	"container/heap"
	"time"
)

// packet is one that waits to leave.
type packet struct {
	at    time.Duration // since the responder began
	order uint64        // packets of the same time leave in this order
	data  []byte
	entry *Entry // of the request that it answers; nil: it answers none
	index int    // in the queue; -1: it has left
}

// queue is what waits to leave, the earliest first.
type queue struct {
	packets []*packet
	order   uint64
}

// put adds a packet, which answers the request of an entry, or none (nil).
func (q *queue) put(at time.Duration, data []byte, entry *Entry) *packet {
	q.order++
	p := &packet{at: at, order: q.order, data: data, entry: entry}
	heap.Push(q, p)
	return p
}

// move makes a waiting packet leave at another time, after all others of that time.
func (q *queue) move(p *packet, at time.Duration) {
	q.order++
	p.at, p.order = at, q.order
	heap.Fix(q, p.index)
}

// due takes the next packet that may leave by now; nil if there is none.
func (q *queue) due(now time.Duration) *packet {
	if len(q.packets) == 0 || q.packets[0].at > now {
		return nil
	}
	return heap.Pop(q).(*packet)
}

// Len implements [heap.Interface].
func (q *queue) Len() int { return len(q.packets) }

// Less implements [heap.Interface].
func (q *queue) Less(i, j int) bool {
	a, b := q.packets[i], q.packets[j]
	return a.at < b.at || a.at == b.at && a.order < b.order
}

// Swap implements [heap.Interface].
func (q *queue) Swap(i, j int) {
	q.packets[i], q.packets[j] = q.packets[j], q.packets[i]
	q.packets[i].index, q.packets[j].index = i, j
}

// Push implements [heap.Interface].
func (q *queue) Push(x any) {
	p := x.(*packet)
	p.index = len(q.packets)
	q.packets = append(q.packets, p)
}

// Pop implements [heap.Interface].
func (q *queue) Pop() any {
	last := len(q.packets) - 1
	p := q.packets[last]
	q.packets[last] = nil
	q.packets = q.packets[:last]
	p.index = -1
	return p
}
