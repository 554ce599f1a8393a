package icmpsock

import (
	"encoding/binary"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/wire"
)

// needRoot ends a test that cannot run without root: skipped, or failed where
// RAWPING_REQUIRE_ALL says that everything must run.
func needRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	unable(t, "needs root: raw sockets, network namespaces")
}

// needTool ends a test that cannot run without a program.
func needTool(t testing.TB, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		unable(t, "needs the program "+name)
	}
}

// needStamps ends a test that cannot run on a kernel that stamps no departure of such a
// socket, as with IPv6 datagram sockets before 5.18, or, by our own keys, before 6.13.
func needStamps(t testing.TB, c *conn, keys bool) {
	t.Helper()
	switch {
	case !c.facts.SendStamps:
		unable(t, "this kernel stamps no departure of such a socket")
	case keys && c.facts.StampQuotes:
		unable(t, "this kernel has no SCM_TS_OPT_ID")
	}
}

func unable(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("RAWPING_REQUIRE_ALL") == "1" {
		t.Fatal("RAWPING_REQUIRE_ALL: " + why)
	}
	t.Skip(why)
}

// inNamespace runs f in a network namespace of its own, in which the loopback
// is up and anybody may open datagram sockets. Sockets that f opens stay in
// it. The thread is never unlocked, so that it ends with the goroutine.
func inNamespace(t testing.TB, f func()) {
	t.Helper()
	needRoot(t)
	needTool(t, "ip")
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			t.Errorf("unshare: %v", err)
			return
		}
		run(t, "ip link set lo up")
		writeSetting(t, "net/ipv4/ping_group_range", "0 2147483647")
		f()
	}()
	<-done
	if t.Failed() {
		t.FailNow()
	}
}

// run runs a command line in the namespace of the calling thread.
func run(t testing.TB, command string) {
	t.Helper()
	fields := strings.Fields(command)
	out, err := exec.Command(fields[0], fields[1:]...).CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v: %s", command, err, out)
	}
}

// addAddress gives an interface an IPv6 address and waits for its route, which
// the kernel makes a moment later.
func addAddress(t testing.TB, addr, dev string) {
	t.Helper()
	run(t, "ip addr add "+addr+" dev "+dev+" nodad")
	host, _, _ := strings.Cut(addr, "/")
	for range 200 {
		out, _ := exec.Command("ip", "-6", "route", "show", "table", "local", "dev", dev).CombinedOutput()
		if strings.Contains(string(out), "local "+host+" ") {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("no local route to %s", addr)
}

func writeSetting(t testing.TB, name, value string) {
	t.Helper()
	if err := os.WriteFile("/proc/sys/"+name, []byte(value), 0); err != nil {
		t.Errorf("sysctl: %v", err)
	}
}

// openIn opens a connection on a network of its own in a namespace of its own,
// which prepare may change first.
func openIn(t testing.TB, cfg Config, class Class, prepare func()) (*network, *conn) {
	t.Helper()
	var n *network
	var c *conn
	inNamespace(t, func() {
		if prepare != nil {
			prepare()
		}
		if !t.Failed() {
			n, c = openHere(t, cfg, class)
		}
	})
	return n, c
}

// openHere opens a connection on a network of its own.
func openHere(t testing.TB, cfg Config, class Class) (*network, *conn) {
	t.Helper()
	needRoot(t)
	n, err := System(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, n.Close()) })
	c, err := n.Open(class)
	require.NoError(t, err)
	return n.(*network), c.(*conn)
}

// kinds are the four kinds of connections.
var kinds = []struct {
	name   string
	policy Policy
	family wire.Family
	host   netip.Addr
}{
	{"raw4", RawOnly, wire.V4, netip.MustParseAddr("127.0.0.1")},
	{"raw6", RawOnly, wire.V6, netip.MustParseAddr("::1")},
	{"datagram4", DatagramOnly, wire.V4, netip.MustParseAddr("127.0.0.1")},
	{"datagram6", DatagramOnly, wire.V6, netip.MustParseAddr("::1")},
}

// request is an echo request made by x/net, which is no part of this package.
func request(t testing.TB, family wire.Family, id, seq uint16, payload int) []byte {
	t.Helper()
	m := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: int(id), Seq: int(seq), Data: make([]byte, payload)}}
	if family == wire.V6 {
		m.Type = ipv6.ICMPTypeEchoRequest
	}
	b, err := m.Marshal(nil)
	require.NoError(t, err)
	return b
}

// requests are n small ones of a connection, numbered from 0.
func requests(t testing.TB, c *conn, host netip.Addr, n int) []Out {
	t.Helper()
	outs := make([]Out, n)
	for i := range outs {
		outs[i] = Out{Dst: host, Data: request(t, c.class.Family, c.facts.ID, uint16(i), 16)}
	}
	return outs
}

func isReply(m []byte) bool {
	return len(m) >= 8 && (m[0] == byte(ipv4.ICMPTypeEchoReply) || m[0] == byte(ipv6.ICMPTypeEchoReply))
}

func idOf(m []byte) uint16  { return binary.BigEndian.Uint16(m[4:]) }
func seqOf(m []byte) uint16 { return binary.BigEndian.Uint16(m[6:]) }

// patience is how long a test waits for what must come.
const patience = time.Minute

// collect receives until enough says so, and copies what Recv lends.
func collect(t testing.TB, c Conn, enough func([]In) bool) []In {
	t.Helper()
	var all []In
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		ins, err := c.Recv()
		require.NoError(t, err)
		for _, in := range ins {
			in.Data = append([]byte(nil), in.Data...)
			all = append(all, in)
		}
		if enough(all) {
			return all
		}
		if len(ins) == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	t.Fatalf("there are no more than %d packets, %d stamps, %d errors",
		count(all, Packet), count(all, Stamp), count(all, Error))
	return nil
}

// count counts the messages of a kind.
func count(ins []In, kind Kind) int {
	n := 0
	for _, in := range ins {
		if in.Kind == kind {
			n++
		}
	}
	return n
}

// packets is enough when n packets have come, and their stamps if there are any.
func packets(c Conn, n int) func([]In) bool {
	return func(ins []In) bool {
		return count(ins, Packet) >= n && (!c.Facts().SendStamps || count(ins, Stamp) >= n)
	}
}
