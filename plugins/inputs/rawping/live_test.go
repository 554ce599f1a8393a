package rawping

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/agent"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/plugins/parsers/influx"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"

	_ "github.com/influxdata/telegraf/plugins/outputs/file"
	_ "github.com/influxdata/telegraf/plugins/serializers/influx"

	"github.com/rawping/rawping/internal/steady"
)

const rootSample = "../../../sample.conf"

// needSockets ends a test that cannot run without the right to open sockets:
// skipped, or failed where RAWPING_REQUIRE_ALL says that everything must run.
func needSockets(t *testing.T) {
	t.Helper()
	if err := newPlugin("127.0.0.1").Probe(); err != nil {
		unable(t, "needs ICMP sockets: "+err.Error())
	}
	if _, err := os.Stat("/proc/net/if_inet6"); err != nil && runtime.GOOS == "linux" {
		unable(t, "needs IPv6, which is off in this kernel")
	}
}

func unable(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("RAWPING_REQUIRE_ALL") == "1" {
		t.Fatal("RAWPING_REQUIRE_ALL: " + why)
	}
	t.Skip(why)
}

// captured returns what f writes to the standard output, which is the whole
// process's: no test beside it. Meanwhile f may read what there is of it.
func captured(t testing.TB, f func(written func() string)) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "stdout")
	file, err := os.Create(name)
	require.NoError(t, err)
	defer func(stdout *os.File) {
		os.Stdout = stdout
		require.NoError(t, file.Close())
	}(os.Stdout)
	os.Stdout = file
	written := func() string {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		return string(text)
	}
	f(written)
	return written()
}

// patience is how long an agent may take for what a test waits for, on a machine
// that is busy.
const patience = 60 * time.Second

// runUntil runs an agent until its output is enough, and returns that.
func runUntil(t testing.TB, a *agent.Agent, enough func(out string) bool) string {
	t.Helper()
	return captured(t, func(written func() string) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		ended := make(chan error, 1)
		go func() { ended <- a.Run(ctx) }()
		for ctx.Err() == nil && !enough(written()) {
			time.Sleep(20 * ms)
		}
		cancel()
		require.NoError(t, <-ended)
	})
}

// agentOf returns a real Telegraf agent on a configuration file.
func agentOf(t testing.TB, file string) *agent.Agent {
	t.Helper()
	c := config.NewConfig()
	require.NoError(t, c.LoadAll(file))
	return agent.NewAgent(c)
}

// parse returns the metrics of line protocol, by url, and checks what holds for
// a host on loopback.
func parse(t testing.TB, text string) map[string][]telegraf.Metric {
	t.Helper()
	parser := &influx.Parser{}
	require.NoError(t, parser.Init())
	metrics, err := parser.Parse([]byte(text))
	require.NoError(t, err, text)
	byURL := map[string][]telegraf.Metric{}
	for _, m := range metrics {
		require.Equal(t, "rawping", m.Name())
		url, ok := m.GetTag("url")
		require.True(t, ok)
		require.Len(t, m.TagList(), 1)
		byURL[url] = append(byURL[url], m)
		f := m.Fields()
		if f["packets_transmitted"] == int64(0) { // two ticks of a busy agent may lie close together
			require.NotContains(t, f, "result_code", text)
			continue
		}
		require.Equal(t, int64(0), f["result_code"], text)
		require.Equal(t, 0.0, f["percent_packet_loss"], text)
		require.Equal(t, f["packets_transmitted"], f["packets_received"])
		require.Equal(t, url, f["ip"])
		require.Less(t, f["minimum_response_ms"], 1000.0)
		require.GreaterOrEqual(t, f["average_response_ms"], f["minimum_response_ms"])
		require.GreaterOrEqual(t, f["maximum_response_ms"], f["average_response_ms"])
	}
	for url, rows := range byURL {
		require.Positive(t, rows[0].Fields()["packets_transmitted"], "%s: the first waits for one", url)
	}
	return byURL
}

