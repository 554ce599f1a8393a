package icmpsock

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/wire"
)

// option is one integer socket option.
type option struct {
	name       string
	level, opt int
	value      int
}

// set sets options in order and names the one that fails.
func (c *conn) set(options ...option) error {
	for _, o := range options {
		if err := unix.SetsockoptInt(c.fd, o.level, o.opt, o.value); err != nil {
			return os.NewSyscallError("setsockopt "+o.name, err)
		}
	}
	return nil
}

// setClass sets what cannot go with a packet.
func (c *conn) setClass(broadcast bool) error {
	if c.class.Mark != 0 {
		if err := c.setMark(); err != nil {
			return err
		}
	}
	if broadcast {
		if err := c.set(option{"SO_BROADCAST", unix.SOL_SOCKET, unix.SO_BROADCAST, 1}); err != nil {
			return err
		}
	}
	return c.setFragmentation()
}

func (c *conn) setMark() error {
	err := c.set(option{"SO_MARK", unix.SOL_SOCKET, unix.SO_MARK, int(c.class.Mark)})
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("firewall mark %d needs CAP_NET_ADMIN, or CAP_NET_RAW since Linux 5.17: %w",
			c.class.Mark, err)
	}
	return err
}

// setFragmentation forbids or allows fragments.
//
// Allowed on IPv4 means IP_PMTUDISC_DONT, not the kernel's default of
// IP_PMTUDISC_WANT: the default sets don't-fragment on every packet that fits
// the first link, so that a smaller link further on costs the first packet,
// and some middleboxes drop its IP identification of 0. On IPv6 only the
// sender can fragment, and the default does. Forbidden on IPv6 takes both
// options: IPV6_DONTFRAG refuses to split, the other one to forget why.
func (c *conn) setFragmentation() error {
	switch {
	case c.class.Family == wire.V6 && c.class.DontFragment:
		return c.set(
			option{"IPV6_MTU_DISCOVER", unix.SOL_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_DO},
			option{"IPV6_DONTFRAG", unix.SOL_IPV6, unix.IPV6_DONTFRAG, 1})
	case c.class.Family == wire.V6:
		return nil
	case c.class.DontFragment:
		return c.set(option{"IP_MTU_DISCOVER", unix.SOL_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DO})
	}
	return c.set(option{"IP_MTU_DISCOVER", unix.SOL_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DONT})
}

// setReceiveOptions asks for the facts that come with each packet. A raw IPv4
// socket has TTL and TOS in the IP header that it reads anyway. IP_RECVERR is
// for the datagram kind, which sees no ICMP errors without it. A raw socket
// receives them as packets, but over IPv4 is told that the kernel had no buffers
// (a full neighbour table or queue) only with it: raw(7), raw_sendmsg.
func (c *conn) setReceiveOptions() error {
	if c.class.Family == wire.V6 {
		options := []option{
			{"IPV6_RECVHOPLIMIT", unix.SOL_IPV6, unix.IPV6_RECVHOPLIMIT, 1},
			{"IPV6_RECVTCLASS", unix.SOL_IPV6, unix.IPV6_RECVTCLASS, 1},
			{"IPV6_RECVPKTINFO", unix.SOL_IPV6, unix.IPV6_RECVPKTINFO, 1},
		}
		if !c.facts.Raw {
			options = append(options, option{"IPV6_RECVERR", unix.SOL_IPV6, unix.IPV6_RECVERR, 1})
		}
		return c.set(options...)
	}
	options := []option{
		{"IP_PKTINFO", unix.SOL_IP, unix.IP_PKTINFO, 1},
		{"IP_RECVERR", unix.SOL_IP, unix.IP_RECVERR, 1},
	}
	if !c.facts.Raw {
		options = append(options,
			option{"IP_RECVTTL", unix.SOL_IP, unix.IP_RECVTTL, 1},
			option{"IP_RECVTOS", unix.SOL_IP, unix.IP_RECVTOS, 1})
	}
	return c.set(options...)
}
