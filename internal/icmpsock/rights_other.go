//go:build !linux

package icmpsock

import (
	"errors"
	"os"
	"runtime"
)

// ErrRightsKept is the error of [DropRights] where the rights cannot be given
// up in all threads. Only Linux returns it.
var ErrRightsKept = errors.New("rights not dropped")

// DropRights gives up what opening a socket can use, where the system has such
// rights apart from the user's: only on Linux. Elsewhere it does nothing.
func DropRights() error { return nil }

// OrdinaryUser reports whether a real user other than root runs the program,
// whose echo requests are then limited in rate. Windows lets only
// administrators open the sockets at all.
func OrdinaryUser() bool { return os.Getuid() > 0 }

// DatagramAllowed reports whether the system has ICMP sockets that need no
// right, and says so in words.
func DatagramAllowed() (bool, string) {
	if hasDatagram {
		return true, "anybody may open ICMP datagram sockets"
	}
	return false, runtime.GOOS + " has raw ICMP sockets only"
}

// hasDatagram says that the system has ICMP sockets of the datagram kind.
const hasDatagram = runtime.GOOS == "darwin" || runtime.GOOS == "ios"
