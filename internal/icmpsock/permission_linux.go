package icmpsock

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/wire"
)

// pingGroupRange is the setting that gives groups the right to open sockets of
// the datagram kind, in both families (icmp(7)).
const pingGroupRange = "net.ipv4.ping_group_range"

// openError explains why a socket could not be opened. For a missing right it
// names both remedies on one line.
func openError(policy Policy, family wire.Family, err error) error {
	switch {
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("no right to open an ICMP socket: %s: %w", remedies(policy), err)
	case errors.Is(err, unix.EAFNOSUPPORT):
		return fmt.Errorf("%s is switched off on this host: %w", family, err)
	case errors.Is(err, unix.EPROTONOSUPPORT):
		return fmt.Errorf("this kernel has no %s ICMP sockets of that kind: %w", family, err)
	}
	return fmt.Errorf("open %s ICMP socket: %w", family, os.NewSyscallError("socket", err))
}

func remedies(policy Policy) string {
	executable, err := os.Executable()
	if err != nil {
		executable = os.Args[0]
	}
	setcap := "setcap cap_net_raw+p " + executable
	if policy == RawOnly {
		return "run: " + setcap
	}
	_, why := DatagramAllowed()
	sysctl := fmt.Sprintf("sysctl %s=\"0 2147483647\" (%s)", pingGroupRange, why)
	if policy == DatagramOnly {
		return "run: " + sysctl
	}
	return "run: " + setcap + ", or: " + sysctl
}

// DatagramAllowed reports whether net.ipv4.ping_group_range lets this process
// open ICMP sockets of the datagram kind, and says why in words that name the
// range found.
func DatagramAllowed() (bool, string) {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ping_group_range")
	if err != nil {
		return false, fmt.Sprintf("%s cannot be read", pingGroupRange)
	}
	groups, err := os.Getgroups()
	if err != nil {
		groups = nil
	}
	return groupAllowed(string(text), append([]int{os.Getegid()}, groups...))
}

// groupAllowed looks for a group in the range that text has as two decimals.
// The lower one may be the greater: then nobody is allowed, the kernel's
// default.
func groupAllowed(text string, groups []int) (bool, string) {
	fields := strings.Fields(text)
	if len(fields) != 2 {
		return false, fmt.Sprintf("%s is %q", pingGroupRange, text)
	}
	low, errLow := strconv.ParseUint(fields[0], 10, 32)
	high, errHigh := strconv.ParseUint(fields[1], 10, 32)
	if errLow != nil || errHigh != nil {
		return false, fmt.Sprintf("%s is %q", pingGroupRange, text)
	}
	found := fmt.Sprintf("it is \"%d %d\" now", low, high)
	if low > high {
		return false, found + ", which allows nobody"
	}
	i := slices.IndexFunc(groups, func(g int) bool { return uint64(g) >= low && uint64(g) <= high })
	if i < 0 {
		return false, fmt.Sprintf("%s, which leaves out group %d", found, groups[0])
	}
	return true, fmt.Sprintf("%s, which allows group %d", found, groups[i])
}
