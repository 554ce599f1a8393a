package icmpsock

import (
	"encoding/binary"
	"os/exec"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// call is a system call, or, if arg is not 0, such with that value as its argument
// number arg, counted from 0.
type call struct {
	number uint32
	arg    uint32
	value  uint32
}

// refuse has a system call fail with errno from now on, as sandboxes do, for the
// calling thread and what it starts (seccomp(2)).
func refuse(t testing.TB, c call, errno syscall.Errno) {
	t.Helper()
	const load, equal, ret = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, unix.BPF_RET | unix.BPF_K
	argument := 16 + 8*c.arg // struct seccomp_data
	if binary.NativeEndian.Uint16([]byte{0, 1}) == 1 {
		argument += 4
	}
	if c.arg == 0 { // look at the number twice
		argument, c.value = 0, c.number
	}
	filter := []unix.SockFilter{
		{Code: load, K: 0},
		{Code: equal, Jf: 3, K: c.number},
		{Code: load, K: argument},
		{Code: equal, Jf: 1, K: c.value},
		{Code: ret, K: unix.SECCOMP_RET_ERRNO | uint32(errno)},
		{Code: ret, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
	if err != nil {
		t.Errorf("seccomp: %v", err)
	}
}

// TestNoDropCount: a system that does not count what it throws away is good enough.
func TestNoDropCount(t *testing.T) {
	for _, k := range kinds {
		inNamespace(t, func() {
			refuse(t, call{unix.SYS_GETSOCKOPT, 2, unix.SO_MEMINFO}, unix.ENOPROTOOPT)
			_, c := openHere(t, Config{Policy: k.policy}, Class{Family: k.family})
			_, err := c.Send([]Out{{Dst: k.host, Data: request(t, k.family, c.facts.ID, 1, 16)}})
			require.NoError(t, err)
			collect(t, c, packets(c, 1))
			assert.Zero(t, c.Drops())
		})
	}
}

// TestPollerAllowed: what Go's runtime would die of is said.
func TestPollerAllowed(t *testing.T) {
	require.NoError(t, PollerAllowed())
	for name, c := range map[string]call{"epoll_create1": {number: unix.SYS_EPOLL_CREATE1}, "eventfd2": {number: unix.SYS_EVENTFD2}} {
		inNamespace(t, func() {
			refuse(t, c, unix.EPERM)
			assert.EqualError(t, PollerAllowed(), "no program in Go runs here, without this system call: "+name+": operation not permitted")
		})
	}
}

// TestNothingToDrop: who has no rights may be refused even to ask.
func TestNothingToDrop(t *testing.T) {
	needRoot(t)
	needTool(t, "go")
	program := buildRights(t)
	inNamespace(t, func() {
		refuse(t, call{number: unix.SYS_CAPSET}, unix.EPERM)
		cmd := exec.Command(program)
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		assert.Contains(t, string(out), "\ndrop: <nil>\n")
		assert.Contains(t, string(out), "\nafter: datagram\n")
	})
}
