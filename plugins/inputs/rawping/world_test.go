package rawping

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/plugins/inputs"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo/echotest"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/resolve"
)

const ms = time.Millisecond

// hosts are those of the simulated network, in the tests and in testcases. No
// other host answers.
var hosts = map[string]echotest.Host{
	"192.0.2.1":   echotest.Replies(20 * ms),
	"192.0.2.2":   echotest.Sometimes(3, 4, echotest.Replies(10*ms), echotest.Silent),
	"192.0.2.3":   refuses,
	"192.0.2.4":   echotest.Replies(1100 * ms),
	"192.0.2.5":   echotest.Both(echotest.Replies(10*ms), echotest.Replies(15*ms)),
	"192.0.2.6":   echotest.Altered(echotest.Replies(10*ms), flipLast),
	"192.0.2.7":   echotest.Each(echotest.Replies(10*ms), func(a *echotest.Answer) { a.From = netip.MustParseAddr("192.0.2.77") }),
	"192.0.2.8":   echotest.Sometimes(1, 2, echotest.Replies(900*ms), echotest.Replies(10*ms)),
	"192.0.2.9":   echotest.Replies(10 * ms), // the local firewall forbids it
	"192.0.2.10":  echotest.Altered(echotest.Replies(10*ms), cutShort),
	"192.0.2.11":  echotest.Sometimes(3, 1000, refuses, echotest.Replies(10*ms)),
	"192.0.2.12":  echotest.Sometimes(1, 2, echotest.Replies(10*ms), echotest.Each(echotest.Replies(10*ms), func(a *echotest.Answer) { a.Hops = 63 })),
	"192.0.2.13":  echotest.Replies(300 * ms),
	"2001:db8::1": echotest.Each(echotest.Replies(30*ms), func(a *echotest.Answer) { a.Hops = 57 }),
}

var refuses = echotest.Refuses(5*ms, netip.MustParseAddr("203.0.113.1"), echotest.ICMPError{Type: 3, Code: 1})

// flipLast damages a message after its checksum was made.
func flipLast(_ echotest.Request, m []byte) []byte {
	m[len(m)-1] ^= 1
	return m
}

// cutShort leaves the token and little more.
func cutShort(r echotest.Request, m []byte) []byte { return r.Sum(m[:30]) }

// newNetwork returns the simulated network.
func newNetwork() *echotest.Network {
	return &echotest.Network{
		Facts: icmpsock.Facts{Raw: true, RecvStamps: true, SendStamps: true},
		Host:  func(dst netip.Addr) echotest.Host { return hosts[dst.String()] },
		SendError: func(r echotest.Request) error {
			if r.Dst.String() == "192.0.2.9" {
				return syscall.EPERM
			}
			return nil
		},
	}
}

// fakeLookup is the simulated resolver.
func fakeLookup(_ context.Context, network, host string) ([]netip.Addr, error) {
	known := names[host]
	time.Sleep(cmp.Or(known.after, 100*ms))
	var found []netip.Addr
	for _, text := range known.addrs {
		addr := netip.MustParseAddr(text)
		if network == "ip" || addr.Is4() == (network == "ip4") {
			found = append(found, addr)
		}
	}
	if found == nil {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return found, nil
}

// names are those that the simulated resolver knows. No two that are asked for side
// by side are answered at one instant: whose turn is first would be anyone's guess.
var names = map[string]struct {
	after time.Duration
	addrs []string
}{
	"web.example":  {100 * ms, []string{"192.0.2.1"}},
	"five.example": {100 * ms, []string{"192.0.2.5"}},
	"dual.example": {110 * ms, []string{"2001:db8::1", "192.0.2.1"}},
	"many.example": {100 * ms, []string{"192.0.2.1", "192.0.2.2", "192.0.2.5"}},
}

// resolvesTo has a plugin ask another resolver.
func (w *world) resolvesTo(lookup func(ctx context.Context, host string) (netip.Addr, error)) {
	w.resolver.Lookup = func(ctx context.Context, _, host string) ([]netip.Addr, error) {
		addr, err := lookup(ctx, host)
		return []netip.Addr{addr}, err
	}
}

// world is a plugin in the simulated network.
type world struct {
	*RawPing
	acc     testutil.Accumulator
	log     *testutil.CaptureLogger
	network *echotest.Network // of the last Start
	opened  int               // networks

	mu       sync.Mutex
	requests map[string][]time.Time // when they were sent, by destination
}

// sent returns when requests to a host were sent.
func (w *world) sent(host string) []time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.requests[host])
}

// watched is a host whose requests are noted.
func (w *world) watched(dst netip.Addr) echotest.Host {
	host := hosts[dst.String()]
	if host == nil {
		host = echotest.Silent
	}
	return func(r echotest.Request) []echotest.Answer {
		w.mu.Lock()
		w.requests[dst.String()] = append(w.requests[dst.String()], time.Now())
		w.mu.Unlock()
		return host(r)
	}
}

