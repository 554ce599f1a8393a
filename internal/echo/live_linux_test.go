package echo_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
)

// TestNoSocketLeft counts what the process has open besides files, before a run and
// after it: sockets, of both families, and what waits for them.
func TestNoSocketLeft(t *testing.T) {
	run := func() { live(t, icmpsock.Config{}, 3, 2, func(*echo.Event) {}) }
	run() // Go's own poller stays
	before := descriptors(t)
	run()
	require.Equal(t, before, descriptors(t))
}

// descriptors counts the process's open descriptors by kind, files left out.
func descriptors(t *testing.T) map[string]int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	kinds := map[string]int{}
	for _, entry := range entries {
		target, err := os.Readlink("/proc/self/fd/" + entry.Name())
		kind, _, found := strings.Cut(target, ":")
		if err == nil && found && !strings.HasPrefix(target, "/") {
			kinds[kind]++
		}
	}
	return kinds
}
