package testbed

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/icmpsock"
)

// ownNamespace is the network namespace of the calling thread.
const ownNamespace = "/proc/thread-self/ns/net"

// Namespace is a network namespace without a name. It exists as long as this
// process has its descriptor open, or something is still in it.
type Namespace struct {
	name  string // in error messages
	file  *os.File
	inode uint64
}

// newNamespace makes a namespace and leaves the calling thread where it was:
// the descriptor alone keeps the namespace, so that no thread need be parked in
// it, and no thread ends with it.
func newNamespace(name string) (ns *Namespace, err error) {
	err = awayFromHome(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return os.NewSyscallError("unshare", err)
		}
		file, err := os.Open(ownNamespace)
		if err != nil {
			return err
		}
		var st unix.Stat_t
		if err := unix.Fstat(int(file.Fd()), &st); err != nil {
			return errors.Join(os.NewSyscallError("fstat", err), file.Close())
		}
		ns = &Namespace{name: name, file: file, inode: st.Ino}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("namespace %s: %w", name, err)
	}
	return ns, nil
}

// awayFromHome runs f, which may move the calling thread into another network
// namespace, and brings the thread back. A thread that cannot be brought back
// stays locked, so that nothing else ever runs on it.
func awayFromHome(f func() error) (err error) {
	runtime.LockOSThread()
	home, err := os.Open(ownNamespace)
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	defer func() {
		back := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET)
		if back == nil {
			runtime.UnlockOSThread()
		}
		err = errors.Join(err, os.NewSyscallError("setns", back), home.Close())
	}()
	return f()
}

// Do runs f in the namespace, on the calling goroutine: sockets that f opens
// belong to the namespace for good, and programs that it starts run there.
// Goroutines that f starts do not.
func (ns *Namespace) Do(f func() error) error {
	return awayFromHome(func() error {
		if err := unix.Setns(int(ns.file.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter namespace %s: %w", ns.name, os.NewSyscallError("setns", err))
		}
		return f()
	})
}

// Path is a path by which any process of this machine reaches the namespace
// (setns(2), nsenter --net=PATH), as long as this process lives.
func (ns *Namespace) Path() string {
	return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), ns.file.Fd())
}

// Sysctl sets a kernel setting of the namespace: "net.ipv4.ping_group_range".
// A name with a slash is taken as a path below /proc/sys.
func (ns *Namespace) Sysctl(name, value string) error {
	path := name
	if !strings.Contains(path, "/") {
		path = strings.ReplaceAll(path, ".", "/")
	}
	// /proc/sys/net shows the namespace of the thread that opens it.
	return ns.Do(func() error {
		return os.WriteFile("/proc/sys/"+path, []byte(value), 0)
	})
}

// Network returns the system's network with its connections in the namespace.
func (ns *Namespace) Network(cfg icmpsock.Config) (icmpsock.Network, error) {
	n, err := icmpsock.System(cfg)
	if err != nil {
		return nil, err
	}
	return &network{Network: n, ns: ns}, nil
}

// network opens its connections in a namespace, whichever thread the engine is on.
type network struct {
	icmpsock.Network
	ns *Namespace
}

// Open implements [icmpsock.Network].
func (n *network) Open(class icmpsock.Class) (conn icmpsock.Conn, err error) {
	err = n.ns.Do(func() (err error) {
		conn, err = n.Network.Open(class)
		return err
	})
	if err != nil {
		return nil, err
	}
	return conn, nil
}

// close lets go of the namespace. The kernel removes it when nothing is left in it.
func (ns *Namespace) close() error { return ns.file.Close() }
