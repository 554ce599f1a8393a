//go:build !linux

package icmpsock

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"

	"golang.org/x/net/icmp"

	"github.com/rawping/rawping/internal/wire"
)

// network is the system's network on systems other than Linux. Each of its
// connections has a goroutine that reads.
type network struct {
	cfg    Config
	signal chan struct{} // capacity 1: one value says "readable"

	mu     sync.Mutex // guards what follows
	conns  map[*conn]struct{}
	closed bool
}

// System returns the system's own network. It opens no socket yet and needs no
// right. The caller closes it.
func System(cfg Config) (Network, error) {
	return &network{cfg: cfg, signal: make(chan struct{}, 1), conns: make(map[*conn]struct{})}, nil
}

// Open implements [Network].
func (n *network) Open(class Class) (Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, net.ErrClosed
	}
	if class.Mark != 0 {
		return nil, fmt.Errorf("firewall marks on %s: %w", runtime.GOOS, errors.ErrUnsupported)
	}
	if class.DontFragment {
		return nil, fmt.Errorf("don't-fragment on %s: %w", runtime.GOOS, errors.ErrUnsupported)
	}
	pc, raw, err := listen(n.cfg.Policy, class)
	if err != nil {
		return nil, err
	}
	c, err := newConn(n, pc, class, raw)
	if err != nil {
		return nil, errors.Join(err, pc.Close())
	}
	n.conns[c] = struct{}{}
	c.reader.Go(c.read)
	return c, nil
}

// listen opens a raw socket, or one of the datagram kind where the system has
// that.
func listen(policy Policy, class Class) (*icmp.PacketConn, bool, error) {
	family := class.Family
	raw, datagram, local := "ip4:icmp", "udp4", "0.0.0.0"
	if family == wire.V6 {
		raw, datagram, local = "ip6:ipv6-icmp", "udp6", "::"
	}
	if class.Source.IsValid() {
		local = class.Source.String()
	}
	if policy == DatagramOnly && !hasDatagram {
		return nil, false, fmt.Errorf("%s has raw ICMP sockets only: %w", runtime.GOOS, errors.ErrUnsupported)
	}
	var err error
	if policy != DatagramOnly {
		var pc *icmp.PacketConn
		pc, err = icmp.ListenPacket(raw, local)
		if err == nil {
			return pc, true, nil
		}
		if policy == RawOnly || !hasDatagram || !errors.Is(err, os.ErrPermission) {
			return nil, false, rawError(family, err)
		}
	}
	pc, err := icmp.ListenPacket(datagram, local)
	if err != nil {
		return nil, false, fmt.Errorf("open %s ICMP datagram socket: %w", family, err)
	}
	return pc, false, nil
}

func rawError(family wire.Family, err error) error {
	who := "root"
	if runtime.GOOS == "windows" {
		who = "an administrator"
	}
	if errors.Is(err, os.ErrPermission) || runtime.GOOS == "windows" {
		return fmt.Errorf("open raw %s ICMP socket: run as %s: %w", family, who, err)
	}
	return fmt.Errorf("open raw %s ICMP socket: %w", family, err)
}

// Ready implements [Network]. The readers signal each message; what the owner
// has left unread is signalled again here.
func (n *network) Ready() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	for c := range n.conns {
		if c.waiting() {
			n.notify()
			break
		}
	}
	return n.signal
}

// notify signals without blocking: a value that nobody took yet says the same.
func (n *network) notify() {
	select {
	case n.signal <- struct{}{}:
	default:
	}
}

// Close implements [Network]. A second Close does nothing.
func (n *network) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	var err error
	for c := range n.conns {
		err = errors.Join(err, c.closeSocket())
	}
	clear(n.conns)
	return err
}

// Close implements [Conn]. A second Close does nothing.
func (c *conn) Close() error {
	c.network.mu.Lock()
	defer c.network.mu.Unlock()
	if _, open := c.network.conns[c]; !open {
		return nil
	}
	delete(c.network.conns, c)
	return c.closeSocket()
}

// closeSocket closes the socket and returns when its reader has ended.
func (c *conn) closeSocket() error {
	err := c.pc.Close()
	c.reader.Wait()
	return err
}
