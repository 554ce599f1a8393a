package echotest

import (
	"bytes"
	"slices"
	"syscall"
	"time"

	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/wire"
)

// conn is a simulated connection.
type conn struct {
	network *Network
	class   icmpsock.Class
	facts   icmpsock.Facts

	// All below is guarded by network.mu.
	inbox  []icmpsock.In
	out    []icmpsock.In // what the last Recv returned
	drops  uint32
	dead   error
	closed bool
}

// replyCost is what a waiting message takes of the receive buffer.
const replyCost = 832

// receive takes in a message, or drops it if the buffer is full.
func (c *conn) receive(in icmpsock.In) {
	if c.closed {
		return
	}
	if (len(c.inbox)+1)*replyCost > c.facts.RecvBuffer {
		c.drops++
		return
	}
	c.inbox = append(c.inbox, in)
}

// Send implements icmpsock.Conn.
func (c *conn) Send(ms []icmpsock.Out) (int, error) {
	n := c.network
	if n.BeforeSend != nil {
		n.BeforeSend()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if c.closed {
		return 0, syscall.EBADF
	}
	for i := range ms {
		if c.dead != nil {
			return i, c.dead
		}
		if err := c.send(&ms[i]); err != nil {
			return i, err
		}
	}
	return len(ms), nil
}

func (c *conn) send(m *icmpsock.Out) error {
	n := c.network
	r := c.request(m)
	if n.SendError != nil {
		if err := n.SendError(r); err != nil {
			return err
		}
	}
	n.counts[m.Dst]++
	if gone := n.withhold(r); gone != nil {
		return nil //nolint:nilerr // the sender is not told
	}
	c.stamp(r, m.Key)
	if n.Host == nil {
		return nil
	}
	host := n.Host(m.Dst)
	if host == nil {
		return nil
	}
	for _, a := range host(r) {
		n.post(delivery{conn: c, in: c.arrival(r, a), stamp: c.facts.RecvStamps && !a.NoStamp}, a.After)
	}
	return nil
}

// request returns what the network sees of a packet.
func (c *conn) request(m *icmpsock.Out) Request {
	return Request{
		Family: c.class.Family, Lane: c.class.Lane, Dst: m.Dst, Scope: m.Scope, Options: m.Options,
		Message: bytes.Clone(m.Data), Nth: c.network.counts[m.Dst] + 1,
	}
}

// Withheld implements icmpsock.Conn.
func (c *conn) Withheld(m *icmpsock.Out, _ time.Duration) error {
	if !c.facts.SilentRefusal {
		return nil
	}
	c.network.mu.Lock()
	defer c.network.mu.Unlock()
	return c.network.withhold(c.request(m))
}

// stamp posts the transmit stamp of a request.
func (c *conn) stamp(r Request, key uint32) {
	if !c.facts.SendStamps {
		return
	}
	in := icmpsock.In{Kind: icmpsock.Stamp, Key: key}
	if c.facts.StampQuotes {
		in.Key, in.To, in.Data = 0, r.Dst, r.Message[:min(len(r.Message), 8+wire.TokenLen)]
	}
	_, in.Time = c.network.Clock()
	in.Time += int64(c.network.StampShift)
	after := c.network.stampDelay(r)
	if after >= 0 {
		c.network.post(delivery{conn: c, in: in}, after+c.network.StampShift)
	}
}

// arrival makes what the socket hands over of an answer.
func (c *conn) arrival(r Request, a Answer) icmpsock.In {
	in := icmpsock.In{
		Kind: icmpsock.Packet, From: a.From, Scope: a.Scope, Interface: 1,
		Hops: a.Hops, TrafficClass: 0, Truncated: a.Longer,
	}
	if !in.From.IsValid() {
		in.From, in.Scope = r.Dst, r.Scope
	}
	if in.Hops == 0 {
		in.Hops = 64
	}
	switch {
	case a.Error == nil:
		in.Data = a.Message
	case c.facts.Raw:
		in.Data = a.Error.message(r)
	default:
		in.Kind = icmpsock.Error
		in.Type, in.Code, in.Info = a.Error.Type, a.Error.Code, a.Error.MTU
		in.To, in.Data = r.Dst, r.Message[:min(len(r.Message), a.Error.quote())]
	}
	return in
}

// Recv implements icmpsock.Conn: a batch of packets, the errors that came before the
// next packet, and all stamps.
func (c *conn) Recv() ([]icmpsock.In, error) {
	n := c.network
	n.mu.Lock()
	defer n.mu.Unlock()
	if c.dead != nil {
		return nil, c.dead
	}
	c.out = c.out[:0]
	packets, waiting := 0, c.inbox[:0]
	for _, in := range c.inbox {
		isPacket := in.Kind == icmpsock.Packet
		switch {
		case in.Kind != icmpsock.Stamp && len(waiting) > 0, isPacket && packets == icmpsock.Batch:
			waiting = append(waiting, in)
		case isPacket:
			packets++
			fallthrough
		default:
			c.out = append(c.out, in)
		}
	}
	c.inbox = waiting
	slices.SortStableFunc(c.out, func(a, b icmpsock.In) int { return queueOf(a.Kind) - queueOf(b.Kind) })
	return c.out, nil
}

// queueOf returns which of a socket's queues has messages of a kind: data are read
// first, then the error queue.
func queueOf(kind icmpsock.Kind) int {
	if kind == icmpsock.Packet {
		return 0
	}
	return 1
}

// Facts implements icmpsock.Conn.
func (c *conn) Facts() icmpsock.Facts { return c.facts }

// Drops implements icmpsock.Conn.
func (c *conn) Drops() uint32 {
	c.network.mu.Lock()
	defer c.network.mu.Unlock()
	return c.drops
}

// Close implements icmpsock.Conn.
func (c *conn) Close() error {
	c.network.mu.Lock()
	defer c.network.mu.Unlock()
	c.closed = true
	return nil
}

// headerLen is the length of the IP header that a raw error quotes.
func headerLen(f wire.Family) int {
	if f == wire.V4 {
		return 20
	}
	return 40
}
