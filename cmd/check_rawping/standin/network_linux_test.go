package standin_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/site"
	"github.com/rawping/rawping/internal/testbed"
)

// originals is where Debian's monitoring-plugins-basic and -standard are.
const originals = "/usr/lib/nagios/plugins"

// runTime bounds a plugin: none takes a fifth of it.
const runTime = time.Minute

// network is a bed with hosts of all kinds, and with names of its own.
type network struct {
	*testbed.Bed
	files string // directory of what stands in for files of /etc
	ours  string // directory of the stand-ins
	mu    sync.Mutex
	used  map[string]int // hosts of each kind that were handed out
}

// kinds are the hosts behind the responder, by the names that cases have for them.
func kinds() []kind {
	const second = time.Second
	unreachable := &testbed.ICMPError{Type: 3, Code: 1}
	unreachable6 := &testbed.ICMPError{Type: 1, Code: 3}
	return []kind{
		{"good", testbed.Fault{}},
		{"dead", testbed.Fault{Lose: 1, Of: 1}},
		{"slow", testbed.Fault{Delay: 3 * second / 2}},
		{"lose1of2", testbed.Fault{Lose: 1, Of: 2}},
		{"lose1of3", testbed.Fault{Lose: 1, Of: 3}},
		{"lose3of5", testbed.Fault{Lose: 3, Of: 5}},
		{"lose4of5", testbed.Fault{Lose: 4, Of: 5}},
		{"twice", testbed.Fault{Duplicate: 1}},
		{"corrupt", testbed.Fault{CorruptPayload: 1}},
		{"badsum", testbed.Fault{BadChecksum: true}},
		{"short", testbed.Fault{Truncate: 24}},
		{"stranger", testbed.Fault{WrongSource: netip.MustParseAddr("198.18.255.99")}},
		{"expired", testbed.Fault{ICMPError: &testbed.ICMPError{Type: 11}}},
		{"problem", testbed.Fault{ICMPError: &testbed.ICMPError{Type: 12, Info: 20 << 24}}},
		{"big", testbed.Fault{ICMPError: &testbed.ICMPError{Type: 3, Code: 4, Info: 1300}}},
		{"refused", testbed.Fault{ICMPError: unreachable}},
		{"refused-too", testbed.Fault{ICMPError: unreachable, EchoToo: true}},
		{"dead6", testbed.Fault{Lose: 1, Of: 1}},
		{"good6", testbed.Fault{}},
		{"expired6", testbed.Fault{ICMPError: &testbed.ICMPError{Type: 3}}},
		{"problem6", testbed.Fault{ICMPError: &testbed.ICMPError{Type: 4, Info: 40}}},
		{"refused6", testbed.Fault{ICMPError: unreachable6}},
		{"refused6-too", testbed.Fault{ICMPError: unreachable6, EchoToo: true}},
	}
}

// kind is what a host does. A name with a 6 in it that ends the word is IPv6's.
type kind struct {
	name  string
	fault testbed.Fault
}

func (k kind) v6() bool { return strings.Contains(k.name, "6") }

// prefix is where the hosts of the nth kind are.
func (k kind) prefix(n int) netip.Prefix {
	if k.v6() {
		return netip.MustParsePrefix(fmt.Sprintf("2001:db8:f:%d::/64", n))
	}
	return netip.MustParsePrefix(fmt.Sprintf("198.18.%d.0/22", 4*n))
}

// newNetwork brings the bed up and builds the stand-ins.
func newNetwork(t *testing.T) *network {
	t.Helper()
	for _, tool := range []string{
		originals + "/check_icmp", originals + "/check_host", originals + "/check_ping", originals + "/check_fping", "ping", "fping", "unshare", "mount", "setpriv",
	} {
		if _, err := exec.LookPath(tool); err != nil {
			unable(t, "needs the program "+tool)
		}
	}
	site.NeedsOriginals(t)
	n := &network{Bed: testbed.New(t), files: t.TempDir(), used: map[string]int{}}
	for i, k := range kinds() {
		n.Rule(k.prefix(i), k.fault)
	}
	n.writeNames(t)
	n.build(t)
	return n
}

// unable skips a test that cannot run here; where RAWPING_REQUIRE_ALL says that
// everything must run, it fails.
func unable(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("RAWPING_REQUIRE_ALL") == "1" {
		t.Fatal("RAWPING_REQUIRE_ALL: " + why)
	}
	t.Skip(why)
}

// writeNames writes what the programs see in place of this machine's own files: a
// few hosts, a name server that refuses everything, and an order of look-ups with
// it and one without.
func (n *network) writeNames(t *testing.T) {
	t.Helper()
	good, good6, dead, other := n.host(t, "good"), n.host(t, "good6"), n.host(t, "dead"), n.host(t, "good")
	for name, text := range map[string]string{
		"hosts": fmt.Sprintf("127.0.0.1 localhost\n%s v4.test both.test two.test\n%s v6.test both.test half.test\n%s half.test\n%s two.test\n",
			good, good6, dead, other),
		"resolv.conf":   "nameserver 127.0.0.1\noptions attempts:1 timeout:1\n",
		"nsswitch.conf": "hosts: files dns\n",
		"filesonly":     "hosts: files\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(n.files, name), []byte(text), 0o644))
	}
}

