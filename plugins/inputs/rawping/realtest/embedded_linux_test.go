//go:build linux && !race

package realtest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/steady"
	"github.com/rawping/rawping/internal/testbed"
)

const input = "[[inputs.rawping]]\n  urls = [\"127.0.0.1\", \"::1\"]\n  ping_interval = \"100ms\"\n"

// everyOption sets each option that the sample has. Only those of the families
// leave no other choice.
const everyOption = `[[inputs.rawping]]
  urls = ["127.0.0.1", "localhost"]
  targets_file = ["HOSTS", "HOSTS.d/*"]
  ping_interval = "50ms"
  timeout = "2s"
  count = 4
  deadline = "1s"
  size = "120B"
  family = "ipv4"
  ipv4 = false
  ipv6 = false
  resolve = "all"
  resolve_interval = "1m"
  interface = "lo"
  source = "127.0.0.1"
  ttl = 9
  dscp = 46
  dont_fragment = true
  fwmark = 7
  any_source = true
  accept_truncated = true
  max_rate = 1000
  percentiles = [50, 95]
  histogram = [1, 1000]
  ip_tag = true
  engine_metrics = true
  shard = "1/1"
  method = "native"
  binary = "ping"
  arguments = ["-n"]
  privileged = true
  [[inputs.rawping.target]]
    url = "127.0.0.3"
    name = "third"
    ping_interval = "100ms"
    timeout = "3s"
    size = 64
    family = "any"
    resolve = "first"
    interface = ""
    source = ""
    ttl = 0
    dscp = 0
    dont_fragment = false
    fwmark = 0
    any_source = false
    accept_truncated = false
    [inputs.rawping.target.tags]
      site = "here"
`

func (p place) everyOption() string {
	p.put("hosts", "127.0.0.2 site=there # the second")
	return strings.ReplaceAll(everyOption, "HOSTS", p.path("hosts"))
}

// The test's own configuration leaves nothing out.
func TestEveryOptionIsEvery(t *testing.T) {
	t.Parallel()
	sample, err := os.ReadFile("../sample.conf")
	require.NoError(t, err)
	names := func(text, pattern string) (names []string) {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			names = append(names, m[1])
		}
		slices.Sort(names)
		return names
	}
	require.Equal(t, names(string(sample), `(?m)^  (?:# )?([a-z0-9_]+) = `), names(everyOption, `(?m)^  ([a-z0-9_]+) = `))
}

// Telegraf shows the sample as its own.
func TestUsage(t *testing.T) {
	t.Parallel()
	sample, err := os.ReadFile("../sample.conf")
	require.NoError(t, err)
	out, _, code := output(t, exec.Command(embedded(t), "--usage", "rawping"))
	require.Zero(t, code)
	require.Equal(t, strings.TrimSpace(string(sample)), strings.TrimSpace(out))
	_, errs, code := output(t, exec.Command(stock(t), "--usage", "rawping"))
	require.NotZero(t, code, "the stock one must not know it")
	require.Contains(t, errs, "rawping")
}

// Each host has a row at once, and on a busy machine, where a further probe was
// decided by the end, one that Stop tells.
func TestTestAndOnce(t *testing.T) {
	t.Parallel()
	needRoot(t)
	p := newPlace(t)
	config := p.put("telegraf.conf", agentTable, input, "[[outputs.file]]\n  files = [\"stdout\"]\n")
	out, errs, code := output(t, exec.Command(embedded(t), "--config", config, "--test"))
	require.Zero(t, code, errs)
	rows := parse(t, strings.ReplaceAll(out, "> ", ""))
	for _, url := range []string{"127.0.0.1", "::1"} {
		require.NotEmpty(t, of(rows, "rawping", url), out)
		require.Equal(t, int64(0), of(rows, "rawping", url)[0].Fields()["result_code"])
	}
	out, errs, code = output(t, exec.Command(embedded(t), "--config", config, "--once"))
	require.Zero(t, code, errs)
	rows = parse(t, out)
	require.NotEmpty(t, of(rows, "rawping", "127.0.0.1"), out)
	require.NotEmpty(t, of(rows, "rawping", "::1"), out)
	require.NotContains(t, errs, "E! ")

	steady.Run(t, func(t testing.TB) {
		out, errs, code := output(t, exec.Command(embedded(t), "--config", config, "--test", "--test-wait", "2"))
		require.Zero(t, code, errs)
		rows := parse(t, strings.ReplaceAll(out, "> ", ""))
		require.Len(t, rows, 4, "Stop tells of what came meanwhile: %s", out)
		require.Greater(t, sum(of(rows, "rawping", "::1"), "packets_received"), int64(5))
	})
}

