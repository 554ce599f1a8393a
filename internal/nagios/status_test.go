package nagios_test

import (
	"testing"

	"github.com/rawping/rawping/internal/nagios"
)

func TestStatus(t *testing.T) {
	for status, want := range map[nagios.Status]string{
		nagios.OK: "OK", nagios.WARNING: "WARNING", nagios.CRITICAL: "CRITICAL", nagios.UNKNOWN: "UNKNOWN",
		7: "Status(7)",
	} {
		if got := status.String(); got != want {
			t.Errorf("%d is %q, want %q", int(status), got, want)
		}
	}
}

func TestWorst(t *testing.T) {
	order := []nagios.Status{nagios.OK, nagios.UNKNOWN, nagios.WARNING, nagios.CRITICAL}
	for i, a := range order {
		for j, b := range order {
			if got := nagios.Worst(a, b); got != order[max(i, j)] {
				t.Errorf("Worst(%v, %v) = %v", a, b, got)
			}
		}
	}
}
