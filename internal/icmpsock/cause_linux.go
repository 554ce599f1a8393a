package icmpsock

import "syscall"

// causeOfErrno maps the errno of a send: measured with nftables rules and
// routes of every type, and read in raw(7), ip(7), send(2).
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
	case syscall.EHOSTUNREACH:
		return Unreachable
	case syscall.EINVAL:
		return Blackhole
	case syscall.ENETUNREACH:
		return NoRoute
	case syscall.EMSGSIZE:
		return TooBig
	case syscall.ENETDOWN, syscall.ENODEV, syscall.ENXIO:
		return LinkDown
	case syscall.EADDRNOTAVAIL:
		return NoSource
	}
	if socketLost(errno) {
		return SocketLost
	}
	return OtherCause
}

// socketLost reports whether errno means that the descriptor is no longer the
// socket it was, so that no later call can succeed.
func socketLost(errno syscall.Errno) bool {
	switch errno {
	case syscall.EBADF, syscall.ENOTSOCK, syscall.ECONNABORTED, syscall.EPIPE, syscall.ESHUTDOWN:
		return true
	}
	return false
}
