package standin

import (
	"errors"
	"time"

	"github.com/rawping/rawping/internal/check"
)

// patience is how long a packet must have been in flight at the end to be lost:
// nearly as long as it was until the next one.
const patience = 900 * time.Millisecond

// plan says what to send: what ping -c PACKETS -w SECONDS does, which is a packet
// every second until so many were answered or the time is up. Several hosts begin
// one after the other, so that the first of them that is alive is named.
func (p *ping) plan() *check.Plan {
	packets := float64(p.packets)
	needed := ticks(p.critical.rta*packets/1000+packets, time.Second).Truncate(time.Second)
	timeout := max(p.timeout, needed, time.Second)
	plan := &check.Plan{
		Packets: int(timeout/time.Second) + 1, Interval: time.Second, Size: 56,
		Stagger: min(time.Second, timeout/time.Duration(2*len(p.hosts))),
		Wait:    timeout, Timeout: timeout, Patience: patience,
		Resolved: p.resolved, After: p.after,
	}
	for _, name := range p.hosts {
		plan.Targets = append(plan.Targets, check.Target{Name: name, Family: p.family})
	}
	return plan
}

// resolved lets one host without an address spoil it all.
func (p *ping) resolved(hosts []*check.Host) error {
	for _, h := range hosts {
		if h.Err != nil {
			return misused{errors.New("check_ping: " + invalidHost(h))}
		}
	}
	return nil
}

// after ends it all with the last reply that is wanted, or the first of several
// hosts that are only to be alive. An ICMP error ends what is sent to its host, and
// so does a first packet that cannot be sent.
func (p *ping) after(h *check.Host) check.Next {
	counts := h.Window.Counts()
	wanted := uint64(p.packets) //nolint:gosec // it is positive
	if len(p.hosts) > 1 {
		wanted = 1
	}
	switch {
	case counts.Replies >= wanted:
		return check.RunDone
	case counts.Refused > 0, counts.NotSent > 0 && counts.Sent() == 0:
		return check.HostDone
	}
	return check.GoOn
}
