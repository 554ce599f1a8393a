package icmpsock

import (
	"errors"
	"fmt"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/wire"
)

// pathMTU asks the kernel for the MTU of the way that m could not go. A UDP
// socket that is connected there, which sends nothing, knows it. 0: unknown,
// or not the reason, because the connection may fragment and m is longer than
// any IP packet.
func (c *conn) pathMTU(m *Out) int {
	if !c.class.DontFragment {
		return 0
	}
	domain, level, opt := unix.AF_INET, unix.SOL_IP, unix.IP_MTU
	var to unix.Sockaddr
	if c.class.Family == wire.V6 {
		domain, level, opt = unix.AF_INET6, unix.SOL_IPV6, unix.IPV6_MTU
		to = &unix.SockaddrInet6{Port: 9, Addr: m.Dst.As16(), ZoneId: uint32(m.Scope)}
	} else {
		to = &unix.SockaddrInet4{Port: 9, Addr: m.Dst.As4()}
	}
	fd, err := unix.Socket(domain, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0
	}
	defer func() { _ = unix.Close(fd) }()
	if c.class.Mark != 0 { // may take another route; without the right, the usual one is the best guess
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK, int(c.class.Mark))
	}
	if o := m.Options; o != nil && o.Interface != 0 {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_BINDTOIFINDEX, o.Interface)
	}
	if err := unix.Connect(fd, to); err != nil {
		return 0
	}
	mtu, err := unix.GetsockoptInt(fd, level, opt)
	if err != nil {
		return 0
	}
	return mtu
}

// sourceOr returns err, unless the reason is the source address: the kernel
// says "no route" or "invalid" to an IPv4 source that is not the host's.
// Whether it is, bind(2) says.
func (c *conn) sourceOr(err error, source netip.Addr) error {
	if c.facts.OneSource && source != c.class.Source {
		return fmt.Errorf("an IPv6 datagram socket sends from the address it is bound to, not from %s: %w", source, err)
	}
	domain := unix.AF_INET
	if c.class.Family == wire.V6 {
		domain = unix.AF_INET6
	}
	fd, openErr := unix.Socket(domain, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if openErr != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	if bindErr := unix.Bind(fd, localAddress(c.class.Family, source, 0)); errors.Is(bindErr, unix.EADDRNOTAVAIL) {
		return fmt.Errorf("source address %s: %w", source, os.NewSyscallError("bind", bindErr))
	}
	return err
}
