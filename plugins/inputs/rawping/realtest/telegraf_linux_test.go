//go:build linux && !race

package realtest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/plugins/parsers/influx"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/testbed"
)

// patience is how long a program may take to do what a test waits for, on a
// machine that is busy.
const patience = 60 * time.Second

const root = "../../../.."

// unable ends a test that cannot run: skipped, or failed where RAWPING_REQUIRE_ALL
// says that everything must run.
func unable(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("RAWPING_REQUIRE_ALL") == "1" {
		t.Fatal("RAWPING_REQUIRE_ALL: " + why)
	}
	t.Skip(why)
}

func needRoot(t testing.TB, tools ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		unable(t, "needs root: raw sockets, namespaces, other users")
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			unable(t, "needs the program "+tool)
		}
	}
}

// build runs a script that builds a program and prints its path, once.
func build(script, kind string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		cmd := exec.Command(filepath.Join("scripts", script), kind)
		cmd.Dir = root
		var said bytes.Buffer
		cmd.Stderr = &said
		path, err := cmd.Output()
		if err != nil {
			return "", fmt.Errorf("%s %s: %w: %s", script, kind, err, &said)
		}
		return strings.TrimSpace(string(path)), nil
	})
}

// The programs. Both Telegrafs are of the version that go.mod names.
var (
	buildStock    = build("telegraf", "stock")
	buildEmbedded = build("telegraf", "embedded")
	buildLinter   = build("telegraf", "linter")
)

func stock(t testing.TB) string    { return built(t, buildStock) }
func embedded(t testing.TB) string { return built(t, buildEmbedded) }

func built(t testing.TB, build func() (string, error)) string {
	t.Helper()
	path, err := build()
	require.NoError(t, err)
	return path
}

// place is a directory for configuration and output that any user may reach.
type place struct {
	t   testing.TB
	dir string
}

func newPlace(t testing.TB) place {
	t.Helper()
	dir, err := os.MkdirTemp("", "rawping-real-") //nolint:usetesting // only root reaches the test's own
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755))
	return place{t, dir}
}

func (p place) path(name string) string { return filepath.Join(p.dir, name) }

func (p place) put(name string, lines ...string) (path string) {
	p.t.Helper()
	require.NoError(p.t, os.WriteFile(p.path(name), []byte(strings.Join(lines, "\n")+"\n"), 0o644))
	return p.path(name)
}

// agentTable has the metrics flow at once.
const agentTable = `[agent]
  interval = "500ms"
  flush_interval = "500ms"
  round_interval = false
  omit_hostname = true
  skip_processors_after_aggregators = true
`

// toFile is an output to a file.
func (p place) toFile(name string) string {
	return fmt.Sprintf("[[outputs.file]]\n  files = [%q]\n", p.path(name))
}

// metrics returns what such an output has written so far.
func (p place) metrics(name string) []telegraf.Metric {
	p.t.Helper()
	text, err := os.ReadFile(p.path(name))
	if err != nil && !os.IsNotExist(err) {
		require.NoError(p.t, err)
	}
	if end := bytes.LastIndexByte(text, '\n'); end >= 0 {
		text = text[:end+1] // what is half written comes later
	} else {
		text = nil
	}
	return parse(p.t, string(text))
}

func parse(t testing.TB, text string) []telegraf.Metric {
	t.Helper()
	if text == "" {
		return nil
	}
	parser := &influx.Parser{}
	require.NoError(t, parser.Init())
	metrics, err := parser.Parse([]byte(text))
	require.NoError(t, err, text)
	return metrics
}

// of returns the metrics of a measurement and a url.
func of(metrics []telegraf.Metric, measurement, url string) (found []telegraf.Metric) {
	for _, m := range metrics {
		if m.Name() == measurement && m.Tags()["url"] == url {
			found = append(found, m)
		}
	}
	return found
}

// sum adds a field up.
func sum(metrics []telegraf.Metric, field string) (n int64) {
	for _, m := range metrics {
		v, _ := m.Fields()[field].(int64)
		n += v
	}
	return n
}

// agent is a program that runs until the test ends it.
type agent struct {
	t     testing.TB
	cmd   *exec.Cmd
	ended chan struct{}

	mu  sync.Mutex
	log bytes.Buffer
}

// Write takes what it prints.
func (a *agent) Write(text []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.log.Write(text)
}

func (a *agent) said() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.log.String()
}

// command returns a command in a network namespace, or on this machine's if ns is nil.
func command(ns *testbed.Namespace, name string, args ...string) *exec.Cmd {
	if ns == nil {
		return exec.Command(name, args...)
	}
	return ns.Command(name, args...)
}

func start(t testing.TB, cmd *exec.Cmd) *agent {
	t.Helper()
	a := &agent{t: t, cmd: cmd, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = a, a
	require.NoError(t, cmd.Start())
	go func() {
		defer close(a.ended)
		_ = cmd.Wait() // the code is read by those who want it
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-a.ended
		if t.Failed() {
			t.Log(a.said())
		}
	})
	return a
}

// await waits until ready says so.
func (a *agent) await(what string, ready func() bool) {
	a.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if ready() {
			return
		}
		select {
		case <-a.ended:
			if !ready() {
				require.FailNow(a.t, "it ended before "+what, a.said())
			}
			return
		default:
		}
	}
	require.FailNow(a.t, "no "+what, a.said())
}

func (a *agent) awaitLog(text string) {
	a.t.Helper()
	a.await("log line "+text, func() bool { return strings.Contains(a.said(), text) })
}

func (a *agent) signal(s syscall.Signal) {
	a.t.Helper()
	require.NoError(a.t, a.cmd.Process.Signal(s))
}

// end waits for the end and returns the exit code.
func (a *agent) end() int {
	a.t.Helper()
	select {
	case <-a.ended:
	case <-time.After(patience):
		require.FailNow(a.t, "it did not end", a.said())
	}
	return a.cmd.ProcessState.ExitCode()
}

// stop ends it as a service manager does.
func (a *agent) stop() {
	a.t.Helper()
	a.signal(syscall.SIGTERM)
	require.Zero(a.t, a.end(), a.said())
}

// output runs a program that ends by itself.
func output(t testing.TB, cmd *exec.Cmd) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	require.NoError(t, cmd.Start())
	late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	_ = cmd.Wait() // the code says it
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}
