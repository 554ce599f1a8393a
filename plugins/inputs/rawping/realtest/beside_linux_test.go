//go:build linux && !race

package realtest

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/steady"
	"github.com/rawping/rawping/internal/testbed"
)

// beside is a host in the hostile network that both inputs ping five times, and
// what they say.
type beside struct {
	name  string
	fault testbed.Fault
	host  netip.Addr // if it is not one with a fault

	// Replies of five, and whether inputs.ping has a row with more than a
	// result_code.
	ping, rawping int64
	errorRow      bool

	facts map[string]any // of rawping, besides
	why   string         // they differ
}

func besides(bed *testbed.Bed) []beside {
	const ms = time.Millisecond
	unreachable := testbed.ICMPError{Type: 3, Code: 1}
	refused := func(cause string) map[string]any {
		return map[string]any{"refused": int64(5), "refused_cause": cause, "refused_by": bed.RouterAddr.V4.String(), "percent_packet_loss": 100.0, "result_code": int64(3)}
	}
	notSent := func(cause string) map[string]any {
		return map[string]any{"not_sent": int64(5), "not_sent_cause": cause, "packets_transmitted": int64(0), "result_code": int64(2)}
	}
	return []beside{
		{name: "right replies", ping: 5, rawping: 5, facts: map[string]any{"result_code": int64(0), "percent_packet_loss": 0.0, "ttl": int64(62)}},
		{name: "far away", fault: testbed.Fault{Delay: 300 * ms}, ping: 5, rawping: 5},
		{name: "lossy", fault: testbed.Fault{Lose: 2, Of: 5}, ping: 3, rawping: 3, facts: map[string]any{"percent_packet_loss": 40.0, "longest_loss_run": int64(2)}},
		{name: "dead", fault: testbed.Fault{Lose: 1, Of: 1}, facts: map[string]any{"result_code": int64(3), "percent_packet_loss": 100.0, "consecutive_lost": int64(5)}},
		{name: "another identifier", fault: testbed.Fault{WrongID: 0x4000}},
		{
			name: "duplicates", fault: testbed.Fault{Duplicate: 1}, ping: 5, rawping: 5, facts: map[string]any{"duplicates": int64(5)},
			why: "inputs.ping has no field for it",
		},
		{
			name: "slower than the timeout", fault: testbed.Fault{Delay: 2500 * ms}, ping: 5, facts: map[string]any{"percent_packet_loss": 100.0},
			why: "native pings have no timeout, only the deadline of all",
		},
		{
			name: "damaged", fault: testbed.Fault{CorruptPayload: 1}, ping: 5, facts: map[string]any{"corrupt": int64(5)},
			why: "native pings look at little of the payload",
		},
		{
			name: "bad checksum", fault: testbed.Fault{BadChecksum: true}, ping: 5, facts: map[string]any{"corrupt": int64(5)},
			why: "native pings do not verify it",
		},
		{
			name: "another source", fault: testbed.Fault{WrongSource: netip.MustParseAddr("198.18.0.99")}, ping: 5, facts: map[string]any{"wrong_source": int64(5)},
			why: "native pings take a reply from anybody, unless any_source is set for ours",
		},
		{
			name: "host unreachable", fault: testbed.Fault{ICMPError: &unreachable}, facts: refused("host unreachable"),
			why: "native pings discard the error and wait for the deadline",
		},
		{name: "rejected", host: bed.RouterErrors4[6].Addr, facts: refused("communication administratively prohibited")},
		{name: "no route", host: bed.NoRoute.Addr.V4, errorRow: true, facts: notSent("no route to the host (ENETUNREACH)"), why: "the row of an error has no counts"},
		{name: "blackhole", host: bed.Blackhole.Addr.V4, errorRow: true, facts: notSent("blackhole route or invalid options (EINVAL)")},
		{
			name: "firewall", host: bed.Firewall.Addr.V4, errorRow: true, facts: notSent("refused by the local firewall (EPERM)"),
			why: "inputs.ping asks for a capability that it has",
		},
	}
}

// holds asserts that the two inputs' fields are what the case says.
func (c beside) holds(t testing.TB, theirs, ours map[string]any) {
	t.Helper()
	t.Logf("%s\ninputs.ping: %v\ninputs.rawping: %v\n%s", c.name, theirs, ours, c.why)
	assert.Equal(t, c.rawping, ours["packets_received"], c.name)
	for name, want := range c.facts {
		assert.Equal(t, want, ours[name], "%s: %s", c.name, name)
	}
	if c.errorRow {
		assert.Equal(t, map[string]any{"result_code": int64(2)}, theirs, c.name)
		return
	}
	assert.Equal(t, c.ping, theirs["packets_received"], c.name)
	if c.ping != c.rawping {
		assert.NotEmpty(t, c.why, c.name)
		return
	}
	for name, value := range theirs {
		assert.IsType(t, value, ours[name], "%s: %s", c.name, name)
		if reflect.TypeOf(value).Kind() == reflect.Int64 && name != "result_code" || name == "percent_packet_loss" {
			assert.Equal(t, value, ours[name], "%s: %s", c.name, name)
		}
	}
}

