package main

import (
	"net/netip"
	"time"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/stats"
)

// host is one host of the command line, and what became of its packets.
type host struct {
	name string     // as it was typed
	addr netip.Addr // what it stands for
	err  error      // why it is not probed, or nil

	window    stats.Window
	refusals  tally[refusal]
	afterward tally[refusal]    // refusals of packets that were lost already
	failures  tally[failure]    // packets that could not be sent
	giveUps   tally[failure]    // packets that were in flight when their socket was lost
	strangers tally[netip.Addr] // sources of replies that came from elsewhere
	flying    []echo.Event      // packets in flight when the run was ended
	leftOut   uint64            // of these, those that say nothing of the host
}

// refusal is an ICMP error that came instead of a reply.
type refusal struct {
	typ, code uint8
	router    netip.Addr
}

// failure is why a packet could not be sent, with the words for it.
type failure struct {
	cause icmpsock.Cause
	words string
}

// observe takes an event of the host. The engine calls it.
func (h *host) observe(ev *echo.Event) {
	if ev.Kind == echo.Abandoned && ev.Cause == icmpsock.Sent {
		h.flying = append(h.flying, *ev) // settle knows what it means
		return
	}
	h.window.Add(ev)
	switch ev.Kind {
	case echo.Refused:
		h.refusals.add(refusalOf(ev))
	case echo.LateRefusal:
		h.afterward.add(refusalOf(ev))
	case echo.NotSent:
		h.failures.add(failureOf(ev))
	case echo.Abandoned:
		h.giveUps.add(failureOf(ev))
	case echo.WrongSource:
		h.strangers.add(ev.From)
	}
}

func refusalOf(ev *echo.Event) refusal {
	return refusal{ev.ICMP.Type, ev.ICMP.Code, ev.ICMP.Router}
}

// failureOf puts an event's cause into words: the system's own where they say
// more than the cause does.
func failureOf(ev *echo.Event) failure {
	f := failure{cause: ev.Cause, words: ev.Cause.String()}
	switch ev.Cause {
	case icmpsock.TooBig, icmpsock.SocketLost, icmpsock.OtherCause:
		if ev.Err != nil {
			f.words = ev.Err.Error()
		}
	}
	return f
}

// settle gives the packets that were in flight when the run was ended their
// meaning. One that waited as long as any reply may take is lost. At the
// deadline, silence from a host that answered nothing is an answer too: what
// else it could be, no more time will tell. All others are left out.
func (h *host) settle(atDeadline bool, wait time.Duration) {
	silent := h.window.Counts().Replies == 0
	for i := range h.flying {
		ev := &h.flying[i]
		if ev.At.Sub(ev.Sent) >= wait || atDeadline && silent {
			ev.Kind = echo.Lost
		} else {
			h.leftOut++
		}
		h.window.Add(ev)
	}
	h.flying = nil
}

// done returns how many packets have their verdict.
func (h *host) done() uint64 {
	c := h.window.Counts()
	return c.Sent() + c.NotSent
}

// tally counts by key, in the order in which the keys were met first. There
// are few.
type tally[K comparable] []counted[K]

type counted[K comparable] struct {
	key K
	n   uint64
}

func (t *tally[K]) add(key K) {
	for i := range *t {
		if (*t)[i].key == key {
			(*t)[i].n++
			return
		}
	}
	*t = append(*t, counted[K]{key, 1})
}

// most returns what was counted most often. It wants one at least.
func (t tally[K]) most() K {
	best := t[0]
	for _, c := range t[1:] {
		if c.n > best.n {
			best = c
		}
	}
	return best.key
}
