//go:build unix && !solaris && !illumos

package native

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/nagios"
)

func TestLockPatience(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	err := withState(file, time.Second, func(string) string {
		for _, patience := range []time.Duration{-time.Second, 0, 50 * ms} {
			began := time.Now()
			err := withState(file, patience, func(text string) string { return text })
			assert.ErrorContains(t, err, "another process has had it locked")
			assert.GreaterOrEqual(t, time.Since(began), patience-2*lockPause)
		}
		s := parsed(t, "-t 3 192.0.2.1 --on-change --state-file "+file)
		began := time.Now()
		news, printed, _ := s.remember(nagios.OK, &check.Results{Plan: s.plan, Took: 3*time.Second - 20*ms}, noon)
		assert.Contains(t, strings.Join(news, ""), "another process has had it locked")
		assert.True(t, printed)
		assert.Less(t, time.Since(began), lockPatience, "what is left of -t is less")
		return ""
	})
	assert.NoError(t, err)
}
