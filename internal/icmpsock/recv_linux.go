package icmpsock

import (
	"bytes"
	"net/netip"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/wire"
)

// softErrors is the number of failed reads in one Recv after which the socket
// counts as lost: pending errors end with being read.
const softErrors = 64

// Recv implements [Conn]. It allocates nothing once its memory has grown, but
// for the quotes of ICMP errors.
func (c *conn) Recv() ([]In, error) {
	c.data.grow(c.largest + 256) // room for IP options before the reply, and for bytes added to it
	c.in = append(c.in[:0], c.pending...)
	c.quotes = c.quotes[:0]
	if len(c.pending) > 0 {
		c.quotes = nil // they keep it
	}
	clear(c.pending)
	c.pending = c.pending[:0]

	c.data.reset()
	for range softErrors { // a storm of errors leaves something to the next Recv
		room, err := c.readData()
		if err != nil {
			return nil, err
		}
		reported := false
		if c.facts.SendStamps || !c.facts.Raw || c.class.Family == wire.V4 { // otherwise nothing can be there
			c.in, reported = c.drainErrors(c.in)
		}
		if !room || !reported { // otherwise the error may have ended the read before its time
			break
		}
	}
	if !c.facts.Raw && c.depth.run != 0 {
		c.holdBack()
	}
	c.witness.paused(c.depth.run == 0, c.facts.RecvBuffer)
	if len(c.in) >= restFrom && !c.resting {
		c.network.rest(c)
	}
	return c.in, nil
}

// readData reads what arrived, behind what has been read since reset and up to a
// batch with that. Pending errors of the socket are told by the error queue, or, on a
// raw socket, by packets: here they are only cleared. It reports whether the batch has
// room left: then the socket is empty, unless an error came while it was read, for
// which recvmmsg(2) breaks off.
func (c *conn) readData() (room bool, err error) {
	var errno syscall.Errno
	for range softErrors {
		from := c.data.used
		_, errno = c.data.recv(c.fd, 0)
		switch {
		case errno == 0:
			for i := from; i < c.data.used; i++ {
				c.depth.took(int(c.data.hdrs[i].Len))
				c.appendPacket(i)
			}
			if room = c.data.used < batchSize; room {
				c.depth.emptied()
			}
			return room, nil
		case errno == unix.EAGAIN:
			c.depth.emptied()
			return false, nil
		case socketLost(errno):
			return false, os.NewSyscallError("recvmmsg", errno)
		}
	}
	return false, os.NewSyscallError("recvmmsg", errno)
}

// appendPacket appends the i-th message of the batch to what Recv returns.
func (c *conn) appendPacket(i int) {
	b := c.data
	data := b.message(i)
	c.witness.took(len(data))
	said := parseControl(b.controls(i))
	if c.class.Family == wire.V4 && c.facts.Raw {
		data = stripHeader(data, &said)
	}
	if !c.facts.RecvStamps {
		said.time = 0 // other sockets of the host have stamps switched on
	}
	from, scope := parseSockaddr(b.name(i))
	c.in = append(c.in, In{
		Kind:         Packet,
		Truncated:    b.hdrs[i].Hdr.Flags&unix.MSG_TRUNC != 0,
		Time:         said.time,
		Data:         data,
		From:         from,
		Scope:        scope,
		To:           said.to,
		Interface:    said.iface,
		Hops:         said.hops,
		TrafficClass: said.trafficClass,
	})
}

// stripHeader takes the IP header off and notes what it says. It returns nil,
// which is no message, if there is no whole header: the kernel never delivers that.
func stripHeader(packet []byte, said *control) []byte {
	const minHeader = 20
	if len(packet) < minHeader {
		return nil
	}
	length := int(packet[0]&0x0f) * 4 // IHL, RFC 791 section 3.1
	if packet[0]>>4 != 4 || length < minHeader || length > len(packet) {
		return nil
	}
	if said.hops < 0 {
		said.hops = int(packet[8])
	}
	if said.trafficClass < 0 {
		said.trafficClass = int(packet[1])
	}
	if !said.to.IsValid() {
		said.to = netip.AddrFrom4([4]byte(packet[16:20]))
	}
	return packet[length:]
}