// build builds the stand-ins: static, because only then they give up capabilities.
func (n *network) build(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} { // nobody must be able to reach it
		require.NoError(t, os.Chmod(d, 0o755))
	}
	build := exec.Command("go", "build", "-buildvcs=false", "-ldflags", "-X main.version=1.2.3", "-o", dir+"/", "./cmd/check_rawping")
	build.Dir = filepath.Join("..", "..", "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	for _, name := range []string{"check_icmp", "check_host", "check_rta_multi", "check_ping", "check_fping"} {
		require.NoError(t, os.Symlink("check_rawping", filepath.Join(dir, name)))
	}
	bare := filepath.Join(dir, "bare")
	require.NoError(t, os.Mkdir(bare, 0o755))
	// Not by this process: a program that it starts meanwhile could inherit the open
	// file, which cannot be executed then.
	out, err = exec.Command("cp", filepath.Join(originals, "check_icmp"), bare).CombinedOutput()
	require.NoError(t, err, "%s", out)
	n.ours = dir
}

// host returns a host of a kind that nobody has asked yet, so that what it does is
// counted from the first packet on.
func (n *network) host(t testing.TB, name string) string {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	i := slices.IndexFunc(kinds(), func(k kind) bool { return k.name == name })
	if i < 0 {
		t.Errorf("no kind of host is called %s", name)
		return name
	}
	prefix := kinds()[i].prefix(i)
	addr := prefix.Addr()
	n.used[name]++
	for range n.used[name] {
		addr = addr.Next()
	}
	assert.True(t, prefix.Contains(addr), "no host is left that is %s and that nobody has asked", name)
	return addr.String()
}

// placeholder is a host in a case's arguments: {dead}, or {dead.2} for another.
var placeholder = regexp.MustCompile(`\{[a-z0-9-]+(\.[0-9])?\}`)

// place puts hosts in the place of placeholders, a fresh one for each, and returns
// which: pairs of address and placeholder.
func (n *network) place(t testing.TB, args string) (placed []string, hosts [][2]string) {
	of := map[string]string{}
	for word := range strings.SplitSeq(args, " ") {
		word = placeholder.ReplaceAllStringFunc(word, func(found string) string {
			if of[found] == "" {
				name, _, _ := strings.Cut(strings.Trim(found, "{}"), ".")
				of[found] = n.host(t, name)
				hosts = append(hosts, [2]string{of[found], found})
			}
			return of[found]
		})
		placed = append(placed, strings.ReplaceAll(word, "~", " "))
	}
	return placed, hosts
}

// putBack puts placeholders in the place of hosts.
func putBack(out string, hosts [][2]string) string {
	longest := slices.SortedFunc(slices.Values(hosts), func(a, b [2]string) int { return len(b[0]) - len(a[0]) })
	for _, h := range longest { // 198.18.1.10 before 198.18.1.1
		out = strings.ReplaceAll(out, h[0], h[1])
	}
	return out
}

// asked returns what hosts were asked, of each at most so many packets: the lengths of
// the payloads, and the hops that were left.
func (n *network) asked(hosts [][2]string, most int) string {
	var b strings.Builder
	for _, h := range hosts {
		addr := netip.MustParseAddr(h[0])
		fmt.Fprintf(&b, "%s:", h[1])
		for i, entry := range n.Entries(netip.PrefixFrom(addr, addr.BitLen())) {
			if i < most {
				fmt.Fprintf(&b, " %d/%d", entry.Payload, entry.Hops)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

// untilAskedTwice waits until the first host was asked twice.
func (n *network) untilAskedTwice(ctx context.Context, hosts [][2]string) {
	addr := netip.MustParseAddr(hosts[0][0])
	for ctx.Err() == nil && len(n.Entries(netip.PrefixFrom(addr, addr.BitLen()))) < 2 {
		time.Sleep(10 * time.Millisecond)
	}
}

// said is how a plugin ended, and what it printed.
type said struct {
	code      int
	out, errs string
	hosts     [][2]string // that were asked
	took      time.Duration
}

// run runs a plugin of a directory in the client, with the names of the network.
func (n *network) run(t testing.TB, dir string, c *sideBySide) said {
	t.Helper()
	words, hosts := n.place(t, c.args)
	nss := "nsswitch.conf"
	if c.filesOnly {
		nss = "filesonly"
	}
	script := "cd " + n.files + "; mount --bind hosts /etc/hosts; mount --bind resolv.conf /etc/resolv.conf; mount --bind " + nss + ` /etc/nsswitch.conf; cd /; exec "$@"`
	command := []string{"-m", "--propagation", "private", "sh", "-ec", script, "sh"}
	command = append(command, c.as...)
	command = append(command, filepath.Join(dir, words[0]))
	ctx, cancel := context.WithTimeout(t.Context(), runTime)
	defer cancel()
	cmd := n.Client.CommandContext(ctx, "unshare", append(command, words[1:]...)...)
	cmd.Dir = "/"
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	began := time.Now()
	err := cmd.Start()
	if err == nil && c.stopped {
		n.untilAskedTwice(ctx, hosts)
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	}
	if err == nil {
		err = cmd.Wait()
	}
	result := said{
		out:  blank(putBack(strings.ReplaceAll(out.String(), dir+"/", ""), hosts)),
		errs: errs.String(), hosts: hosts, took: time.Since(began),
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		result.code = exit.ExitCode()
	} else if err != nil {
		t.Errorf("%s: %v", c.args, err)
	}
	return result
}

// figures are those that differ from run to run: RTTs. Losses and thresholds do not.
var figures = regexp.MustCompile(`(rta ?=? ?|rtmax=|rtmin=|RTA = )\d+\.\d+`)

// blank makes what two runs print comparable.
func blank(out string) string { return figures.ReplaceAllString(out, "${1}N") }
