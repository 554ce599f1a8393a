package testbed

import (
	"bufio"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/wire"
)

// holderVariable makes this test binary the process that TestKilled kills.
const holderVariable = "RAWPING_TESTBED_HOLDER"

// inside returns the processes whose network namespace is one of those given,
// and the number of namespaces that are in use or held open by anybody.
func inside(t *testing.T, spaces map[string]bool) (processes, holders []string) {
	t.Helper()
	dirs, err := filepath.Glob("/proc/[0-9]*")
	require.NoError(t, err)
	for _, dir := range dirs {
		if link, err := os.Readlink(dir + "/ns/net"); err == nil && spaces[link] {
			processes = append(processes, dir)
		}
		files, _ := filepath.Glob(dir + "/fd/*")
		for _, file := range files {
			if link, err := os.Readlink(file); err == nil && spaces[link] {
				holders = append(holders, file)
			}
		}
	}
	return processes, holders
}

// However the process ends that has a bed, nothing of the bed remains.
func TestKilled(t *testing.T) {
	if os.Getenv(holderVariable) != "" {
		hold(t)
		return
	}
	New(t) // skips where there can be no bed
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$")
	cmd.Env = append(os.Environ(), holderVariable+"=1")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Stderr = os.Stderr
	require.NoError(t, cmd.Start())
	defer func() { _ = cmd.Process.Kill() }()

	spaces := make(map[string]bool)
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "ready" {
		spaces[lines.Text()] = true
	}
	require.Len(t, spaces, 3)
	var processes, holders []string
	require.Eventually(t, func() bool { // nsenter takes its time to enter
		processes, holders = inside(t, spaces)
		return len(processes) >= 3
	}, eventually, 10*tick)
	require.NotEmpty(t, holders)

	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	require.Eventually(t, func() bool {
		processes, holders = inside(t, spaces)
		return len(processes) == 0 && len(holders) == 0
	}, eventually, 10*tick, "%v %v", processes, holders)

	// The interfaces went with the namespaces: none came back to where the process was.
	links, err := exec.CommandContext(t.Context(), "ip", "-o", "link").CombinedOutput()
	require.NoError(t, err)
	for _, name := range []string{clientLink, routerIn, tunLink} {
		require.NotContains(t, string(links), name)
	}
}

// hold brings a bed up with processes in it that would run on for long, one of
// them as another user, one as a child of another, and waits to be killed.
func hold(t *testing.T) {
	b := New(t)
	for _, cmd := range []*exec.Cmd{
		b.Client.Command("ping", "-q", "-n", b.ServerAddr.V4.String()),
		b.Server.Command("setpriv", "--reuid=65534", "--clear-groups", "sleep", "600"),
		b.Router.Command("sh", "-c", "sleep 600 & sleep 600"),
	} {
		require.NoError(t, cmd.Start())
	}
	for _, ns := range []*Namespace{b.Client, b.Router, b.Server} {
		link, err := os.Readlink(ns.Path())
		require.NoError(t, err)
		fmt.Println(link)
	}
	fmt.Println("ready")
	time.Sleep(2 * eventually)
}

// Close ends what was started in a bed, and a second Close does nothing.
func TestClose(t *testing.T) {
	New(t)
	b, err := Open()
	require.NoError(t, err)
	spaces := make(map[string]bool)
	for _, ns := range []*Namespace{b.Client, b.Router, b.Server} {
		link, err := os.Readlink(ns.Path())
		require.NoError(t, err)
		spaces[link] = true
	}
	cmd := b.Client.Command("sleep", "600")
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool {
		processes, _ := inside(t, spaces)
		return len(processes) == 1
	}, eventually, tick)
	require.NoError(t, b.Close())
	require.Error(t, cmd.Wait())
	processes, holders := inside(t, spaces)
	require.Empty(t, processes)
	require.Empty(t, holders)
	require.NoError(t, b.Close())
}