// leastCost is a lower estimate of the buffer that an entry of the error queue takes:
// what the kernel needs to know of a message, and nothing of the message.
const leastCost = 512

// drainErrors reads the error queue and appends what it has to in: all that can have
// been in it at the beginning, for the receive buffer bounds it. Somebody who sends ICMP
// errors faster than they are read does not keep it, nor Recv, from coming to an end. It
// reports whether there was an ICMP error, or may be.
func (c *conn) drainErrors(in []In) (_ []In, reported bool) {
	b := c.errs
	for read := len(in); read <= c.facts.RecvBuffer/leastCost; read += batchSize {
		b.reset()
		n, errno := b.recv(c.fd, unix.MSG_ERRQUEUE)
		switch {
		case errno == unix.EAGAIN || socketLost(errno):
			return in, reported
		case errno != 0:
			continue
		}
		for i := range n {
			var icmp bool
			in, icmp = c.appendError(in, i)
			reported = reported || icmp
		}
		if n < batchSize {
			return in, reported
		}
	}
	return in, true
}

// setAside reads the error queue for the next Recv, of which the socket then no longer
// says that it has something to read. It reports whether there was an ICMP error.
func (c *conn) setAside() (reported bool) {
	c.pending, reported = c.drainErrors(c.pending)
	if len(c.pending) > 0 {
		c.network.waiter.notify()
	}
	return reported
}

// holdBack leaves the ICMP errors that came after the last packet of a full batch to
// the next Recv: what waits behind that packet may have come before them.
func (c *conn) holdBack() {
	var last int64
	for i := range c.in {
		if c.in[i].Kind == Packet {
			last = c.in[i].Time
		}
	}
	c.in = slices.DeleteFunc(c.in, func(in In) bool {
		later := in.Kind == Error && in.Time > last && last != 0
		if later {
			c.pending = append(c.pending, in)
		}
		return later
	})
}

// quote notes in a stamp whose it is, which the frame that came with it tells. It
// reports false if that is no echo request of ours.
func (c *conn) quote(stamp *In, frame []byte) bool {
	message, to, ok := sentMessage(c.class.Family, c.facts.ID, frame)
	if !ok {
		return false
	}
	from := len(c.quotes)
	c.quotes = append(c.quotes, message...) // what was handed out keeps the old array
	stamp.Data, stamp.To = c.quotes[from:], to
	return true
}

// appendError appends the i-th entry of the error queue, and reports whether that is
// an ICMP error. Errors that a send of ours met in this host (SO_EE_ORIGIN_LOCAL) are
// left out: Send has said them. So are the ICMP errors of a raw socket, which come as
// packets too.
func (c *conn) appendError(in []In, i int) (_ []In, icmp bool) {
	b := c.errs
	c.witness.took(len(b.message(i)))
	said := parseControl(b.controls(i))
	if !said.hasErr {
		return in, false
	}
	switch said.origin {
	case unix.SO_EE_ORIGIN_TIMESTAMPING:
		if said.info != unix.SCM_TSTAMP_SND || said.time == 0 {
			return in, false
		}
		stamp := In{Kind: Stamp, Time: said.time, Key: said.key, Hops: -1, TrafficClass: -1}
		readable := !c.facts.StampQuotes || c.quote(&stamp, b.message(i))
		c.witness.stamp(readable)
		if !readable {
			return in, false
		}
		return append(in, stamp), false
	case unix.SO_EE_ORIGIN_ICMP, unix.SO_EE_ORIGIN_ICMP6:
		if c.facts.Raw {
			return in, true
		}
		to, _ := parseSockaddr(b.name(i))
		return append(in, In{
			Kind:         Error,
			Truncated:    b.hdrs[i].Hdr.Flags&unix.MSG_TRUNC != 0,
			Type:         said.icmpType,
			Code:         said.icmpCode,
			Time:         said.time,
			Data:         bytes.Clone(b.message(i)), // several batches leave by one Recv
			From:         said.offender,
			To:           to,
			Interface:    said.iface,
			Hops:         said.hops,
			TrafficClass: said.trafficClass,
			Info:         said.info,
		}), true
	}
	return in, false
}