// The same hosts, asked by inputs.ping and by inputs.rawping with the same
// options: the same fields in the same types, and where the figures differ, why.
func TestBesideInputsPing(t *testing.T) {
	t.Parallel()
	steady.Run(t, func(t testing.TB) {
		bed := testbed.New(t)
		cases := besides(bed)
		hosts := map[string][]string{} // by input
		for i, c := range cases {
			ping, rawping := c.host, c.host
			if !c.host.IsValid() {
				prefix := netip.MustParsePrefix(fmt.Sprintf("198.18.%d.0/24", i+1))
				bed.Rule(prefix, c.fault)
				// Each its own, because the responder counts by host.
				ping, rawping = prefix.Addr().Next(), prefix.Addr().Next().Next()
			}
			hosts["ping"] = append(hosts["ping"], ping.String())
			hosts["rawping"] = append(hosts["rawping"], rawping.String())
		}
		p := newPlace(t)
		const options = "  count = 5\n  ping_interval = \"200ms\"\n  timeout = \"2s\"\n  deadline = \"8s\"\n  percentiles = [50, 95]\n"
		block := func(input, more string) string {
			return fmt.Sprintf("[[inputs.%s]]\n  urls = [\"%s\"]\n%s%s", input, strings.Join(hosts[input], `", "`), options, more)
		}
		config := p.put("telegraf.conf", agentTable, block("ping", "  method = \"native\"\n"), block("rawping", ""), "[[outputs.file]]\n  files = [\"stdout\"]\n")
		out, log, code := output(t, command(bed.Client, embedded(t), "--config", config, "--once"))
		require.Zero(t, code, log)
		metrics := parse(t, out)
		for i, c := range cases {
			c.holds(t, first(t, of(metrics, "ping", hosts["ping"][i])), first(t, of(metrics, "rawping", hosts["rawping"][i])))
		}
		require.Contains(t, log, "[inputs.ping] ping failed: permission changes required", "the firewall's case")
		require.Equal(t, 1, strings.Count(log, "[inputs.rawping] Cannot send to "+fmt.Sprintf("%q", bed.Firewall.Addr.V4)+", trying again: refused by the local firewall (EPERM)"))
	})
}

// first returns the fields of the first burst's metric. While the other input
// waits for its deadline, ours may have a further burst, of which Stop tells.
func first(t testing.TB, metrics []telegraf.Metric) map[string]any {
	t.Helper()
	require.NotEmpty(t, metrics)
	return metrics[0].Fields()
}

// The deadline ends the sending of inputs.rawping; that of inputs.ping ends the
// waiting too, and calls what is on its way lost.
func TestDeadlineBesideInputsPing(t *testing.T) {
	t.Parallel()
	steady.Run(t, func(t testing.TB) {
		bed := testbed.New(t)
		bed.Rule(netip.MustParsePrefix("198.18.1.0/24"), testbed.Fault{Delay: 900 * time.Millisecond})
		p := newPlace(t)
		const options = "  count = 20\n  ping_interval = \"200ms\"\n  timeout = \"3s\"\n  deadline = \"1s\"\n"
		config := p.put("telegraf.conf", agentTable,
			"[[inputs.ping]]\n  urls = [\"198.18.1.1\"]\n  method = \"native\"\n", options,
			"[[inputs.rawping]]\n  urls = [\"198.18.1.2\"]\n", options, "[[outputs.file]]\n  files = [\"stdout\"]\n")
		out, log, code := output(t, command(bed.Client, embedded(t), "--config", config, "--once"))
		require.Zero(t, code, log)
		metrics := parse(t, out)
		theirs, ours := first(t, of(metrics, "ping", "198.18.1.1")), first(t, of(metrics, "rawping", "198.18.1.2"))
		require.Greater(t, theirs["percent_packet_loss"], 50.0, "nothing was lost")
		require.Equal(t, int64(5), ours["packets_transmitted"])
		require.Equal(t, int64(5), ours["packets_received"])
		require.Equal(t, 0.0, ours["percent_packet_loss"])
	})
}
