package check

import (
	"net/netip"
	"time"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/stats"
)

// Host is one address under probe, and what became of its packets.
type Host struct {
	Name   string     // the target's, as it was typed
	Target int        // its place in the plan
	Addr   netip.Addr // what is probed
	Err    error      // why it is not probed, or nil: a *resolve.Error if it has no address

	Packets   int // that it is to get
	Window    stats.Window
	Refusals  Tally[Refusal]
	Afterward Tally[Refusal]    // refusals of packets that were lost already
	Failures  Tally[Failure]    // packets that could not be sent
	GiveUps   Tally[Failure]    // packets that were in flight when their socket was lost
	Strangers Tally[netip.Addr] // sources of replies that came from elsewhere
	LeftOut   uint64            // packets in flight when the run was ended that say nothing of the host

	Probes []echo.Event // every verdict and further fact, if the plan keeps them
	Path   []Hop        // how far the path answers, if that was found out

	flying []echo.Event // packets in flight when the run was ended
	probe  echo.Target  // what the engine was asked for
	id     echo.TargetID
	done   bool // the plan wants no more of it
	keep   bool // every event
	whole  bool // packets must not be fragmented
}

// Refusal is an ICMP error that came instead of a reply.
type Refusal struct {
	Type, Code uint8
	Router     netip.Addr
}

// Failure is why a packet could not be sent, with the words for it.
type Failure struct {
	Cause icmpsock.Cause
	Words string
}

// Observe takes an event of the host.
func (h *Host) Observe(ev *echo.Event) {
	if h.keep {
		h.Probes = append(h.Probes, *ev)
	}
	if ev.Kind == echo.Abandoned && ev.Cause == icmpsock.Sent {
		h.flying = append(h.flying, *ev) // Settle knows what it means
		return
	}
	h.Window.Add(ev)
	switch ev.Kind {
	case echo.Refused:
		h.Refusals.add(refusalOf(ev))
	case echo.LateRefusal:
		h.Afterward.add(refusalOf(ev))
	case echo.NotSent:
		h.Failures.add(failureOf(ev))
	case echo.Abandoned:
		h.GiveUps.add(failureOf(ev))
	case echo.WrongSource:
		h.Strangers.add(ev.From)
	}
}

func refusalOf(ev *echo.Event) Refusal {
	return Refusal{ev.ICMP.Type, ev.ICMP.Code, ev.ICMP.Router}
}

// failureOf puts an event's cause into words: the system's own where they say
// more than the cause does.
func failureOf(ev *echo.Event) Failure {
	f := Failure{Cause: ev.Cause, Words: ev.Cause.String()}
	switch ev.Cause {
	case icmpsock.TooBig, icmpsock.SocketLost, icmpsock.OtherCause:
		if ev.Err != nil {
			f.Words = ev.Err.Error()
		}
	}
	return f
}

// Settle gives the packets that were in flight when the run was ended their
// meaning. One that waited long enough is lost. At the deadline, silence from a
// host that answered nothing is an answer too: what else it could be, no more time
// will tell. All others are left out.
func (h *Host) Settle(p *Plan, end Ending) {
	h.whole = p.DontFragment
	silent := h.Window.Counts().Replies == 0
	enough := h.enough(p, end)
	for i := range h.flying {
		ev := &h.flying[i]
		if ev.At.Sub(ev.Sent) >= enough || end.Deadline && silent {
			ev.Kind = echo.Lost
		} else {
			h.LeftOut++
		}
		h.Window.Add(ev)
	}
	h.flying = nil
}

// enough returns how long a packet that was in flight at the end must have waited
// to be lost.
func (h *Host) enough(p *Plan, end Ending) time.Duration {
	if p.Patience == 0 || end.Signal != "" {
		return p.Wait
	}
	slowest, _ := h.Window.Max()
	return min(max(p.Patience, slowest), p.Wait)
}

// Done returns how many packets have their verdict.
func (h *Host) Done() uint64 {
	c := h.Window.Counts()
	return c.Sent() + c.NotSent
}
