package capture

import (
	"net/netip"
	"time"
)

// Trip is what became of one echo request on the interface.
type Trip struct {
	Answered bool
	RTT      time.Duration // from the request's departure to the reply's arrival
}

// Trips pairs requests with their replies. A peer has a trip for each request, in
// the order of departure.
func Trips(frames []Frame) map[netip.Addr][]Trip {
	type echo struct {
		peer    netip.Addr
		id, seq uint16
	}
	type open struct {
		trip int
		left int64
	}
	trips := map[netip.Addr][]Trip{}
	waiting := map[echo]open{}
	for _, f := range frames {
		key := echo{f.Peer, f.ID, f.Seq}
		if !f.Reply {
			waiting[key] = open{len(trips[f.Peer]), f.Time}
			trips[f.Peer] = append(trips[f.Peer], Trip{})
			continue
		}
		if w, asked := waiting[key]; asked { // else a duplicate, or no reply to what was seen
			trips[f.Peer][w.trip] = Trip{Answered: true, RTT: time.Duration(f.Time - w.left)}
			delete(waiting, key)
		}
	}
	return trips
}
