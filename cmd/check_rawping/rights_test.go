//go:build linux

package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/steady"
)

// TestRightsAreDropped looks at every thread of a check at work. It needs the
// static program: one with cgo cannot change all its threads.
func TestRightsAreDropped(t *testing.T) {
	needRoot(t)
	needNamespaces(t)
	needTools(t, "go", "ip", "unshare")
	program := filepath.Join(t.TempDir(), "check_rawping")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)

	steady.Run(t, func(t testing.TB) { testRightsAreDropped(t, program) })
}

func testRightsAreDropped(t testing.TB, program string) {
	check := exec.Command("unshare", "-n", "sh", "-c", `ip link set lo up; exec "$0" -n 1000 127.0.0.1 ::1`, program)
	var stderr strings.Builder
	check.Stderr = &stderr
	stdout, err := check.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, check.Start())
	t.Cleanup(func() {
		_ = check.Process.Kill()
		_ = check.Wait()
	})

	rights := uint64(1)<<unix.CAP_NET_RAW | 1<<unix.CAP_NET_ADMIN
	require.Eventually(t, func() bool { // for both sockets, then the rights
		raw, err := os.ReadFile("/proc/" + strconv.Itoa(check.Process.Pid) + "/net/raw")
		return err == nil && strings.Count(string(raw), "\n") > 1 && held(t, check.Process.Pid)&rights == 0
	}, time.Minute, 10*time.Millisecond)
	// Before a fourth request goes, the reply to the first has been read.
	require.Eventually(t, func() bool { return requests(check.Process.Pid) >= 4 }, time.Minute, 10*time.Millisecond)
	require.NoError(t, check.Process.Signal(syscall.SIGTERM))
	text, err := io.ReadAll(stdout)
	require.NoError(t, err)
	var exit *exec.ExitError
	require.True(t, errors.As(check.Wait(), &exit))
	assert.Equal(t, 3, exit.ExitCode())
	assert.Regexp(t, `^UNKNOWN - stopped by SIGTERM\. 127\.0\.0\.1: rta 0\.\d{3}ms, lost 0% :: ::1: rta 0\.\d{3}ms, lost 0%\|`, string(text))
	assert.Empty(t, stderr.String())
}

// requests returns how many echo requests have arrived over IPv6 in the network
// namespace of a process, 0 if it has ended. The IPv4 host is asked at the same times.
func requests(pid int) int {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/net/snmp6")
	found := regexp.MustCompile(`(?m)^Icmp6InEchos\s+(\d+)$`).FindStringSubmatch(string(text))
	if found == nil {
		return 0
	}
	n, _ := strconv.Atoi(found[1])
	return n
}

// held returns the capabilities that any thread of a process holds or could
// raise.
func held(t testing.TB, pid int) (all uint64) {
	t.Helper()
	files, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/status")
	assert.NoError(t, err)
	sets := regexp.MustCompile(`(?m)^Cap(Inh|Prm|Eff|Amb):\s*([0-9a-f]+)$`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended
		}
		for _, set := range sets.FindAllStringSubmatch(string(text), -1) {
			bits, err := strconv.ParseUint(set[2], 16, 64)
			assert.NoError(t, err)
			all |= bits
		}
	}
	return all
}
