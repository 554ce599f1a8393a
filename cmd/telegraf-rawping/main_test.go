package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const ms = time.Millisecond

const loopback = "[[inputs.rawping]]\n  urls = [\"127.0.0.1\"]\n  ping_interval = \"20ms\"\n"

// binary is the program, built once, where any user may run it.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "telegraf-rawping")
	if err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", err
	}
	file := filepath.Join(dir, "telegraf-rawping")
	build := exec.Command("go", "build", "-buildvcs=false", "-ldflags", "-X main.version=1.2.3", "-o", file, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as make build does: the real one has no cgo
	out, err := build.CombinedOutput()
	if err != nil {
		return "", errors.Join(errors.New(string(out)), os.RemoveAll(dir))
	}
	return file, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if file, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(file))
	}
	os.Exit(code)
}

// program returns the path of the built program.
func program(t *testing.T) string {
	t.Helper()
	file, err := binary()
	require.NoError(t, err)
	return file
}

// file writes a configuration that any user may read.
func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "rawping.conf")
	require.NoError(t, os.Chmod(filepath.Dir(filepath.Dir(name)), 0o755))
	require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	return name
}

// patience is how long the program may take for what a test waits for.
const patience = time.Minute

// process is the program, running.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	lines  chan string // of standard output
	stderr bytes.Buffer
}

func start(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{cmd: cmd, lines: make(chan string, 1000)}
	var err error
	p.stdin, err = cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Stderr = &p.stderr
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	go func() {
		defer close(p.lines)
		for s := bufio.NewScanner(stdout); s.Scan(); {
			p.lines <- s.Text()
		}
	}()
	return p
}

// line returns the next line of standard output.
func (p *process) line(t *testing.T) string {
	t.Helper()
	select {
	case line, ok := <-p.lines:
		require.True(t, ok, "it ended: %s", &p.stderr)
		return line
	case <-time.After(patience):
		require.FailNow(t, "no line", "%s", &p.stderr)
	}
	return ""
}

// end waits for the end and returns what was still written.
func (p *process) end(t *testing.T) (rest []string) {
	t.Helper()
	late := time.AfterFunc(patience, func() { _ = p.cmd.Process.Kill() })
	defer late.Stop()
	for line := range p.lines {
		rest = append(rest, line)
	}
	require.NoError(t, p.cmd.Wait(), "%s", &p.stderr)
	return rest
}

var answered = regexp.MustCompile(`^rawping,url=127\.0\.0\.1 .*\bresult_code=0i\b.* \d+$`)

// requireAnswered wants a line that tells of replies only. On a busy machine there may
// be a window in which no probe was decided.
func requireAnswered(t *testing.T, line string) {
	t.Helper()
	if strings.Contains(line, ",packets_transmitted=0i,") {
		require.NotContains(t, line, "result_code=")
		return
	}
	require.Regexp(t, answered, line)
}

// As inputs.execd runs it with signal = "STDIN": each line is a request.
func TestLinesOnStandardInput(t *testing.T) {
	needSockets(t)
	p := start(t, exec.Command(program(t), "-config", file(t, loopback), "-poll_interval_disabled"))
	for n := range 3 {
		_, err := io.WriteString(p.stdin, "\n")
		require.NoError(t, err)
		line := p.line(t)
		requireAnswered(t, line)
		if n == 0 {
			require.Regexp(t, answered, line, "the first waits for a reply")
		}
		time.Sleep(600 * ms) // one that comes sooner may have been put off by the first
	}
	require.NoError(t, p.stdin.Close())
	for _, line := range p.end(t) { // Stop flushes
		requireAnswered(t, line)
	}
	require.Empty(t, p.stderr.String(), "nothing to say")
}

func TestPollInterval(t *testing.T) {
	needSockets(t)
	p := start(t, exec.Command(program(t), "-config", file(t, loopback), "-poll_interval", "200ms"))
	first := stamp(t, p.line(t))
	last := first
	for range 4 {
		line := p.line(t)
		requireAnswered(t, line)
		last = stamp(t, line)
	}
	require.Greater(t, last-first, 200*ms, "it may be put off, but not all of it")
	require.NoError(t, p.stdin.Close())
	p.end(t)
}

// stamp returns the time of a metric.
func stamp(t *testing.T, line string) time.Duration {
	t.Helper()
	n, err := strconv.ParseInt(line[strings.LastIndexByte(line, ' ')+1:], 10, 64)
	require.NoError(t, err, line)
	return time.Duration(n)
}

