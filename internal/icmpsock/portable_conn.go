//go:build !linux

package icmpsock

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"sync"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"github.com/rawping/rawping/internal/wire"
)

// queueLimit bounds what a connection has read and its owner has not taken.
// More is thrown away and counted as dropped.
const queueLimit = 16384

// readErrors is the number of failed reads in a row after which a socket
// counts as lost.
const readErrors = 100

// conn is one socket and the goroutine that reads it. All but the queue is the
// owner's alone.
type conn struct {
	network *network
	pc      *icmp.PacketConn
	p4      *ipv4.PacketConn // one of the two is nil
	p6      *ipv6.PacketConn
	class   Class
	facts   Facts
	options Options // what the socket is set to
	normal  Options // what it was set to when opened
	reader  sync.WaitGroup
	taken   []In // what Recv returned; its memory is used again

	mu    sync.Mutex // guards what follows
	queue []In
	drops uint32
	lost  error // the reader gave up
}

func newConn(n *network, pc *icmp.PacketConn, class Class, raw bool) (*conn, error) {
	c := &conn{network: n, pc: pc, p4: pc.IPv4PacketConn(), p6: pc.IPv6PacketConn(), class: class}
	c.facts.Raw = raw
	c.facts.ID = n.cfg.ID
	if c.facts.ID == 0 {
		c.facts.ID = randomID()
	}
	inner := c.inner()
	c.facts.RecvBuffer = largestBuffer(n.cfg.recvBuffer(), inner.SetReadBuffer)
	c.facts.SendBuffer = largestBuffer(n.cfg.sendBuffer(), inner.SetWriteBuffer)
	if c.facts.RecvBuffer < n.cfg.recvBuffer() || c.facts.SendBuffer < n.cfg.sendBuffer() {
		c.facts.Limit = "the system's largest socket buffer"
	}
	return c, c.setReceiveOptions()
}

// buffered is what all sockets of package net have.
type buffered interface {
	SetReadBuffer(bytes int) error
	SetWriteBuffer(bytes int) error
}

type unbuffered struct{}

func (unbuffered) SetReadBuffer(int) error  { return errors.ErrUnsupported }
func (unbuffered) SetWriteBuffer(int) error { return errors.ErrUnsupported }

func (c *conn) inner() buffered {
	var pc net.PacketConn
	if c.p4 != nil {
		pc = c.p4.PacketConn
	} else {
		pc = c.p6.PacketConn
	}
	if b, ok := pc.(buffered); ok {
		return b
	}
	return unbuffered{}
}

// largestBuffer halves what it asks for until the system agrees, and returns
// what that was. Systems' own buffers are seldom less than 8 KiB.
func largestBuffer(asked int, set func(int) error) int {
	const least = 8 << 10
	for bytes := asked; bytes > least; bytes /= 2 {
		if set(bytes) == nil {
			return bytes
		}
	}
	return least
}

// setReceiveOptions asks for the facts that come with each packet. Systems
// that lack them, as Windows, leave the fields of In unknown.
func (c *conn) setReceiveOptions() error {
	if c.p4 != nil {
		_ = c.p4.SetControlMessage(ipv4.FlagTTL|ipv4.FlagDst|ipv4.FlagInterface, true)
		c.normal.Hops, _ = c.p4.TTL()
		c.normal.TrafficClass, _ = c.p4.TOS()
		c.options = c.normal
		return nil
	}
	_ = c.p6.SetControlMessage(ipv6.FlagTrafficClass|ipv6.FlagHopLimit|ipv6.FlagDst|ipv6.FlagInterface, true)
	var filter ipv6.ICMPFilter
	filter.SetAll(true)
	for _, t := range []ipv6.ICMPType{
		ipv6.ICMPTypeEchoReply, ipv6.ICMPTypeDestinationUnreachable,
		ipv6.ICMPTypePacketTooBig, ipv6.ICMPTypeTimeExceeded, ipv6.ICMPTypeParameterProblem,
	} {
		filter.Accept(t)
	}
	_ = c.p6.SetICMPFilter(&filter) // wanted checks again
	return nil
}

