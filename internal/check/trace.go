package check

import (
	"net/netip"
	"time"

	"github.com/rawping/rawping/internal/echo"
)

const (
	// mostHops is how far a trace goes: as far as traceroute(8) does.
	mostHops = 30

	// mostTraces is to how many hosts the path is traced: if more are dead, it is
	// for a reason that these will show.
	mostTraces = 16

	// hopPackets go to each hop, for one may be lost, hopInterval apart.
	hopPackets  = 2
	hopInterval = 100 * time.Millisecond
)

// Hop is what a packet met that was allowed to pass so many routers less one.
type Hop struct {
	Limit   int        // the hop limit, from 1
	From    netip.Addr // who answered; invalid: nobody
	RTT     time.Duration
	Reached bool     // the host itself answered
	Refusal *Refusal // what came instead, unless it was the end of the hop limit
	Unsent  string   // why no packet went; "": one did
}

// trace walks the hop limits to a host that has answered nothing, all of them
// at once.
func (m *measurement) trace(h *Host) {
	if c := h.Window.Counts(); h.Path != nil || c.Replies > 0 || c.Decided() == 0 || m.traces == mostTraces {
		return
	}
	m.traces++
	h.Path = make([]Hop, mostHops)
	for i := range h.Path {
		probe := h.probe
		probe.Count, probe.Interval, probe.Eager, probe.Delay = hopPackets, hopInterval, false, 0
		probe.Timeout = min(m.Plan.Wait, leastWait)
		probe.Hops = i + 1
		hop := &hopProbe{Hop: &h.Path[i]}
		hop.Limit = i + 1
		probe.Ref = hop
		hop.id, _ = m.engine.Add(probe) // it differs in nothing that could be wrong
	}
}

// hopProbe is what the engine's events say which hop it is by.
type hopProbe struct {
	*Hop
	id echo.TargetID
}

func (m *measurement) observeHop(ev *echo.Event) {
	hop := ev.Ref.(*hopProbe)
	if hop.From.IsValid() {
		return
	}
	switch ev.Kind {
	case echo.Reply, echo.Late:
		hop.Reached = true
	case echo.Refused, echo.LateRefusal:
		if r := refusalOf(ev); !r.hopLimit() {
			hop.Refusal = &r
		}
	case echo.NotSent:
		hop.Unsent = failureOf(ev).Words
		return
	default:
		return
	}
	hop.From, hop.RTT, hop.Unsent = ev.From, ev.RTT, ""
	m.engine.Remove(hop.id)
}

// hopLimit reports whether the error is that a packet came to the end of its
// hop limit: time exceeded in transit, ICMPv4 11/0 (RFC 792) or ICMPv6 3/0
// (RFC 4443).
func (e Refusal) hopLimit() bool {
	v6 := e.Router.Is6() && !e.Router.Is4In6()
	return e.Code == 0 && (e.Type == 11 && !v6 || e.Type == 3 && v6)
}