func TestEveryOption(t *testing.T) {
	t.Parallel()
	needRoot(t)
	p := newPlace(t)
	config := p.put("telegraf.conf", agentTable, p.everyOption(), p.toFile("out"))
	a := start(t, exec.Command(embedded(t), "--config", config))
	a.await("three rows of each", func() bool {
		m := p.metrics("out")
		for _, url := range []string{"127.0.0.1", "127.0.0.2", "127.0.0.3", "localhost"} {
			if len(of(m, "rawping", url)) < 3*4 { // with its histogram's
				return false
			}
		}
		return true
	})
	a.stop()
	metrics := p.metrics("out")
	for url, tags := range map[string]map[string]string{
		"127.0.0.1": {"url": "127.0.0.1", "ip": "127.0.0.1"},
		"127.0.0.2": {"url": "127.0.0.2", "ip": "127.0.0.2", "site": "there"},
		"127.0.0.3": {"url": "127.0.0.3", "ip": "127.0.0.3", "site": "here", "name": "third"},
		"localhost": {"url": "localhost", "ip": "127.0.0.1"},
	} {
		for _, m := range of(metrics, "rawping", url) {
			if _, ok := m.GetTag("le"); ok {
				continue
			}
			require.Equal(t, tags, m.Tags())
			f := m.Fields()
			if f["packets_transmitted"].(int64) > 0 {
				require.Equal(t, 0.0, f["percent_packet_loss"])
				require.Contains(t, f, "percentile95_ms")
			}
		}
	}
	require.NotEmpty(t, of(metrics, "rawping_engine", ""))
	log := a.said()
	require.Contains(t, log, "I! [inputs.rawping] Without effect here: method, binary, arguments, privileged")
	require.NotContains(t, log, " E! ")
	log = strings.ReplaceAll(log, "W! [inputs.rawping] Collection took longer", "") // the agent says so on a busy machine
	require.NotContains(t, log, " W! [inputs.rawping]")
}

// sockets counts a process's.
func sockets(t testing.TB, pid int) (n int) {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	require.NoError(t, err)
	for _, file := range files {
		if to, err := os.Readlink(file); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}

// goroutines counts those that run the plugin's code, as Telegraf's own pprof
// tells.
func goroutines(t testing.TB, addr string) int {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // no socket of ours stays
	answer, err := client.Get("http://" + addr + "/debug/pprof/goroutine?debug=2")
	require.NoError(t, err)
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	n := 0
	for stack := range strings.SplitSeq(string(text), "\n\n") {
		if strings.Contains(stack, "rawping/rawping/") {
			n++
		}
	}
	return n
}

// freePort returns an address of loopback that nobody listens at.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	return l.Addr().String()
}

