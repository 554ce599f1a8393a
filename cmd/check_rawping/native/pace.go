package native

import (
	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/nagios"
)

// watch has the plan look at each verdict, if more packets may confirm what it
// came to, or fewer may do.
func (s *settings) watch() {
	if s.confirm == 0 && !s.early {
		return
	}
	p := &pacer{settings: s}
	s.plan.Resolved = p.resolved
	s.plan.After = p.after
}

// pacer decides after each verdict how many packets a host needs.
type pacer struct {
	*settings
	all     int   // hosts
	certain tally // hosts whose status no further packet can change
}

// resolved learns how many hosts there are. Those without an address have their
// status already.
func (p *pacer) resolved(hosts []*check.Host) error {
	p.all = len(hosts)
	for _, h := range hosts {
		if h.Err != nil {
			p.certain.add(p.judgeHost(h))
		}
	}
	return nil
}

func (p *pacer) after(h *check.Host) check.Next {
	rest := h.Packets - int(h.Done()) //nolint:gosec // never more than Packets
	confirming := h.Packets > p.plan.Packets
	if rest > 0 && !p.early {
		return check.GoOn
	}
	best, worst := p.outlook(h, rest, p.plan)
	switch {
	case p.early && p.decided():
		return check.RunDone // by names that did not resolve
	case best != worst:
		return check.GoOn
	case best != nagios.OK && p.confirm > 0 && !confirming:
		return check.Next(p.plan.Packets + p.confirm)
	case !p.early:
		return check.GoOn
	}
	p.certain.add(best)
	if p.decided() {
		return check.RunDone
	}
	return check.HostDone
}

// decided reports whether the status of all hosts together is the same whatever
// the open ones come to.
func (p *pacer) decided() bool {
	open := p.all
	for _, n := range p.certain {
		open -= n
	}
	best, worst := p.certain, p.certain
	best[nagios.OK] += open
	worst[nagios.CRITICAL] += open
	return best.judge(p.minAlive) == worst.judge(p.minAlive)
}
