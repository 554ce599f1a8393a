//go:build unix

package icmpsock

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCauseOf(t *testing.T) {
	for err, want := range map[error]Cause{
		nil:                  Sent,
		errors.New("other"):  OtherCause,
		net.ErrClosed:        SocketLost,
		syscall.ENOBUFS:      NoBuffers,
		syscall.EAGAIN:       SocketFull,
		syscall.EPERM:        Firewall,
		syscall.EACCES:       Prohibited,
		syscall.EHOSTUNREACH: Unreachable,
		syscall.ENETUNREACH:  NoRoute,
		syscall.EMSGSIZE:     TooBig,
		syscall.ENETDOWN:     LinkDown,
		os.NewSyscallError("sendmmsg", syscall.EADDRNOTAVAIL):                 NoSource,
		fmt.Errorf("x: %w", os.NewSyscallError("sendmmsg", syscall.ENOTSOCK)): SocketLost,
		&TooBigError{MTU: 1400, Err: syscall.EMSGSIZE}:                        TooBig,
	} {
		assert.Equal(t, want, CauseOf(err), "%v", err)
	}
}

func TestCauseWords(t *testing.T) {
	seen := make(map[string]bool)
	for c := Sent; c <= OtherCause; c++ {
		assert.False(t, seen[c.String()], "%s", c)
		seen[c.String()] = true
		assert.NotContains(t, c.String(), "unknown")
	}
	assert.Equal(t, "unknown cause 200", Cause(200).String())
	assert.Equal(t, "refused by the local firewall (EPERM)", Firewall.String())
}

func TestRouteMissing(t *testing.T) {
	for c := Sent; c <= OtherCause; c++ {
		missing := c == NoRoute || c == Unreachable || c == Prohibited || c == Blackhole
		assert.Equal(t, missing, c.RouteMissing(), "%s", c)
	}
}

func TestTooBigError(t *testing.T) {
	assert.EqualError(t, &TooBigError{MTU: 1400, Err: errors.New("message too long")},
		"packet too big for the path MTU of 1400 bytes: message too long")
	assert.EqualError(t, &TooBigError{Err: errors.New("message too long")}, "packet too big: message too long")
}
