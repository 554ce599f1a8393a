package icmpsock

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// Cause says why a packet could not be sent. The zero value means that it was.
type Cause uint8

// The causes, with the errno that Linux gives for each.
const (
	Sent        Cause = iota
	SocketFull        // EAGAIN: the socket's send buffer is full; passes, for all packets at once
	NoBuffers         // ENOBUFS, ENOMEM: no room for this packet on its way out; passes
	Firewall          // EPERM: a local firewall rule
	Prohibited        // EACCES: a prohibit route, or broadcast that nobody asked for
	Unreachable       // EHOSTUNREACH: an unreachable route
	Blackhole         // EINVAL: a blackhole route, or options that do not fit each other
	NoRoute           // ENETUNREACH: no route
	TooBig            // EMSGSIZE: longer than the path MTU, or than an IP packet can be
	LinkDown          // ENETDOWN, ENODEV, ENXIO: the interface is down or gone
	NoSource          // EADDRNOTAVAIL: the source address is not ours
	SocketLost        // EBADF and the like: the socket is dead and must be opened anew
	OtherCause        // an errno that is none of these
)

// CauseOf classifies an error of [Conn].Send or Recv by the errno in its
// chain. nil is [Sent]; an error without an errno is [OtherCause].
func CauseOf(err error) Cause {
	if err == nil {
		return Sent
	}
	if errors.Is(err, net.ErrClosed) {
		return SocketLost
	}
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return OtherCause
	}
	return causeOfErrno(errno)
}

// String says the cause in words for the user, with the errno that Linux has
// for it.
func (c Cause) String() string {
	switch c {
	case Sent:
		return "sent"
	case SocketFull:
		return "send buffer full (EAGAIN)"
	case NoBuffers:
		return "neighbour table or interface queue full (ENOBUFS)"
	case Firewall:
		return "refused by the local firewall (EPERM)"
	case Prohibited:
		return "prohibited by a local route, or a broadcast address (EACCES)"
	case Unreachable:
		return "unreachable by a local route (EHOSTUNREACH)"
	case Blackhole:
		return "blackhole route or invalid options (EINVAL)"
	case NoRoute:
		return "no route to the host (ENETUNREACH)"
	case TooBig:
		return "packet too big (EMSGSIZE)"
	case LinkDown:
		return "network interface down or gone (ENETDOWN)"
	case NoSource:
		return "source address not on this host (EADDRNOTAVAIL)"
	case SocketLost:
		return "socket lost (EBADF)"
	case OtherCause:
		return "local send error"
	}
	return fmt.Sprintf("unknown cause %d", uint8(c))
}

// RouteMissing reports whether the host's routing table has no usable way to
// the target: a fault between the hosts, seen from here. All other causes but
// [Sent] are faults of this host or of the request itself.
func (c Cause) RouteMissing() bool {
	switch c {
	case NoRoute, Unreachable, Prohibited, Blackhole:
		return true
	}
	return false
}

// TooBigError is the error of a send that failed with EMSGSIZE. CauseOf says
// [TooBig] for it.
type TooBigError struct {
	MTU int   // longest IP packet that the way takes, in bytes with all headers; 0: unknown
	Err error // the system's error
}

// Error names the MTU where it is known.
func (e *TooBigError) Error() string {
	if e.MTU > 0 {
		return fmt.Sprintf("packet too big for the path MTU of %d bytes: %v", e.MTU, e.Err)
	}
	return fmt.Sprintf("packet too big: %v", e.Err)
}

// Unwrap returns the system's error.
func (e *TooBigError) Unwrap() error { return e.Err }