// The configuration at the root runs as it is in a real agent. It skips the probes
// whose time passes while it stands still.
func TestRootSampleInAnAgent(t *testing.T) {
	needSockets(t)
	steady.Run(t, func(t testing.TB) {
		out := runUntil(t, agentOf(t, rootSample), func(out string) bool {
			return strings.Count(out, "url=127.0.0.1 ") >= 3 && strings.Count(out, "url=::1 ") >= 3
		})
		rows := parse(t, out)
		require.Len(t, rows, 2)
		for _, url := range []string{"127.0.0.1", "::1"} {
			sum, span := int64(0), 0.0
			for _, m := range rows[url] {
				f := m.Fields()
				sum += f["packets_transmitted"].(int64)
				span += f["window_s"].(float64)
			}
			require.Greater(t, float64(sum), span, "more than one probe a second: %s", out)
		}
	})
}

// "telegraf --test" and "telegraf --once" show data at once.
func TestTestAndOnce(t *testing.T) {
	needSockets(t)
	out := captured(t, func(func() string) { require.NoError(t, agentOf(t, rootSample).Test(t.Context(), 0)) })
	require.GreaterOrEqual(t, strings.Count(out, "> rawping,url="), 2, out) // more, if Stop comes late enough
	require.Len(t, parse(t, strings.ReplaceAll(out, "> ", "")), 2)

	out = captured(t, func(func() string) { require.NoError(t, agentOf(t, rootSample).Once(t.Context(), 0)) })
	require.Len(t, parse(t, out), 2)

	// With time to wait, Stop shows what came since.
	steady.Run(t, func(t testing.TB) {
		out := captured(t, func(func() string) { require.NoError(t, agentOf(t, rootSample).Test(t.Context(), 2*time.Second)) })
		require.Equal(t, 4, strings.Count(out, "> rawping,url="), out)
	})
}

func TestNothingIsLeftAfterStop(t *testing.T) {
	needSockets(t)
	p := newPlugin("127.0.0.1", "::1", "localhost", "name.invalid")
	p.Log = testutil.Logger{Quiet: true}
	p.PingInterval = new(config.Duration(5 * ms))
	p.resolver.Lookup = func(ctx context.Context, network, host string) ([]netip.Addr, error) {
		if host == "localhost" {
			return net.DefaultResolver.LookupNetIP(ctx, network, host)
		}
		return nil, errors.New("no such host") // asks nobody
	}
	require.NoError(t, p.Init())
	cycle := func() {
		var acc testutil.Accumulator
		require.NoError(t, p.Start(&acc))
		require.NoError(t, p.Gather(&acc))
		p.Stop()
	}
	cycle() // opens what the process keeps, such as the runtime's own epoll
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	for range 20 {
		cycle()
	}
	left := func() bool { return openFiles(t) > files || runtime.NumGoroutine() > goroutines }
	for end := time.Now().Add(patience); left() && time.Now().Before(end); {
		time.Sleep(ms) // what has ended may not be gone yet
	}
	require.LessOrEqual(t, openFiles(t), files)
	require.LessOrEqual(t, runtime.NumGoroutine(), goroutines)
}

// openFiles counts the descriptors of this process.
func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		unable(t, "needs /proc")
	}
	return len(entries)
}

// An agent reload is Stop, then Init and Start of a new instance.
func TestReload(t *testing.T) {
	needSockets(t)
	for range 3 {
		p, err := load(t, "[[inputs.rawping]]\n  urls = [\"127.0.0.1\"]\n  ping_interval = \"1h\"\n")
		require.NoError(t, err)
		p.Log = testutil.Logger{Quiet: true}
		require.NoError(t, p.Init())
		var acc testutil.Accumulator
		require.NoError(t, p.Start(&acc))
		require.NoError(t, p.Gather(&acc))
		p.Stop()
		require.Len(t, acc.GetTelegrafMetrics(), 1)
	}
}

// What Telegraf says of a wrong configuration comes out of its own start, in one
// line, before a packet is sent.
func TestAgentRefuses(t *testing.T) {
	text, err := os.ReadFile(rootSample)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "telegraf.conf")
	wrong := bytes.Replace(text, []byte(`["127.0.0.1", "::1"]`), []byte(`["127.0.0.1", "not a host"]`), 1)
	require.NotEqual(t, text, wrong)
	require.NoError(t, os.WriteFile(file, wrong, 0o600))
	err = agentOf(t, file).Run(t.Context())
	require.ErrorContains(t, err, `"not a host"`)
	requireOneLine(t, err)
}