// Two beds have the same addresses, and nothing else in common.
func TestSideBySide(t *testing.T) {
	a, b := New(t), New(t)
	host := a.Responder.V4.Addr().Next()
	a.Rule(single(host), Fault{WrongSeq: 1})
	b.Rule(single(host), Fault{WrongSeq: 2})
	for i, bed := range []*Bed{a, b} {
		o := observe(t, bed, wire.V4)
		o.send(host, 10, nil)
		require.Equal(t, 11+i, o.must().echo().Seq)
		o.nothing()
		require.Equal(t, 1, bed.Seen(single(host)).Requests)
	}
}

// What Do opens belongs to the namespace; the thread comes back, whatever happens.
func TestDo(t *testing.T) {
	b := New(t)
	home, err := os.Readlink(ownNamespace)
	require.NoError(t, err)
	require.ErrorIs(t, b.Client.Do(func() error {
		here, err := os.Readlink(ownNamespace)
		require.NoError(t, err)
		require.NotEqual(t, home, here)
		require.NoError(t, b.Server.Do(func() error { return nil }))
		again, err := os.Readlink(ownNamespace)
		require.NoError(t, err)
		require.Equal(t, here, again)
		return os.ErrInvalid
	}), os.ErrInvalid)
	require.Panics(t, func() { _ = b.Client.Do(func() error { panic("out") }) })
	after, err := os.Readlink(ownNamespace)
	require.NoError(t, err)
	require.Equal(t, home, after)
}

// The project's own sockets live in the client.
func TestNetwork(t *testing.T) {
	b := New(t)
	n, err := b.Client.Network(icmpsock.Config{Policy: icmpsock.RawOnly})
	require.NoError(t, err)
	defer func() { require.NoError(t, n.Close()) }()
	conn, err := n.Open(icmpsock.Class{Family: wire.V4})
	require.NoError(t, err)
	request := []byte{8, 0, 0, 0, byte(conn.Facts().ID >> 8), byte(conn.Facts().ID), 0, 1}
	seal(netip.IPv4Unspecified(), netip.IPv4Unspecified(), request)
	host := b.Responder.V4.Addr().Next()
	_, err = conn.Send([]icmpsock.Out{{Dst: host, Data: request}})
	require.NoError(t, err)
	select {
	case <-n.Ready():
	case <-time.After(eventually):
		require.Fail(t, "nothing came")
	}
	require.Eventually(t, func() bool { return b.Seen(single(host)).Replies == 1 }, eventually, tick)

	// The datagram kind is allowed by a setting of the namespace.
	require.NoError(t, b.Client.Sysctl("net.ipv4.ping_group_range", "0 2147483647"))
	d, err := b.Client.Network(icmpsock.Config{Policy: icmpsock.DatagramOnly})
	require.NoError(t, err)
	_, err = d.Open(icmpsock.Class{Family: wire.V6})
	require.NoError(t, err)
	require.NoError(t, d.Close())
}

// The client's link goes down and up, and comes back as it was.
func TestLinkDownAndUp(t *testing.T) {
	b := New(t)
	b.Client.Run(t, "ip", "link", "set", "wan0", "down")
	_, err := b.Client.Output("ping", "-n", "-c", "1", "-W", "1", b.ServerAddr.V4.String())
	require.Error(t, err)
	require.NoError(t, b.RestoreClient())
	for _, f := range families {
		b.Client.Run(t, "ping", "-n", "-q", "-c", "20", "-i", "0.05", "-w", "60", b.ServerAddr.Of(f).String())
		if f == wire.V6 {
			b.Client.Run(t, "ping", "-n", "-q", "-c", "1", "-w", "60", b.RouterLinkLocal.String())
		}
	}
}

// Where there can be no bed, the reason has a name.
func TestNeeds(t *testing.T) {
	New(t)
	t.Setenv("PATH", "/nonexistent")
	err := Needs()
	require.Error(t, err)
	require.True(t, strings.Contains(err.Error(), "needs the program ip"), err)
}