// read is the goroutine. It ends when the socket is closed.
func (c *conn) read() {
	b := make([]byte, 65535)
	for failed := 0; failed < readErrors; {
		in, err := c.readOne(b)
		switch {
		case errors.Is(err, net.ErrClosed):
			c.fail(err, true)
			return
		case err != nil:
			failed++
			c.fail(err, failed == readErrors)
			continue
		}
		failed = 0
		if c.wanted(in.Data) {
			c.push(in)
		}
	}
}

func (c *conn) readOne(b []byte) (In, error) {
	in := In{Kind: Packet, Hops: -1, TrafficClass: -1}
	var n int
	var from net.Addr
	var err error
	if c.p4 != nil {
		var cm *ipv4.ControlMessage
		n, cm, from, err = c.p4.ReadFrom(b)
		if cm != nil {
			in.Hops, in.Interface = cm.TTL, cm.IfIndex
			in.To = addrOf(cm.Dst)
		}
	} else {
		var cm *ipv6.ControlMessage
		n, cm, from, err = c.p6.ReadFrom(b)
		if cm != nil {
			in.Hops, in.TrafficClass, in.Interface = cm.HopLimit, cm.TrafficClass, cm.IfIndex
			in.To = addrOf(cm.Dst)
		}
	}
	in.Time = time.Now().UnixNano()
	in.Data = b[:n]
	in.From, in.Scope = fromOf(from)
	return in, err
}

// wanted does what the kernel's filters do on Linux: our replies and all
// errors pass.
func (c *conn) wanted(m []byte) bool {
	const headerSize = 8
	if len(m) < headerSize {
		return false
	}
	reply := m[0] == byte(ipv4.ICMPTypeEchoReply)
	failure := m[0] == byte(ipv4.ICMPTypeDestinationUnreachable) ||
		m[0] == byte(ipv4.ICMPTypeTimeExceeded) || m[0] == byte(ipv4.ICMPTypeParameterProblem)
	if c.class.Family == wire.V6 {
		reply = m[0] == byte(ipv6.ICMPTypeEchoReply)
		failure = m[0] >= byte(ipv6.ICMPTypeDestinationUnreachable) && m[0] <= byte(ipv6.ICMPTypeParameterProblem)
	}
	return failure || reply && binary.BigEndian.Uint16(m[4:]) == c.facts.ID
}

func (c *conn) push(in In) {
	in.Data = bytes.Clone(in.Data)
	c.mu.Lock()
	if len(c.queue) < queueLimit {
		c.queue = append(c.queue, in)
	} else {
		c.drops++
	}
	c.mu.Unlock()
	c.network.notify()
}

func (c *conn) fail(err error, forGood bool) {
	if !forGood {
		time.Sleep(time.Millisecond) // a passing error, or the first of many: do not spin
		return
	}
	c.mu.Lock()
	c.lost = errors.Join(err, net.ErrClosed)
	c.mu.Unlock()
	c.network.notify()
}

func (c *conn) waiting() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.queue) > 0 || c.lost != nil
}

// Recv implements [Conn].
func (c *conn) Recv() ([]In, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost != nil {
		return nil, c.lost
	}
	n := min(len(c.queue), Batch)
	c.taken = append(c.taken[:0], c.queue[:n]...)
	clear(c.queue[:n])
	c.queue = c.queue[n:]
	return c.taken, nil
}

// Withheld implements [Conn].
func (c *conn) Withheld(*Out, time.Duration) error { return nil }

// Facts implements [Conn].
func (c *conn) Facts() Facts { return c.facts }

// Drops implements [Conn]. The system does not tell what it threw away; this
// counts what the connection did.
func (c *conn) Drops() uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.drops
}