// A run, and reloads with other hosts: rows come at each interval, and nothing is
// left of an old instance.
func TestReload(t *testing.T) {
	t.Parallel()
	needRoot(t)
	p := newPlace(t)
	config := p.put("telegraf.conf", agentTable, input, p.toFile("out"))
	pprof := freePort(t)
	a := start(t, exec.Command(embedded(t), "--config", config, "--pprof-addr", pprof))
	rows := func(url string) int { return len(of(p.metrics("out"), "rawping", url)) }
	a.await("rows", func() bool { return rows("127.0.0.1") >= 3 && rows("::1") >= 3 })
	had, ran := sockets(t, a.cmd.Process.Pid), goroutines(t, pprof)
	require.Positive(t, ran)
	for i := 2; i <= 5; i++ {
		url := "127.0.0." + strconv.Itoa(i)
		p.put("telegraf.conf", agentTable, strings.Replace(input, "127.0.0.1", url, 1), p.toFile("out"))
		a.signal(syscall.SIGHUP)
		a.await("rows after a reload", func() bool { return rows(url) >= 2 })
		a.await("as few goroutines", func() bool { return goroutines(t, pprof) <= ran })
		a.await("as few sockets", func() bool { return sockets(t, a.cmd.Process.Pid) <= had })
	}
	gone := rows("127.0.0.2")
	time.Sleep(time.Second)
	require.Equal(t, gone, rows("127.0.0.2"), "the old hosts are not probed")
	a.stop()
	for _, m := range p.metrics("out") {
		f := m.Fields()
		require.Equal(t, f["packets_transmitted"], f["packets_received"], "%v", f)
	}
	require.NotContains(t, a.said(), " E! ")
}

// What was decided since the last gathering is told at the end.
func TestEndTellsTheRest(t *testing.T) {
	t.Parallel()
	needRoot(t)
	steady.Run(t, func(t testing.TB) {
		p := newPlace(t)
		config := p.put("telegraf.conf", strings.Replace(agentTable, `interval = "500ms"`, `interval = "1h"`, 1), input, p.toFile("out"))
		a := start(t, exec.Command(embedded(t), "--config", config))
		a.await("the first rows", func() bool { return len(p.metrics("out")) == 2 })
		time.Sleep(time.Second)
		a.stop()
		rows := of(p.metrics("out"), "rawping", "::1")
		require.Len(t, rows, 2)
		require.Greater(t, sum(rows[1:], "packets_received"), int64(2))
	})
}

// A wrong configuration ends Telegraf with one line that says what is wrong.
func TestWrongConfigurations(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for name, c := range map[string]struct{ settings, want string }{
		"unknown":    {`ping_intervall = "1s"`, `configuration specified the fields ["ping_intervall"], but they were not used`},
		"type":       {`timeout = true`, "Timeout"},
		"value":      {`timeout = "-1s"`, `timeout is -1s: it must be more than 0, as in "1s"`},
		"twice":      {"[[inputs.rawping.target]]\nurl = \"::1\"", `target 1: "::1" is there twice with equal tags, and one would overwrite the other`},
		"target key": {"[[inputs.rawping.target]]\nurl = \"::2\"\ncount = 1", `["count"]`},
		"missing":    {`targets_file = ["` + p.path("missing") + `"]`, p.path("missing")},
		"shard":      {`shard = "6/5"`, `shard is "6/5"`},
	} {
		config := p.put("wrong.conf", agentTable, input, c.settings, p.toFile("out"))
		out, errs, code := output(t, exec.Command(embedded(t), "--config", config))
		require.NotZero(t, code, name)
		require.Contains(t, out+errs, c.want, name)
		require.NotContains(t, out+errs, "goroutine ", name)
		_, err := os.Stat(p.path("out"))
		require.ErrorIs(t, err, os.ErrNotExist, "%s: nothing was sent", name)
	}
}

