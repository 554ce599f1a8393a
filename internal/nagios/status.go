package nagios

import (
	"fmt"
	"strings"
)

// Status is what a plugin found out. Its number is the exit code.
type Status int

// The statuses, guidelines "Plugin Return Codes".
const (
	OK       Status = 0
	WARNING  Status = 1
	CRITICAL Status = 2
	UNKNOWN  Status = 3
)

// String returns the word that the status line begins with.
func (s Status) String() string {
	switch s {
	case OK:
		return "OK"
	case WARNING:
		return "WARNING"
	case CRITICAL:
		return "CRITICAL"
	case UNKNOWN:
		return "UNKNOWN"
	}
	return fmt.Sprintf("Status(%d)", int(s))
}

// ParseStatus reads a status by its word, in either case.
func ParseStatus(s string) (Status, error) {
	for _, status := range []Status{OK, WARNING, CRITICAL, UNKNOWN} {
		if strings.EqualFold(s, status.String()) {
			return status, nil
		}
	}
	return UNKNOWN, fmt.Errorf("%s is not a state: want ok, warning, critical or unknown", quote(s))
}

// Worst returns the worse of two statuses: CRITICAL, then WARNING, then
// UNKNOWN, then OK, as max_state_alt of the Monitoring Plugins has it. Their
// older max_state puts OK before UNKNOWN, so that one host that is well would
// hide another of which nothing is known.
func Worst(a, b Status) Status {
	if a.rank() >= b.rank() {
		return a
	}
	return b
}

// rank is greater for what is worse. What is no status at all is unknown.
func (s Status) rank() int {
	switch s {
	case OK:
		return 0
	case WARNING:
		return 2
	case CRITICAL:
		return 3
	}
	return 1
}
