//go:build unix

package check

import (
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReadInput(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, []byte(strings.Repeat("x", 1<<20)), 0o600))
	text, err := ReadInput(t.Context(), file, 1<<20, time.Minute)
	require.NoError(t, err)
	assert.Len(t, text, 1<<20)
	require.NoError(t, os.WriteFile(file, []byte("\ufeffx\r\n"), 0o600))
	text, err = ReadInput(t.Context(), file, 1<<20, time.Minute)
	require.NoError(t, err)
	assert.Equal(t, "x\r\n", text)
	require.NoError(t, os.WriteFile(file, []byte(strings.Repeat("x", 1<<20+1)), 0o600))
	_, err = ReadInput(t.Context(), file, 1<<20, time.Minute)
	assert.EqualError(t, err, file+" is longer than 1 MiB")
	_, err = ReadInput(t.Context(), file+"no", 1, time.Minute)
	assert.ErrorIs(t, err, os.ErrNotExist)
	_, err = ReadInput(t.Context(), filepath.Dir(file), 1, time.Minute)
	assert.ErrorIs(t, err, syscall.EISDIR)
}

// A pipe that nobody writes to holds the program up no longer than it may, and a
// signal ends it at once. Nobody writes again, so the waiting goroutines are left
// behind, as they are when the program exits.
func TestReadInputWaitsForNobody(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	_, err := ReadInput(t.Context(), pipe, 1, 100*ms)
	assert.EqualError(t, err, pipe+" did not end within 100ms; want a file, or who writes all of it by then")

	stopped := UntilStopped()
	t.Cleanup(func() { signal.Reset(endings...) })
	require.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGTERM))
	_, err = ReadInput(stopped, pipe, 1, time.Minute)
	assert.EqualError(t, err, "stopped by SIGTERM while reading "+pipe)
}
