package icmpsock

import (
	"errors"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// network is the system's network: sockets, and one epoll for all of them.
type network struct {
	cfg    Config
	waiter *waiter

	mu      sync.Mutex // guards what follows: Close may come from another goroutine than Open
	conns   map[*conn]struct{}
	resting []*conn     // those that are not in the waiter's epoll
	again   *time.Timer // asks for those that cannot be; nil: all could so far
	closed  bool
	stamped bool // what arrives is stamped by now, or will not be
}

// restFrom is how many messages one Recv must bring for the socket to leave the
// epoll until somebody waits again. To leave and to enter are a system call each; a
// message costs a tenth of that, or more.
const restFrom = 16

// againWait is when the owner is woken for a socket that cannot be watched.
const againWait = 10 * time.Millisecond

// System returns the system's own network. It opens no socket yet, needs no
// right, and starts its goroutine with the first Ready. The caller closes it.
func System(cfg Config) (Network, error) {
	w, err := newWaiter()
	if err != nil {
		return nil, err
	}
	return &network{cfg: cfg, waiter: w, conns: make(map[*conn]struct{})}, nil
}

// Open implements [Network]. It raises CAP_NET_RAW and CAP_NET_ADMIN for its
// own duration, on its own thread, if they are permitted but not effective.
func (n *network) Open(class Class) (Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, net.ErrClosed
	}
	var c *conn
	err := withRights(func() (err error) {
		c, err = open(n.cfg, class)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := n.waiter.add(c.fd); err != nil {
		return nil, errors.Join(err, c.closeSocket())
	}
	if c.facts.RecvStamps && !n.stamped {
		awaitStamps()
		n.stamped = true
	}
	c.network = n
	n.conns[c] = struct{}{}
	return c, nil
}

// Ready implements [Network].
func (n *network) Ready() <-chan struct{} {
	n.wakeAll()
	return n.waiter.ready()
}

// wakeAll has the waiter watch every socket.
func (n *network) wakeAll() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.resting = slices.DeleteFunc(n.resting, func(c *conn) (watched bool) {
		c.resting = n.waiter.add(c.fd) != nil
		return !c.resting
	})
	switch { // the system has no room for some now: better asked than unheard
	case len(n.resting) == 0:
	case n.again == nil:
		n.again = time.AfterFunc(againWait, n.waiter.notify)
	default:
		n.again.Reset(againWait)
	}
}

// rest takes a socket out of the waiter's epoll until somebody waits again.
func (n *network) rest(c *conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, open := n.conns[c]; !open || n.waiter.remove(c.fd) != nil {
		return
	}
	c.resting = true
	n.resting = append(n.resting, c)
}

// forget lets go of a connection that is closed. The caller holds n.mu.
func (n *network) forget(c *conn) {
	delete(n.conns, c)
	n.resting = slices.DeleteFunc(n.resting, func(r *conn) bool { return r == c })
}

// Close implements [Network]. A second Close does nothing.
func (n *network) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil
	}
	n.closed = true
	if n.again != nil {
		n.again.Stop()
	}
	err := n.waiter.close()
	for c := range n.conns {
		err = errors.Join(err, c.closeSocket())
	}
	clear(n.conns)
	n.resting = nil
	return err
}

// Close implements [Conn]. A second Close does nothing.
func (c *conn) Close() error {
	c.network.mu.Lock()
	defer c.network.mu.Unlock()
	if _, open := c.network.conns[c]; !open {
		return nil
	}
	c.network.forget(c)
	return c.closeSocket()
}

// closeSocket leaves the descriptor number behind as -1, so that a late call
// cannot reach a socket that got the same number since.
func (c *conn) closeSocket() error {
	fd, scout := c.fd, c.scout
	c.fd, c.scout = -1, -1
	if scout >= 0 {
		_ = unix.Close(scout) // it has nothing to lose
	}
	c.witness.close()
	c.witness = nil
	return os.NewSyscallError("close", unix.Close(fd))
}
