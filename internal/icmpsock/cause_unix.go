//go:build unix && !linux

package icmpsock

import "syscall"

// causeOfErrno maps the errno of a send on the BSDs and macOS. They report a
// firewall's refusal as EACCES or EHOSTUNREACH, and a neighbour that does not
// answer as EHOSTDOWN.
func causeOfErrno(errno syscall.Errno) Cause {
	switch errno {
	case 0:
		return Sent
	case syscall.EAGAIN:
		return SocketFull
	case syscall.ENOBUFS, syscall.ENOMEM:
		return NoBuffers
	case syscall.EPERM:
		return Firewall
	case syscall.EACCES:
		return Prohibited
	case syscall.EHOSTUNREACH, syscall.EHOSTDOWN:
		return Unreachable
	case syscall.ENETUNREACH:
		return NoRoute
	case syscall.EMSGSIZE:
		return TooBig
	case syscall.ENETDOWN, syscall.ENODEV, syscall.ENXIO:
		return LinkDown
	case syscall.EADDRNOTAVAIL:
		return NoSource
	case syscall.EBADF, syscall.ENOTSOCK, syscall.ECONNABORTED:
		return SocketLost
	}
	return OtherCause
}
