package site

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// holderVariable makes this test binary the process that TestKilled kills.
const holderVariable = "RAWPING_SITE_HOLDER"

// of returns the processes in whose command line a word is.
func of(t testing.TB, word string) (found []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	for _, file := range files {
		line, err := os.ReadFile(file)
		if err == nil && bytes.Contains(line, []byte(word)) {
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}

// idle is a daemon that does nothing, under a user of its own, and has started a
// process in a session of its own. Its command line has the word in it.
func idle(t *testing.T, word string) *daemon {
	d := &daemon{t: t, name: "idle"}
	d.start("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c",
		`setsid sh -c 'trap "" TERM HUP; while :; do sleep 600; done' `+word+` & trap 'echo asked; exit 0' TERM; echo up; while :; do sleep 1; done`, word)
	d.await("start", func() error {
		if said := d.said.String(); said != "up\n" || len(of(t, word)) < 3 {
			return fmt.Errorf("only %q and %q", said, of(t, word))
		}
		return nil
	})
	return d
}

// Stop ends a daemon as it wishes to be ended, and what it left behind too.
func TestStop(t *testing.T) {
	t.Parallel()
	needs(t)
	word := fmt.Sprintf("rawping-stop-%d", os.Getpid())
	d := idle(t, word)
	d.stop()
	require.Equal(t, "up\nasked\n", d.said.String())
	require.NoError(t, d.result)
	require.Empty(t, of(t, word))
	d.stop()
}

// However the process ends that has a daemon, nothing of the daemon remains.
func TestKilled(t *testing.T) {
	if word := os.Getenv(holderVariable); word != "" {
		idle(t, word)
		fmt.Println("ready")
		time.Sleep(time.Minute)
		return
	}
	t.Parallel()
	needs(t)
	for _, by := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		word := fmt.Sprintf("rawping-killed-%v-%d", int(by), os.Getpid())
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$")
		cmd.Env = append(os.Environ(), holderVariable+"="+word)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for lines.Scan() && lines.Text() != "ready" {
			t.Log(lines.Text())
		}
		require.NotEmpty(t, of(t, word))
		require.NoError(t, cmd.Process.Signal(by))
		_ = cmd.Wait()
		require.Eventually(t, func() bool { return len(of(t, word)) == 0 }, patience, askEvery)
	}
}
