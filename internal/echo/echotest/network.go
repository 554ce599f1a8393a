package echotest

import (
	"container/heap"
	"errors"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
)

// Network is a simulated network. The fields are set before the first Open;
// the functions run on the goroutine that sends.
type Network struct {
	// Host answers the requests to an address; nil, or a nil result: nobody does.
	Host func(dst netip.Addr) Host

	// Clock is the one the engine has; nil: the system's.
	Clock echo.Clock

	// Facts are what every connection says of itself. An ID of 0 stands for a
	// different one for each connection, a RecvBuffer of 0 for 32 MiB.
	Facts icmpsock.Facts

	// SendError, if set, may refuse a send with an errno.
	SendError func(Request) error

	// BeforeSend, if set, is called before each Send. It may sleep, as a process
	// that is stopped does; the other functions must not.
	BeforeSend func()

	// StampDelay, if set, says how late the transmit stamp of a request can be
	// read; a negative delay loses the stamp.
	StampDelay func(Request) time.Duration

	// StampShift is how much later than it was sent a packet leaves.
	StampShift time.Duration

	// Withhold, if set, may throw a request away on its way out, although Send says
	// that it was sent. It is asked again when a connection is asked why.
	Withhold func(Request) error

	// OpenError, if set, may refuse to open a connection.
	OpenError func(icmpsock.Class) error

	mu     sync.Mutex
	begun  bool
	closed bool
	conns  []*conn
	opened int
	heap   deliveries
	order  uint64
	counts map[netip.Addr]int
	kick   chan struct{}
	ready  chan struct{}
	done   chan struct{}
	wg     sync.WaitGroup
}

var _ icmpsock.Network = (*Network)(nil)

// begin starts the one goroutine, which delivers what is due.
func (n *Network) begin() {
	if n.begun {
		return
	}
	n.begun = true
	n.counts = map[netip.Addr]int{}
	n.kick, n.ready, n.done = make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{})
	if n.Clock == nil {
		n.Clock = echo.SystemClock()
	}
	n.wg.Go(n.deliver)
}

// Open opens a simulated connection.
func (n *Network) Open(class icmpsock.Class) (icmpsock.Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.begin()
	if n.closed {
		return nil, errors.New("the network is closed")
	}
	if n.OpenError != nil {
		if err := n.OpenError(class); err != nil {
			return nil, err
		}
	}
	n.opened++
	c := &conn{network: n, class: class, facts: n.Facts}
	if c.facts.ID == 0 {
		c.facts.ID = uint16(0x1000 + n.opened)
	}
	if c.facts.RecvBuffer == 0 {
		c.facts.RecvBuffer = 32 << 20
	}
	n.conns = append(n.conns, c)
	return c, nil
}

// Opened returns how many connections have been opened so far.
func (n *Network) Opened() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.opened
}

// Ready implements icmpsock.Network.
func (n *Network) Ready() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.begin()
	for _, c := range n.conns {
		if !c.closed && (len(c.inbox) > 0 || c.dead != nil) {
			n.signal()
		}
	}
	return n.ready
}

func (n *Network) signal() {
	select {
	case n.ready <- struct{}{}:
	default:
	}
}

// Kill makes every open connection fail from now on, as a dead socket does.
func (n *Network) Kill() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.conns {
		c.dead = syscall.EBADF
	}
	n.signal()
}

// Drop makes every open connection count messages as dropped by its own buffer.
func (n *Network) Drop(messages uint32) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.conns {
		c.drops += messages
	}
}

// Close implements icmpsock.Network.
func (n *Network) Close() error {
	n.mu.Lock()
	begun, closed := n.begun, n.closed
	n.closed = true
	n.mu.Unlock()
	if begun && !closed {
		close(n.done)
		n.wg.Wait()
	}
	return nil
}

// delivery is something that will be in a connection's inbox.
type delivery struct {
	at    echo.Instant
	order uint64
	conn  *conn
	in    icmpsock.In
	stamp bool // give it the wall clock time of its delivery
}

// post delivers in after a delay.
func (n *Network) post(d delivery, after time.Duration) {
	now, _ := n.Clock()
	d.at = now.Add(after)
	n.order++
	d.order = n.order
	if after <= 0 {
		n.hand(d)
		return
	}
	heap.Push(&n.heap, d)
	select {
	case n.kick <- struct{}{}:
	default:
	}
}

// hand puts a delivery into its inbox.
func (n *Network) hand(d delivery) {
	if d.stamp {
		_, d.in.Time = n.Clock()
	}
	d.conn.receive(d.in)
	n.signal()
}

// deliver is the one goroutine: a heap and a single timer, because a timer per
// packet brings the race detector down.
func (n *Network) deliver() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Reset(n.deliverDue())
		select {
		case <-n.done:
			return
		case <-n.kick:
		case <-timer.C:
		}
	}
}

// deliverDue delivers what is due and returns the time to the next delivery.
func (n *Network) deliverDue() time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	now, _ := n.Clock()
	for len(n.heap) > 0 && n.heap[0].at <= now {
		n.hand(heap.Pop(&n.heap).(delivery))
	}
	if len(n.heap) == 0 {
		return time.Hour
	}
	return n.heap[0].at.Sub(now)
}

// deliveries is a heap by time.
type deliveries []delivery

func (h deliveries) Len() int { return len(h) }
func (h deliveries) Less(i, j int) bool {
	if h[i].at != h[j].at {
		return h[i].at < h[j].at
	}
	return h[i].order < h[j].order
}
func (h deliveries) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *deliveries) Push(x any)   { *h = append(*h, x.(delivery)) }
func (h *deliveries) Pop() any {
	old := *h
	d := old[len(old)-1]
	*h = old[:len(old)-1]
	return d
}
