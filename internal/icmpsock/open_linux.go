package icmpsock

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/wire"
)

// conn is one socket. All but Close is the owner's alone.
type conn struct {
	network *network
	resting bool // not in the network's epoll
	fd      int
	scout   int // a UDP socket that explains failures; -1: none
	class   Class
	facts   Facts

	out     *sendBatch
	data    *recvBatch // what arrived
	errs    *recvBatch // the error queue
	in      []In       // what Recv returns; its memory is used again
	quotes  []byte     // what stamps of in and pending quote
	pending []In       // of the error queue, for the next Recv: drained by Send, or held back
	largest int        // longest Out so far, for the size of the receive buffers
	depth   depth      // how full the receive buffer was, for Drops
	dropped dropCount
	witness *witness // tells what never left; nil: nobody does
}

// open opens a socket of the kind that cfg and the process's rights allow.
func open(cfg Config, class Class) (*conn, error) {
	if class.Family != wire.V4 && class.Family != wire.V6 {
		return nil, fmt.Errorf("open ICMP socket: family %d is neither IPv4 nor IPv6", class.Family)
	}
	if s := class.Source; s.IsValid() && wire.FamilyOf(s) != class.Family {
		return nil, fmt.Errorf("open %s ICMP socket: source address %s is of another family", class.Family, s)
	}
	fd, raw, err := openSocket(cfg.Policy, class.Family)
	if err != nil {
		return nil, err
	}
	c := &conn{fd: fd, scout: -1, class: class}
	c.facts.Raw = raw
	if !raw && class.Family == wire.V6 {
		// ping_v6_sendmsg takes the source of the socket, not of the control
		// message, and ignores what becomes of the packet once it is built.
		c.facts.OneSource = true
		c.facts.SilentRefusal = true
		c.facts.NoOptions = cfg.NoOptions || ignoresOptions()
	}
	if err := c.setUp(cfg); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("open %s ICMP socket: %w", class.Family, err)
	}
	c.scout = openScout(class)
	if c.facts.SilentRefusal && c.facts.SendStamps {
		c.witness = newWitness(!c.facts.StampQuotes || stampsBringPackets())
	}
	c.out = newSendBatch()
	c.data = newRecvBatch()
	c.errs = newRecvBatch()
	c.data.grow(minRecvSize)
	c.errs.grow(minRecvSize)
	return c, nil
}

// openSocket returns a descriptor and whether it is a raw socket.
func openSocket(policy Policy, family wire.Family) (fd int, raw bool, err error) {
	domain, proto := unix.AF_INET, unix.IPPROTO_ICMP
	if family == wire.V6 {
		domain, proto = unix.AF_INET6, unix.IPPROTO_ICMPV6
	}
	const flags = unix.SOCK_NONBLOCK | unix.SOCK_CLOEXEC
	if policy != DatagramOnly {
		fd, err = unix.Socket(domain, unix.SOCK_RAW|flags, proto)
		if err == nil {
			return fd, true, nil
		}
		if !errors.Is(err, os.ErrPermission) || policy == RawOnly {
			return -1, false, openError(policy, family, err)
		}
	}
	fd, err = unix.Socket(domain, unix.SOCK_DGRAM|flags, proto)
	if err != nil {
		return -1, false, openError(policy, family, err)
	}
	return fd, false, nil
}

// setUp makes a new descriptor ready to use. The order matters: filters come
// first, and whatever a raw socket has received without them is thrown away
// last.
func (c *conn) setUp(cfg Config) error {
	if c.facts.Raw {
		if err := c.setFilters(cfg.ID); err != nil {
			return err
		}
		if err := c.bindSource(); err != nil {
			return err
		}
	} else if err := c.bindIdentifier(cfg.ID); err != nil {
		return err
	}
	if err := c.setClass(cfg.Broadcast); err != nil {
		return err
	}
	if err := c.setReceiveOptions(); err != nil {
		return err
	}
	c.setStamps(cfg)
	if err := c.setBuffers(cfg); err != nil {
		return err
	}
	if c.facts.Raw {
		emptyQueue(c.fd)
	}
	c.dropped.start(c.fd)
	return nil
}

// emptyQueue throws away what waits to be read. It ends: the filters are set,
// and each pass takes one message off a queue of bounded size.
func emptyQueue(fd int) {
	var b [1]byte
	for {
		_, _, err := unix.Recvfrom(fd, b[:], unix.MSG_DONTWAIT|unix.MSG_TRUNC)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// Facts implements [Conn].
func (c *conn) Facts() Facts { return c.facts }
