package icmpsock

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// causeOfErrno maps the errors of WSASendTo. Windows has no error of its own
// for a local firewall's refusal but WSAEACCES.
func causeOfErrno(errno syscall.Errno) Cause {
	switch errno {
	case 0:
		return Sent
	case windows.WSAEWOULDBLOCK:
		return SocketFull
	case windows.WSAENOBUFS:
		return NoBuffers
	case windows.WSAEACCES:
		return Prohibited
	case windows.WSAEHOSTUNREACH, windows.WSAEHOSTDOWN:
		return Unreachable
	case windows.WSAENETUNREACH:
		return NoRoute
	case windows.WSAEMSGSIZE:
		return TooBig
	case windows.WSAENETDOWN:
		return LinkDown
	case windows.WSAEADDRNOTAVAIL:
		return NoSource
	case windows.WSAENOTSOCK, windows.WSAEBADF, windows.WSAECONNABORTED, windows.WSAESHUTDOWN:
		return SocketLost
	}
	return OtherCause
}
