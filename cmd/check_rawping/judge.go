package main

import (
	"github.com/rawping/rawping/internal/nagios"
	"github.com/rawping/rawping/internal/stats"
)

// ending is what ended the run before every packet had its verdict.
type ending struct {
	deadline bool
	signal   string // its name
}

// report is all that is known when the run is over. It is judged and rendered
// without another look at the world.
type report struct {
	*settings
	list    []*host
	ending  ending
	notices []string // what became of the sockets
}

// settle closes the accounts of all hosts.
func (r *report) settle() {
	for _, h := range r.list {
		h.settle(r.ending.deadline, r.wait)
	}
}

// judge returns the worst status of all hosts. A run that was stopped is judged
// by nobody.
func (r *report) judge() nagios.Status {
	if r.ending.signal != "" {
		return nagios.UNKNOWN
	}
	worst := nagios.OK
	for _, h := range r.list {
		worst = nagios.Worst(worst, h.judge(r.settings))
	}
	return worst
}

// judge returns the status of a host. At the threshold is over it.
func (h *host) judge(s *settings) nagios.Status {
	counts := h.window.Counts()
	loss, decided := lossOf(&counts)
	if !decided {
		return h.judgeUnsent()
	}
	rta, replied := h.window.Mean()
	over := func(t nagios.PingThreshold) bool {
		return replied && rta >= t.RTA || loss >= t.Loss
	}
	switch {
	case over(s.critical):
		return nagios.CRITICAL
	case over(s.warning):
		return nagios.WARNING
	}
	return nagios.OK
}

// judgeUnsent returns the status of a host of which the network said nothing: a
// missing way to it is a fault out there, anything else is one of this host.
func (h *host) judgeUnsent() nagios.Status {
	if len(h.failures) == 0 || len(h.giveUps) > 0 || h.leftOut > 0 {
		return nagios.UNKNOWN
	}
	for _, f := range h.failures {
		if !f.key.cause.RouteMissing() {
			return nagios.UNKNOWN
		}
	}
	return nagios.CRITICAL
}

// lossOf returns the loss in per cent, rounded once: a ratio times 100 is
// rounded twice, and 29 of 100 would then lie below 29%.
func lossOf(c *stats.Counts) (percent float64, ok bool) {
	decided := c.Decided()
	if decided == 0 {
		return 0, false
	}
	return float64(100*(c.Lost+c.Refused)) / float64(decided), true
}
