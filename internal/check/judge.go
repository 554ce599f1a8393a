package check

import (
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/nagios"
)

// Limits are thresholds for the mean RTT and the loss.
type Limits struct {
	Warning, Critical nagios.PingThreshold

	Exclusive bool // at the threshold is not yet over it, as check_fping has it
}

// Judge returns the status of a host by the limits.
func (l Limits) Judge(h *Host) nagios.Status {
	loss, decided := h.Loss()
	if !decided {
		return h.Unsent()
	}
	rta, replied := h.Window.Mean()
	switch {
	case replied && l.over(float64(rta), float64(l.Critical.RTA)), l.over(loss, l.Critical.Loss):
		return nagios.CRITICAL
	case replied && l.over(float64(rta), float64(l.Warning.RTA)), l.over(loss, l.Warning.Loss):
		return nagios.WARNING
	}
	return nagios.OK
}

func (l Limits) over(value, limit float64) bool {
	return value > limit || value == limit && !l.Exclusive
}

// Unsent returns the status of a host of which the network said nothing: a
// missing way to it is a fault out there, anything else is one of this host. So
// is a way that is too narrow for packets that must not be fragmented: a router
// says so once, and then the kernel does, which remembers it.
func (h *Host) Unsent() nagios.Status {
	if len(h.Failures) == 0 || len(h.GiveUps) > 0 || h.LeftOut > 0 {
		return nagios.UNKNOWN
	}
	for _, f := range h.Failures {
		narrow := f.Key.Cause == icmpsock.TooBig && h.whole
		if !narrow && !f.Key.Cause.RouteMissing() {
			return nagios.UNKNOWN
		}
	}
	return nagios.CRITICAL
}

// Loss returns the loss in per cent, rounded once: a ratio times 100 is rounded
// twice, and 29 of 100 would then lie below 29%. It is false when nothing was
// decided.
func (h *Host) Loss() (percent float64, ok bool) {
	counts := h.Window.Counts()
	decided := counts.Decided()
	if decided == 0 {
		return 0, false
	}
	return float64(100*(counts.Lost+counts.Refused)) / float64(decided), true
}
