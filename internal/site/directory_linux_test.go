package site

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A directory stands in for one that is missing until the test ends; one that is there
// stays.
func TestStandIn(t *testing.T) {
	t.Parallel()
	there := t.TempDir()
	missing := filepath.Join(there, "missing")
	t.Run("test", func(t *testing.T) {
		standIn(t, missing)
		require.DirExists(t, missing)
		standIn(t, there)
	})
	require.NoDirExists(t, missing)
	require.DirExists(t, there)
}
