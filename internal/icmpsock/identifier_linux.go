package icmpsock

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/wire"
)

// identifierTries bounds the search for a free identifier: if half of all are
// taken, one search in four billion fails.
const identifierTries = 32

// bindIdentifier gives a datagram socket its identifier, which the kernel
// treats as its port. Left alone, the kernel counts up from the last one given
// to anybody, which a sender of forged replies can guess.
//
// SO_REUSEADDR is on in a new socket of this kind: two could bind the same
// identifier, and the last one would get the replies of both.
func (c *conn) bindIdentifier(id uint16) error {
	if err := unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 0); err != nil {
		return os.NewSyscallError("setsockopt SO_REUSEADDR", err)
	}
	var err error
	try := id
	for range identifierTries {
		if id == 0 {
			try = randomID()
		}
		err = unix.Bind(c.fd, localAddress(c.class, try))
		if err == nil {
			return c.readIdentifier()
		}
		if errors.Is(err, unix.EADDRNOTAVAIL) {
			return c.bindError(err)
		}
		if id != 0 || !errors.Is(err, unix.EADDRINUSE) {
			break
		}
	}
	return fmt.Errorf("take ICMP identifier %d: %w", try, os.NewSyscallError("bind", err))
}

// bindSource binds a raw socket to its class's source, if it has one.
func (c *conn) bindSource() error {
	if !c.class.Source.IsValid() {
		return nil
	}
	if err := unix.Bind(c.fd, localAddress(c.class, 0)); err != nil {
		return c.bindError(err)
	}
	return nil
}

func (c *conn) bindError(err error) error {
	return fmt.Errorf("source address %s: %w", c.class.Source, os.NewSyscallError("bind", err))
}

// localAddress is a class's source, or any address if it has none, with an
// identifier as its port.
func localAddress(class Class, id uint16) unix.Sockaddr {
	if class.Family == wire.V6 {
		local := &unix.SockaddrInet6{Port: int(id), ZoneId: uint32(class.Scope)}
		if class.Source.IsValid() {
			local.Addr = class.Source.As16()
		}
		return local
	}
	local := &unix.SockaddrInet4{Port: int(id)}
	if class.Source.Is4() {
		local.Addr = class.Source.As4()
	}
	return local
}

func (c *conn) readIdentifier() error {
	name, err := unix.Getsockname(c.fd)
	if err != nil {
		return os.NewSyscallError("getsockname", err)
	}
	switch name := name.(type) {
	case *unix.SockaddrInet4:
		c.facts.ID = uint16(name.Port)
	case *unix.SockaddrInet6:
		c.facts.ID = uint16(name.Port)
	}
	return nil
}
