package main

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"

	"github.com/influxdata/telegraf/plugins/inputs"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/plugins/inputs/rawping"
)

// unable ends a test that cannot run: skipped, or failed where
// RAWPING_REQUIRE_ALL says that everything must run.
func unable(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("RAWPING_REQUIRE_ALL") == "1" {
		t.Fatal("RAWPING_REQUIRE_ALL: " + why)
	}
	t.Skip(why)
}

func needSockets(t *testing.T) {
	t.Helper()
	p, ok := inputs.Inputs["rawping"]().(*rawping.RawPing)
	require.True(t, ok)
	if err := p.Probe(); err != nil {
		unable(t, "needs ICMP sockets: "+err.Error())
	}
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		unable(t, "needs root: file capabilities, another user, a network namespace")
	}
}

func need(t *testing.T, tool string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		unable(t, "needs the program "+tool)
	}
}

// unprivileged has a command run as nobody, without capabilities but those of
// its file, in a network namespace with a loopback, where no group may open
// datagram sockets.
func unprivileged(t *testing.T, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	needRoot(t)
	for _, tool := range []string{"unshare", "ip", "setpriv"} {
		need(t, tool)
	}
	args := append([]string{
		"-n", "sh", "-c", `ip link set lo up && exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"`, "sh",
	}, cmd.Args...)
	return exec.Command("unshare", args...)
}

// inSilence has a command run in a network namespace with a host that never
// answers: a neighbour whose address is known, and is nobody's.
func inSilence(t *testing.T, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	needRoot(t)
	for _, tool := range []string{"unshare", "ip"} {
		need(t, tool)
	}
	const setUp = `ip link set lo up && ip link add v0 type veth peer name v1 && ip addr add 198.51.100.1/24 dev v0 &&
		ip link set v0 up && ip link set v1 up && ip neigh add 198.51.100.7 lladdr 02:00:00:00:00:07 dev v0 nud permanent && exec "$@"`
	return exec.Command("unshare", append([]string{"-n", "sh", "-c", setUp, "sh"}, cmd.Args...)...)
}

// hasSent says whether a process has entered a network namespace of its own and sent
// an echo request, as that namespace's kernel counts them.
func hasSent(p *process) bool {
	outside, _ := os.Readlink("/proc/self/ns/net")
	inside, err := os.Readlink("/proc/" + pid(p) + "/ns/net")
	if err != nil || inside == outside {
		return false
	}
	counts, err := os.ReadFile("/proc/" + pid(p) + "/net/snmp")
	return err == nil && regexp.MustCompile(`(?m)^IcmpMsg: .*\bOutType8\b`).Match(counts)
}

func pid(p *process) string { return strconv.Itoa(p.cmd.Process.Pid) }