// inputs.internal has the plugin's statistics.
func TestInternalStatistics(t *testing.T) {
	t.Parallel()
	needRoot(t)
	p := newPlace(t)
	config := p.put("telegraf.conf", agentTable, input, "  alias = \"here\"\n[[inputs.internal]]\n", p.toFile("out"))
	a := start(t, exec.Command(embedded(t), "--config", config))
	var last map[string]any
	a.await("statistics", func() bool {
		for _, m := range p.metrics("out") {
			if m.Name() == "internal_rawping" {
				require.Equal(t, "rawping", m.Tags()["input"])
				require.Equal(t, "here", m.Tags()["alias"])
				last = m.Fields()
			}
		}
		sent, _ := last["sent"].(int64)
		return sent > 20
	})
	require.Equal(t, int64(2), last["targets"])
	require.Equal(t, int64(0), last["local_drops"])
	a.stop()
}

// Without rights Telegraf runs on, says so once, and has data; with "probe" it
// leaves the plugin out.
func TestWithoutRights(t *testing.T) {
	t.Parallel()
	needRoot(t, "unshare", "setpriv", "ip")
	p := newPlace(t)
	require.NoError(t, os.Chmod(p.dir, 0o777))
	program := p.path("telegraf")
	copyFile(t, embedded(t), program)
	a := start(t, asNobody(t, program, "--config", p.put("a.conf", agentTable, input, p.toFile("a.out"))))
	a.await("rows", func() bool { return len(of(p.metrics("a.out"), "rawping", "127.0.0.1")) >= 4 })
	a.stop()
	for _, m := range p.metrics("a.out") {
		require.Equal(t, int64(2), m.Fields()["result_code"])
		require.Contains(t, m.Fields()["not_sent_cause"], "socket")
	}
	require.Equal(t, 1, strings.Count(a.said(), "Cannot send to"), a.said())
	require.Contains(t, a.said(), "setcap cap_net_raw+p "+program)

	a = start(t, asNobody(t, program, "--config", p.put("b.conf", agentTable, input, "  startup_error_behavior = \"probe\"\n[[inputs.internal]]\n", p.toFile("b.out"))))
	a.await("rows of another input", func() bool { return len(p.metrics("b.out")) >= 4 })
	a.stop()
	require.Empty(t, of(p.metrics("b.out"), "rawping", "127.0.0.1"))
	require.Contains(t, a.said(), "no right to open an ICMP socket")
}

// copyFile does not copy by this process: a program that it starts meanwhile could
// inherit the open file, which cannot be executed then.
func copyFile(t testing.TB, from, to string) {
	t.Helper()
	out, err := exec.Command("cp", from, to).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// An interface that is missing at the start is named, and used when it comes.
func TestInterfaceComesLater(t *testing.T) {
	t.Parallel()
	bed := testbed.New(t)
	p := newPlace(t)
	bed.Client.Run(t, "ip", "link", "set", "wan0", "down")
	bed.Client.Run(t, "ip", "link", "set", "wan0", "name", "early0")
	server := bed.ServerAddr.V4.String()
	config := p.put("telegraf.conf", agentTable, fmt.Sprintf("[[inputs.rawping]]\n  urls = [%q]\n  interface = \"wan0\"\n  ping_interval = \"100ms\"\n", server), p.toFile("out"))
	a := start(t, command(bed.Client, embedded(t), "--config", config))
	last := func() map[string]any {
		rows := of(p.metrics("out"), "rawping", server)
		if len(rows) == 0 {
			return nil
		}
		return rows[len(rows)-1].Fields()
	}
	a.await("data meanwhile", func() bool { return last()["result_code"] == int64(2) })
	require.Contains(t, last()["not_sent_cause"], `interface "wan0"`)
	bed.Client.Run(t, "ip", "link", "set", "early0", "name", "wan0")
	require.NoError(t, bed.RestoreClient())
	a.await("replies", func() bool { return last()["result_code"] == int64(0) })
	a.awaitLog(`I! [inputs.rawping] Sending to "` + server + `" again`)
	a.stop()
	// Once; that it comes without its routes at first, there may be time to say.
	require.Equal(t, 1, strings.Count(a.said(), `Cannot send to "`+server+`", trying again: interface "wan0"`), a.said())
}