// inhabit puts a plugin into the simulated network.
func inhabit(t *testing.T, p *RawPing) *world {
	t.Helper()
	w := &world{RawPing: p, log: &testutil.CaptureLogger{Name: "inputs.rawping"}, requests: map[string][]time.Time{}}
	p.Log = w.log
	p.resolver = resolve.Resolver{
		Lookup:    fakeLookup,
		Reachable: func(netip.Addr) bool { return true },
		Nsswitch:  "/nonexistent",
	}
	p.network = func() (icmpsock.Network, error) {
		w.network = newNetwork()
		w.network.Host = w.watched
		w.opened++
		return w.network, nil
	}
	require.NoError(t, p.Init())
	t.Cleanup(p.Stop)
	return w
}

// newWorld returns a plugin with default settings in the simulated network.
func newWorld(t *testing.T, urls ...string) *world {
	t.Helper()
	return inhabit(t, newPlugin(urls...))
}

func newPlugin(urls ...string) *RawPing {
	p := inputs.Inputs["rawping"]().(*RawPing)
	p.URLs = urls
	return p
}

// gather gathers and returns the metrics, by url.
func (w *world) gather(t *testing.T) map[string]telegraf.Metric {
	t.Helper()
	w.acc.ClearMetrics()
	require.NoError(t, w.Gather(&w.acc))
	return w.rows()
}

func (w *world) rows() map[string]telegraf.Metric {
	rows := map[string]telegraf.Metric{}
	for _, m := range w.acc.GetTelegrafMetrics() {
		url, _ := m.GetTag("url")
		rows[url] = m
	}
	return rows
}

// tick waits for an agent's next collection, gathers, and returns the fields of a url.
func (w *world) tick(t *testing.T, url string) map[string]any {
	t.Helper()
	time.Sleep(10 * time.Second)
	return w.gather(t)[url].Fields()
}

// stopDuringGather begins the first Gather, which waits, and stops after a time.
func (w *world) stopDuringGather(t *testing.T, after time.Duration) {
	t.Helper()
	done := make(chan error)
	go func() { done <- w.Gather(&w.acc) }()
	time.Sleep(after)
	synctest.Wait()
	w.Stop()
	require.NoError(t, <-done)
}

// tally adds up the probes that rows tell of. Two rows of one report with the
// same tags are an error: one would overwrite the other.
func (w *world) tally(t *testing.T, sum map[string]int64) {
	t.Helper()
	seen := map[string]bool{}
	for _, m := range w.acc.GetTelegrafMetrics() {
		row := fmt.Sprint(m.Time(), m.Tags())
		require.False(t, seen[row], "twice: %s", row)
		seen[row] = true
		sum[m.Tags()["url"]] += m.Fields()["packets_transmitted"].(int64)
	}
	w.acc.ClearMetrics()
}

// lines returns what was logged.
func (w *world) lines() (lines []string) {
	for _, m := range w.log.Messages() {
		lines = append(lines, fmt.Sprintf("%c! %s", m.Level, m.Text))
	}
	return lines
}

// denied is a switch that takes the right to open sockets away.
type denied struct{ atomic.Bool }

func (d *denied) open(icmpsock.Class) error {
	if d.Load() {
		return fmt.Errorf("no right to open an ICMP socket: %w", syscall.EPERM)
	}
	return nil
}

// load returns the plugin that Telegraf makes of a configuration.
func load(t *testing.T, text string) (*RawPing, error) {
	t.Helper()
	c := config.NewConfig()
	if err := c.LoadConfigData([]byte(text), "telegraf.conf"); err != nil {
		return nil, err
	}
	require.Len(t, c.Inputs, 1)
	p, ok := c.Inputs[0].Input.(*RawPing)
	if !ok {
		return nil, errors.New("another input")
	}
	return p, nil
}

// addr parses an address; "" is none.
func addr(text string) netip.Addr {
	if text == "" {
		return netip.Addr{}
	}
	return netip.MustParseAddr(text)
}

// asked returns the families in which a plugin looks its first target up.
func asked(t *testing.T, p *RawPing) string {
	t.Helper()
	var networks []string
	p.resolver.Lookup = func(_ context.Context, network, _ string) ([]netip.Addr, error) {
		networks = append(networks, network)
		return []netip.Addr{addr("127.0.0.1"), addr("::1")}, nil
	}
	p.resolver.Reachable = func(netip.Addr) bool { return true }
	s := &session{plugin: p, ctx: t.Context()}
	s.lookUp(newHost(p.plan.fixed[0], newTarget(1)))
	return strings.Join(networks, " ")
}
