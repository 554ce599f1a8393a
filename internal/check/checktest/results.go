// Package checktest makes results of events, for the tests of those who judge
// and render them.
package checktest

import (
	"errors"
	"net/netip"
	"time"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/resolve"
)

// Results returns what a plan came to whose targets met these events. A target
// that is no address has none.
func Results(plan *check.Plan, end check.Ending, events ...[]echo.Event) *check.Results {
	r := &check.Results{Plan: plan, Ending: end}
	for i, target := range plan.Targets {
		h := &check.Host{Name: target.Name, Target: i, Packets: plan.Packets}
		var err error
		if h.Addr, err = netip.ParseAddr(h.Name); err != nil {
			h.Err = &resolve.Error{Host: h.Name, Kind: resolve.NotFound, Err: errors.New("name does not resolve")}
		}
		if i < len(events) {
			for k := range events[i] {
				events[i][k].Number = uint64(k + 1)
				h.Observe(&events[i][k])
			}
		}
		h.Settle(plan, end)
		r.Hosts = append(r.Hosts, h)
	}
	return r
}

// Lost is a packet that nothing answered.
func Lost() echo.Event { return echo.Event{Kind: echo.Lost} }

// Reply is a packet that was answered.
func Reply(rtt time.Duration) echo.Event {
	return echo.Event{Kind: echo.Reply, RTT: rtt, Hops: 64}
}

// Unsent is a packet that never left.
func Unsent(cause icmpsock.Cause) echo.Event {
	return echo.Event{Kind: echo.NotSent, Cause: cause}
}

// Refused is a packet that met an ICMP error.
func Refused(typ, code uint8, router netip.Addr) echo.Event {
	return echo.Event{Kind: echo.Refused, ICMP: echo.ICMPError{Type: typ, Code: code, Router: router}}
}

// Flying is a packet that was in flight for so long when the run was ended.
func Flying(waited time.Duration) echo.Event {
	return echo.Event{Kind: echo.Abandoned, Sent: 1, At: echo.Instant(1).Add(waited)}
}

// Many returns n events that are alike.
func Many(n int, ev echo.Event) []echo.Event {
	events := make([]echo.Event, n)
	for i := range events {
		events[i] = ev
	}
	return events
}

// Join returns the events of all lists in order.
func Join(lists ...[]echo.Event) (all []echo.Event) {
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}
