package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/testbed"
)

// TestUnanswered: only an answer that left in time makes a loss a breach.
func TestUnanswered(t *testing.T) {
	lost := cell{kind: echo.Lost, until: 10 * time.Second}
	for name, c := range map[string]struct {
		entry testbed.Entry
		want  bool
	}{
		"the responder lost it":  {testbed.Entry{Tally: testbed.Tally{Lost: 1}}, false},
		"in time":                {testbed.Entry{Answered: 10*time.Second - wayBack}, false},
		"too late":               {testbed.Entry{Answered: 10*time.Second - wayBack + 1}, true},
		"not before it was read": {testbed.Entry{}, true},
	} {
		require.Equal(t, c.want, lost.unanswered(&c.entry), name)
	}
}
