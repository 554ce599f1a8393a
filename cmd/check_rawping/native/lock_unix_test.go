//go:build unix && !solaris && !illumos

package native

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/nagios"
)

func TestLockPatience(t *testing.T) {
	synctest.Test(t, testLockPatience)
}

func testLockPatience(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	err := withState(file, time.Second, func(string) string {
		for patience, waited := range map[time.Duration]time.Duration{-time.Second: 0, 0: 0, 50 * ms: 50*ms - lockPause} {
			began := time.Now()
			err := withState(file, patience, func(text string) string { return text })
			assert.ErrorContains(t, err, "another process has had it locked")
			assert.Equal(t, waited, time.Since(began), patience)
		}
		s := parsed(t, "-t 3 192.0.2.1 --on-change --state-file "+file)
		began := time.Now()
		news, printed, _ := s.remember(nagios.OK, &check.Results{Plan: s.plan, Took: 3*time.Second - 20*ms}, noon)
		assert.Contains(t, strings.Join(news, ""), "another process has had it locked")
		assert.True(t, printed)
		assert.Equal(t, 20*ms-lockPause, time.Since(began), "what is left of -t")
		return ""
	})
	assert.NoError(t, err)
}
