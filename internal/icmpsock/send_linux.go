package icmpsock

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/wire"
)

// Send implements [Conn]. It allocates nothing unless a packet fails.
func (c *conn) Send(ms []Out) (int, error) {
	sent := 0
	for sent < len(ms) {
		n, errno := c.sendBatch(ms[sent:min(len(ms), sent+batchSize)])
		sent += n
		if errno == 0 {
			continue
		}
		if errno = c.sendAgain(ms[sent:sent+1], errno); errno != 0 {
			return sent, c.sendError(errno, &ms[sent])
		}
		sent++
	}
	return sent, nil
}

const (
	// sendRetries bounds the errors of others that one message gets past.
	sendRetries = 32

	// quietRetries is how many times in a row a message must fail, with nothing
	// new in the error queue, for the error to be its own: the kernel queues an
	// ICMP error first and makes it the pending one a moment later, and where
	// the queue is full it makes it that only.
	quietRetries = 3
)

// sendAgain sends the one message that failed with errno again, if the error
// may be that of an earlier packet. It is the message's own if it comes back
// again and again while nothing new is in the error queue.
func (c *conn) sendAgain(m []Out, errno syscall.Errno) syscall.Errno {
	quiet := 0
	for try := 0; try < sendRetries && quiet < quietRetries && c.mayBeOthers(errno); try++ {
		if quiet++; c.clearErrors() {
			quiet = 0
		}
		_, errno = c.sendBatch(m)
	}
	return errno
}

// sendBatch sends at most batchSize messages and returns how many the kernel
// took. The errno is that of the first message it did not take.
func (c *conn) sendBatch(ms []Out) (int, syscall.Errno) {
	b := c.out
	ready := 0
	var invalid syscall.Errno
	for ready < len(ms) {
		if invalid = c.encode(ready, &ms[ready]); invalid != 0 {
			break
		}
		ready++
	}
	sent := 0
	for sent < ready {
		n, errno := mmsg(unix.SYS_SENDMMSG, c.fd, b.hdrs[sent:ready], 0)
		switch {
		case errno == unix.EINTR:
		case errno != 0:
			return sent, errno
		default:
			sent += n // less than all: the next call says why
		}
	}
	return sent, invalid
}

// encode writes a message into the i-th header. It says what is wrong with one
// that the kernel cannot be given.
func (c *conn) encode(i int, m *Out) syscall.Errno {
	if o := m.Options; o != nil { // what the kernel would ignore without a word
		if c.facts.OneSource && o.Source.IsValid() && o.Source != c.class.Source {
			return unix.EADDRNOTAVAIL
		}
		if c.facts.NoOptions && (Options{Source: o.Source}) != *o {
			return unix.ENOSYS
		}
	}
	b := c.out
	h := &b.hdrs[i].Hdr
	h.Namelen = putSockaddr(&b.names[i], c.class.Family, m.Dst, m.Scope)
	if h.Namelen == 0 {
		return unix.EAFNOSUPPORT
	}
	b.iovs[i].Base = nil
	if len(m.Data) > 0 {
		b.iovs[i].Base = &m.Data[0]
	}
	b.iovs[i].SetLen(len(m.Data))
	c.largest = max(c.largest, len(m.Data))

	w := controlWriter{b: b.control[i][:]}
	w.options(c.class.Family, m.Options)
	if c.facts.SendStamps && !c.facts.StampQuotes {
		w.key(m.Key)
	}
	h.Control = nil
	if w.n > 0 {
		h.Control = &b.control[i][0]
	}
	h.SetControllen(w.n)
	return 0
}

// mayBeOthers reports whether errno may belong to an earlier packet. On a datagram
// socket an ICMP error becomes the socket's pending error, which the next send
// returns in place of its own work, to whatever host; the sends of a raw socket do
// not look at it. Only the errnos that the kernel makes of ICMP errors can be such.
func (c *conn) mayBeOthers(errno syscall.Errno) bool {
	if c.facts.Raw {
		return false
	}
	switch errno {
	case unix.ENETUNREACH, unix.EHOSTUNREACH, unix.ENOPROTOOPT, unix.ECONNREFUSED, unix.EMSGSIZE,
		unix.EOPNOTSUPP, unix.EHOSTDOWN, unix.ENONET, unix.EACCES, unix.EPROTO, unix.EREMOTEIO:
		return true
	}
	return false
}

// clearErrors moves what the error queue has to the next Recv and clears the
// socket's pending error. Queue first: reading it makes the next entry's error
// the pending one. It reports whether there was an ICMP error.
func (c *conn) clearErrors() (reported bool) {
	reported = c.setAside()
	_, _ = unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_ERROR) // reading clears it
	return reported
}

// full reports whether the socket's send buffer is full. A raw socket says "no
// buffers" then, as it does where one packet alone found no room: a full neighbour
// table, or the queue of one interface. It takes packets up to twice its buffer.
func (c *conn) full() bool {
	m, err := readMeminfo(c.fd)
	most := 2 * uint64(m[unix.SK_MEMINFO_SNDBUF])
	return err == nil && uint64(m[unix.SK_MEMINFO_WMEM_ALLOC]) > most-most/8 // some may have left since
}

// sendError makes the error of a message, with what the kernel did not say.
func (c *conn) sendError(errno syscall.Errno, m *Out) error {
	err := os.NewSyscallError("sendmmsg", errno)
	switch errno {
	case unix.ENOSYS:
		if c.facts.NoOptions && m.Options != nil {
			return fmt.Errorf("without CAP_NET_RAW, IPv6 takes no TTL, traffic class or interface before Linux 5.18: %w", err)
		}
	case unix.EMSGSIZE:
		return &TooBigError{MTU: c.pathMTU(m), Err: err}
	case unix.ENOBUFS:
		if c.full() {
			return fmt.Errorf("send buffer full: %w", os.NewSyscallError("sendmmsg", unix.EAGAIN))
		}
	case unix.ENETUNREACH, unix.EINVAL, unix.EADDRNOTAVAIL:
		if wrong := c.sourceError(err, m); wrong != nil {
			return wrong
		}
		if errno == unix.EINVAL && c.class.Family == wire.V6 && c.routed(m) {
			return fmt.Errorf("neighbour table full: %w", os.NewSyscallError("sendmmsg", unix.ENOBUFS))
		}
	}
	return err
}
