package native

import (
	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/nagios"
)

// judge returns the worst status of all hosts. A run that was stopped is judged
// by nobody.
func (s *settings) judge(r *check.Results) nagios.Status {
	if r.Ending.Signal != "" {
		return nagios.UNKNOWN
	}
	worst := nagios.OK
	for _, h := range r.Hosts {
		worst = nagios.Worst(worst, s.limits.Judge(h))
	}
	return worst
}
