package icmpsock

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/wire"
)

// openScout opens the UDP socket that explains failures: to connect it sends
// nothing, and asks the kernel for the way. It is opened with the connection, so
// that it is in the same network namespace; -1 if it cannot be.
func openScout(class Class) int {
	domain := unix.AF_INET
	if class.Family == wire.V6 {
		domain = unix.AF_INET6
	}
	fd, err := unix.Socket(domain, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	if class.Mark != 0 { // may take another route; without the right, the usual one is the best guess
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK, int(class.Mark))
	}
	return fd
}

// scoutTo connects the scout to where m could not go, and reports whether there
// is a way.
func (c *conn) scoutTo(m *Out) bool {
	if c.scout < 0 {
		return false
	}
	var to unix.Sockaddr
	if c.class.Family == wire.V6 {
		to = &unix.SockaddrInet6{Port: 9, Addr: m.Dst.As16(), ZoneId: uint32(m.Scope)}
	} else {
		to = &unix.SockaddrInet4{Port: 9, Addr: m.Dst.As4()}
	}
	leaving := 0
	if o := m.Options; o != nil {
		leaving = o.Interface
	}
	_ = unix.SetsockoptInt(c.scout, unix.SOL_SOCKET, unix.SO_BINDTOIFINDEX, leaving)
	return unix.Connect(c.scout, to) == nil
}

// pathMTU asks the kernel for the MTU of the way that m could not go. 0: it is
// unknown, or not the reason, because the connection may fragment and m is longer
// than any IP packet.
func (c *conn) pathMTU(m *Out) int {
	if !c.class.DontFragment || !c.scoutTo(m) {
		return 0
	}
	level, opt := unix.SOL_IP, unix.IP_MTU
	if c.class.Family == wire.V6 {
		level, opt = unix.SOL_IPV6, unix.IPV6_MTU
	}
	mtu, err := unix.GetsockoptInt(c.scout, level, opt)
	if err != nil {
		return 0
	}
	return mtu
}

// routed reports whether there is a way to where m could not be sent, and nothing is
// wrong with its options: then "invalid" does not mean a blackhole route but that the
// IPv6 neighbour table had no room for the next hop.
func (c *conn) routed(m *Out) bool {
	if o := m.Options; o != nil {
		linkless := o.Source.IsLinkLocalUnicast() && max(m.Scope, o.Interface) == 0
		if o.Hops > 255 || o.TrafficClass > 255 || linkless {
			return false
		}
	}
	return c.scoutTo(m)
}

// sourceError returns the error of a message that could not be sent because of the
// source address that it asks for; nil if that is not why. The kernel says "no route"
// or "invalid" to one that is not the host's. Whether it is, bind(2) says.
func (c *conn) sourceError(err error, m *Out) error {
	if m.Options == nil || !m.Options.Source.IsValid() {
		return nil
	}
	source := m.Options.Source
	if c.facts.OneSource && source != c.class.Source {
		return fmt.Errorf("an IPv6 datagram socket sends from the address it is bound to, not from %s: %w", source, err)
	}
	domain := unix.AF_INET
	if c.class.Family == wire.V6 {
		domain = unix.AF_INET6
	}
	fd, openErr := unix.Socket(domain, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if openErr != nil {
		return nil
	}
	defer func() { _ = unix.Close(fd) }()
	local := Class{Family: c.class.Family, Source: source}
	if source.IsLinkLocalUnicast() {
		local.Scope = max(m.Scope, m.Options.Interface)
	}
	if bindErr := unix.Bind(fd, localAddress(local, 0)); errors.Is(bindErr, unix.EADDRNOTAVAIL) {
		return fmt.Errorf("source address %s: %w", source, os.NewSyscallError("bind", bindErr))
	}
	return nil
}
