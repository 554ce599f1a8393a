package check

import (
	"time"

	"github.com/rawping/rawping/internal/echo"
)

// Results is all that is known when a measurement is over. Whatever is said of
// it is said without another look at the world.
type Results struct {
	Plan    *Plan
	Hosts   []*Host
	Ending  Ending
	Notices []string // what became of the sockets

	Resolved time.Duration // from the beginning until all names were looked up
	Took     time.Duration // from the beginning until the last verdict
	Counters echo.Counters // the engine's
}

// Ending is what ended a measurement before every packet had its verdict. The
// zero value is that nothing did.
type Ending struct {
	Deadline bool
	Signal   string // its name
}

// String names what ended the measurement, or is "".
func (e Ending) String() string {
	switch {
	case e.Signal != "":
		return e.Signal
	case e.Deadline:
		return "the deadline"
	}
	return ""
}

// settle closes the accounts of all hosts.
func (r *Results) settle() {
	for _, h := range r.Hosts {
		h.Settle(r.Plan, r.Ending)
	}
}
