package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// checked runs "telegraf-rawping -check" and returns what it printed.
func checked(t *testing.T, cmd *exec.Cmd) (stdout, stderr string, ok bool) {
	t.Helper()
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if err != nil {
		require.IsType(t, new(exec.ExitError), err)
		require.Equal(t, 1, cmd.ProcessState.ExitCode(), "%s", &errs)
	}
	return out.String(), errs.String(), err == nil
}

func TestCheck(t *testing.T) {
	needRoot(t)
	config := file(t, loopback+"fwmark = 7\n[[inputs.rawping.target]]\nurl = \"a.invalid\"\nfamily = \"both\"\nping_interval = \"2s\"\n")
	out, errs, ok := checked(t, exec.Command("unshare", "-n", program(t), "-check", "-config", config))
	t.Log(out)
	require.True(t, ok, errs)
	require.Empty(t, errs)
	require.Contains(t, out, config+": 2 hosts, 1 of them names; at least 3 metrics per interval and 51 packets per second\n")
	require.Contains(t, out, "rate: no limit but max_rate\n")
	require.Contains(t, out, "IPv4 raw socket: permitted")
	require.Contains(t, out, "IPv6 raw socket: permitted")
	require.Contains(t, out, "IPv4 datagram socket: no right to open an ICMP socket: run: sysctl net.ipv4.ping_group_range", "nobody may, in a new namespace")
	require.Contains(t, out, "fwmark 7: permitted\n")
}

// Without rights it says what is missing; with some, what that is good for.
func TestCheckOfRights(t *testing.T) {
	config := file(t, loopback)
	out, errs, ok := checked(t, unprivileged(t, exec.Command(program(t), "-check", "-config", config)))
	t.Log(out)
	require.False(t, ok)
	require.Equal(t, "E! telegraf-rawping: IPv4 hosts cannot be probed\n", errs)
	require.Contains(t, out, "IPv4 raw socket: no right to open an ICMP socket: run: setcap cap_net_raw+p ")
	require.Contains(t, out, "IPv4 datagram socket: no right to open an ICMP socket: run: sysctl net.ipv4.ping_group_range=")
	require.Contains(t, out, "rate: at most 5000 packets per second for a user other than root, loopback not counted\n")

	fast := file(t, strings.Replace(loopback, "20ms", "1ms", 1)+"[[inputs.rawping.target]]\nurl = \"a.invalid\"\nping_interval = \"1ms\"\nfamily = \"both\"\n"+
		"[[inputs.rawping.target]]\nurl = \"b.invalid\"\nping_interval = \"1ms\"\nfamily = \"both\"\n[[inputs.rawping.target]]\nurl = \"c.invalid\"\nping_interval = \"1ms\"\n")
	_, errs, ok = checked(t, unprivileged(t, exec.Command(program(t), "-check", "-config", fast)))
	require.False(t, ok)
	require.Contains(t, errs, "W! 4 targets at their ping_interval need 6000 packets per second, but a user other than root may send 5000: some probes will be skipped\n")
	require.Contains(t, errs, "E! telegraf-rawping: 6000 packets per second are more than this user may send; IPv4 hosts cannot be probed; names cannot be probed\n")

	marked := file(t, loopback+"fwmark = 7\n")
	need(t, "sysctl")
	cmd := exec.Command("unshare", "-n", "sh", "-c", `sysctl -qw net.ipv4.ping_group_range="0 0" && exec setpriv --bounding-set=-net_admin,-net_raw "$@"`,
		"sh", program(t), "-check", "-config", marked)
	out, errs, ok = checked(t, cmd)
	require.False(t, ok)
	require.Contains(t, out, "IPv4 datagram socket: permitted")
	require.Contains(t, out, "fwmark 7: ")
	require.NotContains(t, out, "fwmark 7: permitted")
	require.Equal(t, "E! telegraf-rawping: fwmark 7 cannot be set\n", errs)
}

func TestCheckOfHosts(t *testing.T) {
	needSockets(t)
	hosts := filepath.Join(t.TempDir(), "hosts")
	require.NoError(t, os.WriteFile(hosts, []byte("127.0.0.1\ntwo words\n"), 0o600))
	out, errs, ok := checked(t, exec.Command(program(t), "-check", "-config", file(t, "[[inputs.rawping]]\ntargets_file = [\""+hosts+"\"]\n")))
	require.False(t, ok)
	require.Contains(t, out, ": 1 hosts, 0 of them names; ")
	require.Contains(t, errs, "E! Left out: "+hosts+":2: ")
	require.Contains(t, errs, "E! telegraf-rawping: some hosts are left out\n")
}
