package icmpsock

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ErrRightsKept is the error of [DropRights] in a program linked with cgo,
// where Go cannot change all threads.
var ErrRightsKept = errors.New("capabilities not dropped: this program is linked with cgo; build it with CGO_ENABLED=0")

// The capabilities that opening a socket can use (capabilities(7)).
const openingRights = 1<<unix.CAP_NET_RAW | 1<<unix.CAP_NET_ADMIN

// capabilities are the sets of one thread. The kernel's form is two words for
// each set, the lower one first.
type capabilities [2]unix.CapUserData

func capabilityHeader() unix.CapUserHeader {
	return unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3} // pid 0: this thread
}

func readCapabilities() (capabilities, error) {
	var caps capabilities
	header := capabilityHeader()
	err := unix.Capget(&header, &caps[0])
	return caps, os.NewSyscallError("capget", err)
}

func (caps *capabilities) write() error {
	header := capabilityHeader()
	return os.NewSyscallError("capset", unix.Capset(&header, &caps[0]))
}

// withRights calls f with those of the opening rights effective that the
// thread is permitted. They are raised on this thread alone and put back.
func withRights(f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	caps, err := readCapabilities()
	if err != nil {
		return f() // not a kernel or sandbox that tells: the socket call decides
	}
	raised := caps
	raised[0].Effective |= caps[0].Permitted & openingRights
	if raised == caps || raised.write() != nil {
		return f()
	}
	err = f()
	if back := caps.write(); back != nil {
		runtime.LockOSThread() // never unlocked: the thread must not run anything else with these rights
		return errors.Join(err, back)
	}
	return err
}

// DropRights gives up, in every thread, what opening a socket can use:
// CAP_NET_RAW and CAP_NET_ADMIN if the real user is root, all capabilities
// otherwise. They leave the effective, permitted, inheritable and ambient set,
// and cannot be raised again. Sockets that are open keep working; one that is
// opened later is of the datagram kind, or fails.
//
// The error is [ErrRightsKept] where Go cannot do that.
func DropRights() error {
	caps, err := readCapabilities()
	if err != nil {
		return err
	}
	had := caps
	if os.Getuid() == 0 {
		for _, set := range []*uint32{&caps[0].Effective, &caps[0].Permitted, &caps[0].Inheritable} {
			*set &^= openingRights
		}
	} else {
		caps = capabilities{}
	}
	if caps == had {
		return nil // nothing to give up; a sandbox may refuse even to ask
	}
	header := capabilityHeader()
	// The kernel reads both structs in each thread; caps and header stay on the
	// heap or stack of this call until all threads are done. The ambient set
	// follows: the kernel takes out what is no longer permitted and inheritable.
	_, _, errno := syscall.AllThreadsSyscall(unix.SYS_CAPSET,
		uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&caps[0])), 0)
	runtime.KeepAlive(&caps)
	runtime.KeepAlive(&header)
	switch errno {
	case 0:
		return nil
	case syscall.ENOTSUP:
		return ErrRightsKept
	}
	return fmt.Errorf("drop capabilities: %w", os.NewSyscallError("capset", errno))
}

// OrdinaryUser reports whether a real user other than root runs the program,
// whose echo requests are then limited in rate.
func OrdinaryUser() bool { return os.Getuid() != 0 }