func TestSignalsEndIt(t *testing.T) {
	needSockets(t)
	for _, signal := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		p := start(t, exec.Command(program(t), "-config", file(t, loopback), "-poll_interval", "100ms"))
		p.line(t)
		require.NoError(t, p.cmd.Process.Signal(signal))
		p.end(t)
	}
}

// The first Gather waits for a host that does not answer; the end does not wait
// for that.
func TestEndsWhileItWaits(t *testing.T) {
	config := file(t, "[[inputs.rawping]]\n  urls = [\"198.51.100.7\"]\n  timeout = \"1h\"\n")
	for name, end := range map[string]func(*process){
		"SIGTERM":               func(p *process) { _ = p.cmd.Process.Signal(syscall.SIGTERM) },
		"end of standard input": func(p *process) { _ = p.stdin.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, inSilence(t, exec.Command(program(t), "-config", config, "-poll_interval_disabled")))
			_, err := io.WriteString(p.stdin, "\n")
			require.NoError(t, err)
			require.Eventually(t, func() bool { return hasSent(p) }, patience, ms)
			select {
			case line := <-p.lines:
				require.FailNow(t, "it did not wait", line)
			case <-time.After(500 * ms):
			}
			end(p)
			require.Empty(t, p.end(t), "nothing was decided")
		})
	}
}

// execd logs a line at the level that its first characters tell.
func TestLogLines(t *testing.T) {
	p := start(t, exec.Command(program(t), "-poll_interval", "100ms", "-config",
		file(t, "[[inputs.rawping]]\n  urls = [\"fe80::1%missing0\"]\n")))
	require.Contains(t, p.line(t), "result_code=2i")
	p.line(t)
	require.NoError(t, p.stdin.Close())
	p.end(t)
	require.Regexp(t, `^E! Cannot send to "fe80::1%missing0", trying again: [^\n]*missing0[^\n]*\n$`, p.stderr.String())
}

// A user without rights, in a network namespace where nobody has any.
func TestWithoutRights(t *testing.T) {
	cmd := exec.Command(program(t), "-config", file(t, loopback), "-poll_interval", "100ms")
	p := start(t, unprivileged(t, cmd))
	require.Contains(t, p.line(t), "result_code=2i")
	require.NotContains(t, p.line(t), "percent_packet_loss")
	require.NoError(t, p.stdin.Close())
	p.end(t)
	require.Regexp(t, `^E! Cannot send to "127\.0\.0\.1", trying again: [^\n]*setcap cap_net_raw\+p [^\n]*net\.ipv4\.ping_group_range[^\n]*\n$`, p.stderr.String())
}

// A file capability is enough, and is raised only to open a socket.
func TestFileCapability(t *testing.T) {
	need(t, "setcap")
	copied := filepath.Join(filepath.Dir(program(t)), "capable")
	content, err := os.ReadFile(program(t))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(copied, content, 0o755))
	needRoot(t)
	out, err := exec.Command("setcap", "cap_net_raw+p", copied).CombinedOutput()
	if err != nil {
		unable(t, "needs file capabilities: "+string(out))
	}
	p := start(t, unprivileged(t, exec.Command(copied, "-config", file(t, loopback), "-poll_interval", "100ms")))
	require.Regexp(t, answered, p.line(t))
	requireAnswered(t, p.line(t))
	tasks, err := filepath.Glob("/proc/" + pid(p) + "/task/*/status")
	require.NoError(t, err)
	require.NotEmpty(t, tasks)
	for _, task := range tasks {
		status, err := os.ReadFile(task)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		require.NoError(t, err)
		require.Regexp(t, `(?m)^CapPrm:\t0000000000002000$`, string(status))
		require.Regexp(t, `(?m)^CapEff:\t0000000000000000$`, string(status))
	}
	require.NoError(t, p.stdin.Close())
	p.end(t)
	require.Empty(t, p.stderr.String())
}

func TestStaticBinary(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("how it is linked is told by /proc on Linux only")
	}
	out, err := exec.Command("go", "version", "-m", program(t)).CombinedOutput()
	require.NoError(t, err)
	require.Contains(t, string(out), "CGO_ENABLED=0")
	require.True(t, strings.Contains(string(out), "github.com/influxdata/telegraf\tv1.39.3"))
}
