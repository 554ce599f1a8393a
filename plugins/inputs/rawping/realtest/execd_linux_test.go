//go:build linux && !race

package realtest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/steady"
)

// buildExternal builds telegraf-rawping as make build does, once.
var buildExternal = sync.OnceValues(func() (string, error) {
	path, err := filepath.Abs(filepath.Join(root, ".build", "telegraf", "telegraf-rawping"))
	if err != nil {
		return "", err
	}
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", path, "./cmd/telegraf-rawping")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return path, nil
})

// external returns a telegraf-rawping that alone has the capability.
func (p place) external() string {
	p.t.Helper()
	needRoot(p.t, "setcap")
	path := p.path("telegraf-rawping")
	copyFile(p.t, built(p.t, buildExternal), path)
	if out, err := exec.Command("setcap", "cap_net_raw+p", path).CombinedOutput(); err != nil {
		unable(p.t, "needs file capabilities: "+string(out))
	}
	return path
}

// execd is the block that the README has.
func execd(program, config string, settings ...string) string {
	return fmt.Sprintf("[[inputs.execd]]\n  command = [%q, \"-config\", %q, \"-poll_interval_disabled\"]\n  signal = \"STDIN\"\n  %s\n",
		program, config, strings.Join(settings, "\n  "))
}

// asNobody returns a command of an ordinary user in a network namespace with a
// loopback, where no group may open ICMP sockets.
func asNobody(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	needRoot(t, "unshare", "setpriv", "ip")
	return exec.Command("unshare", append([]string{
		"-n", "sh", "-c",
		`ip link set lo up && exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"`, "sh",
	}, args...)...)
}

// A stock Telegraf is an ordinary user, and only the small program may open the
// sockets; its lines come into Telegraf's log at their own level.
func TestExecd(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	require.NoError(t, os.Chmod(p.dir, 0o777))
	program := p.external()
	copyFile(t, stock(t), p.path("telegraf"))
	rawping := p.put("rawping.conf", "[[inputs.rawping]]\n  urls = [\"127.0.0.1\", \"::1\", \"fe80::1%missing0\", \"name.invalid\"]\n  ping_interval = \"100ms\"\n  method = \"native\"\n")
	config := p.put("telegraf.conf", agentTable, execd(program, rawping, `name_override = "ping"`, "[inputs.execd.tags]", `  site = "here"`), p.toFile("out"))
	a := start(t, asNobody(t, p.path("telegraf"), "--config", config))
	a.await("rows", func() bool {
		m := p.metrics("out")
		return len(of(m, "ping", "127.0.0.1")) >= 3 && len(of(m, "ping", "::1")) >= 3 && len(of(m, "ping", "name.invalid")) >= 1
	})
	a.awaitLog(`W! [inputs.execd] Cannot resolve "name.invalid", trying again: `)
	require.Contains(t, a.said(), `I! [inputs.execd] Without effect here: method`)
	require.Contains(t, a.said(), `E! [inputs.execd] Cannot send to "fe80::1%missing0", trying again: `)
	require.NotContains(t, a.said(), "stderr: ", "every line has its level")

	pids, err := exec.Command("pgrep", "-P", fmt.Sprint(a.cmd.Process.Pid)).Output()
	require.NoError(t, err)
	pid := strings.TrimSpace(string(pids))
	for _, c := range []struct{ pid, permitted string }{{fmt.Sprint(a.cmd.Process.Pid), "0000000000000000"}, {pid, "0000000000002000"}} {
		status, err := os.ReadFile("/proc/" + c.pid + "/status")
		require.NoError(t, err)
		require.Regexp(t, `(?m)^Uid:\t65534\t65534`, string(status))
		require.Regexp(t, `(?m)^CapPrm:\t`+c.permitted+`$`, string(status))
		require.Regexp(t, `(?m)^CapEff:\t0000000000000000$`, string(status))
	}
	a.stop()
	_, err = os.Stat("/proc/" + pid + "/status")
	require.ErrorIs(t, err, os.ErrNotExist, "nothing is left")

	metrics := p.metrics("out")
	require.Positive(t, sum(of(metrics, "ping", "127.0.0.1"), "packets_received"))
	for _, m := range of(metrics, "ping", "::1") {
		require.Equal(t, map[string]string{"url": "::1", "site": "here"}, m.Tags())
		require.Equal(t, int64(0), m.Fields()["result_code"])
	}
	require.Equal(t, int64(2), of(metrics, "ping", "fe80::1%missing0")[0].Fields()["result_code"])
}

// A wrong configuration shows in Telegraf's log, and the program is started again
// once it is right.
func TestExecdWithAWrongConfiguration(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	program := p.external()
	rawping := p.put("rawping.conf", input, "  interval = \"1s\"")
	config := p.put("telegraf.conf", agentTable, execd(program, rawping, `restart_delay = "1s"`), p.toFile("out"))
	a := start(t, exec.Command(stock(t), "--config", config))
	a.awaitLog("E! [inputs.execd] telegraf-rawping: " + rawping + ": inputs.rawping.interval: this belongs in the [[inputs.execd]] block of Telegraf's own configuration")
	p.put("rawping.conf", input)
	a.await("rows", func() bool { return len(of(p.metrics("out"), "rawping", "::1")) >= 2 })
	a.stop()
}

// "telegraf --test" shows what an execd plugin prints while it waits.
func TestExecdInTestMode(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	program := p.external()
	config := p.put("telegraf.conf", agentTable, execd(program, p.put("rawping.conf", input)))
	steady.Run(t, func(t testing.TB) {
		out, errs, code := output(t, exec.Command(stock(t), "--config", config, "--test", "--test-wait", "5"))
		require.Zero(t, code, errs)
		rows := parse(t, strings.ReplaceAll(out, "> ", ""))
		require.GreaterOrEqual(t, len(of(rows, "rawping", "::1")), 1, out)
	})
}

// The commands that the README shows are those that work.
func TestReadmeCommands(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)```toml\n(\\[\\[inputs\\.execd\\]\\].*?)```").FindSubmatch(readme)
	require.NotNil(t, block)
	p := newPlace(t)
	program := p.external()
	text := bytes.ReplaceAll(block[1], []byte("/usr/local/bin/telegraf-rawping"), []byte(program))
	text = bytes.ReplaceAll(text, []byte("/etc/telegraf-rawping.conf"), []byte(p.put("rawping.conf", input)))
	config := p.put("telegraf.conf", agentTable, string(text), p.toFile("out"))
	a := start(t, exec.Command(stock(t), "--config", config))
	a.await("rows", func() bool { return len(of(p.metrics("out"), "rawping", "127.0.0.1")) >= 2 })
	time.Sleep(100 * time.Millisecond)
	a.stop()
}
