package native

import (
	"errors"
	"net/netip"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/nagios"
	"github.com/rawping/rawping/internal/resolve"
)

// judge returns the status of all hosts together. A run that was stopped is
// judged by nobody.
func (s *settings) judge(r *check.Results) nagios.Status {
	if r.Ending.Signal != "" {
		return nagios.UNKNOWN
	}
	var t tally
	for _, h := range r.Hosts {
		t.add(s.judgeHost(h))
	}
	return t.judge(s.minAlive)
}

// judgeHost returns the status of a host: the worst by its limits.
func (v *verdictSettings) judgeHost(h *check.Host) nagios.Status {
	if h.Err != nil {
		if v.unresolved(h) {
			return v.dnsFailure
		}
		return nagios.UNKNOWN
	}
	if _, decided := h.Loss(); !decided {
		return h.Unsent()
	}
	worst := nagios.OK
	limits := v.limitsOf(h.Target)
	for i := range limits {
		worst = nagios.Worst(worst, limits[i].judge(h))
	}
	return worst
}

// unresolved reports whether a host is a name without an address, for whatever
// reason but that it cannot be a name.
func (v *verdictSettings) unresolved(h *check.Host) bool {
	failure, ok := errors.AsType[*resolve.Error](h.Err)
	if !ok || failure.Kind == resolve.BadName {
		return false
	}
	_, err := netip.ParseAddr(h.Name)
	return err != nil
}

// outlook returns the best and the worst status that a host can come to with so
// many packets to come.
func (v *verdictSettings) outlook(h *check.Host, rest int, plan *check.Plan) (best, worst nagios.Status) {
	if rest <= 0 {
		status := v.judgeHost(h)
		return status, status
	}
	if _, decided := h.Loss(); !decided {
		return nagios.OK, nagios.CRITICAL
	}
	limits := v.limitsOf(h.Target)
	for i := range limits {
		b, w := limits[i].outlook(h, rest, plan.Wait)
		best, worst = nagios.Worst(best, b), nagios.Worst(worst, w)
	}
	return best, worst
}

// tally is how many hosts have which status.
type tally [4]int

func (t *tally) add(s nagios.Status) { t[s]++ }

// judge returns the worst status of all hosts or, if so many alive are enough,
// the best that so many have.
func (t *tally) judge(minAlive int) nagios.Status {
	if minAlive > 0 {
		if t[nagios.OK] >= minAlive {
			return nagios.OK
		}
		if t[nagios.OK]+t[nagios.WARNING] >= minAlive {
			return nagios.WARNING
		}
	}
	worst := nagios.OK
	for status, n := range t {
		if n > 0 {
			worst = nagios.Worst(worst, nagios.Status(status))
		}
	}
	return worst
}
