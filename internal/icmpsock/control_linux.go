package icmpsock

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/wire"
)

// Room for the control messages of one packet. Sending takes at most 112
// bytes on a 64-bit system (IPv6: hop limit, class, packet info, key);
// receiving 216 (IPv6: hop limit, class, packet info, stamps, error).
const (
	sendControlSize = 128
	recvControlSize = 256
)

// Sizes of what control messages carry: struct in_pktinfo, in6_pktinfo,
// sock_extended_err.
const (
	pktinfo4Size = 12
	pktinfo6Size = 20
	extErrSize   = 16
)

// controlWriter writes control messages (cmsg(3)) one after the other into b,
// which must have room for all of them.
type controlWriter struct {
	b []byte
	n int
}

func (w *controlWriter) written() []byte { return w.b[:w.n] }

// next begins a message and returns the room for its size bytes of data, which
// is cleared.
func (w *controlWriter) next(level, typ, size int) []byte {
	b := w.b[w.n:]
	if unix.SizeofPtr == 8 {
		binary.NativeEndian.PutUint64(b, uint64(unix.CmsgLen(size)))
	} else {
		binary.NativeEndian.PutUint32(b, uint32(unix.CmsgLen(size)))
	}
	binary.NativeEndian.PutUint32(b[unix.SizeofPtr:], uint32(level))
	binary.NativeEndian.PutUint32(b[unix.SizeofPtr+4:], uint32(typ))
	w.n += unix.CmsgSpace(size)
	data := b[unix.CmsgLen(0):unix.CmsgSpace(size)]
	clear(data)
	return data
}

func (w *controlWriter) integer(level, typ, value int) {
	binary.NativeEndian.PutUint32(w.next(level, typ, 4), uint32(value))
}

// key gives the packet's transmit stamp its key.
func (w *controlWriter) key(key uint32) {
	w.integer(unix.SOL_SOCKET, unix.SCM_TS_OPT_ID, int(key))
}

// options writes o, or nothing if o is nil.
func (w *controlWriter) options(family wire.Family, o *Options) {
	if o == nil {
		return
	}
	if family == wire.V6 {
		w.options6(o)
		return
	}
	if o.Hops != 0 {
		w.integer(unix.SOL_IP, unix.IP_TTL, o.Hops)
	}
	if o.TrafficClass != 0 {
		w.integer(unix.SOL_IP, unix.IP_TOS, o.TrafficClass)
	}
	if o.Interface != 0 || o.Source.IsValid() {
		info := w.next(unix.SOL_IP, unix.IP_PKTINFO, pktinfo4Size)
		binary.NativeEndian.PutUint32(info, uint32(o.Interface))
		if source := o.Source.Unmap(); source.Is4() {
			addr := source.As4()
			copy(info[4:8], addr[:]) // ipi_spec_dst
		}
	}
}

func (w *controlWriter) options6(o *Options) {
	if o.Hops != 0 {
		w.integer(unix.SOL_IPV6, unix.IPV6_HOPLIMIT, o.Hops)
	}
	if o.TrafficClass != 0 {
		w.integer(unix.SOL_IPV6, unix.IPV6_TCLASS, o.TrafficClass)
	}
	if o.Interface != 0 || o.Source.IsValid() {
		info := w.next(unix.SOL_IPV6, unix.IPV6_PKTINFO, pktinfo6Size)
		if o.Source.IsValid() {
			addr := o.Source.As16()
			copy(info[:16], addr[:])
		}
		binary.NativeEndian.PutUint32(info[16:], uint32(o.Interface))
	}
}

// control is what the control messages of a received packet say.
type control struct {
	time         int64 // nanoseconds since 1970; 0: no stamp
	to           netip.Addr
	iface        int
	hops         int // -1: not said
	trafficClass int // -1: not said

	hasErr   bool // from the error queue: the fields below are valid
	origin   uint8
	icmpType uint8
	icmpCode uint8
	info     uint32
	key      uint32 // ee_data
	offender netip.Addr
}

// parseControl reads control messages. It takes any bytes: what is cut short
// or unknown is skipped.
func parseControl(b []byte) control {
	c := control{hops: -1, trafficClass: -1}
	for len(b) >= unix.SizeofCmsghdr {
		var length uint64
		if unix.SizeofPtr == 8 {
			length = binary.NativeEndian.Uint64(b)
		} else {
			length = uint64(binary.NativeEndian.Uint32(b))
		}
		if length < uint64(unix.CmsgLen(0)) || length > uint64(len(b)) {
			return c
		}
		level := int32(binary.NativeEndian.Uint32(b[unix.SizeofPtr:]))
		typ := int32(binary.NativeEndian.Uint32(b[unix.SizeofPtr+4:]))
		data := b[unix.CmsgLen(0):length]
		switch level {
		case unix.SOL_SOCKET:
			if typ == unix.SO_TIMESTAMPING_NEW || typ == unix.SO_TIMESTAMPING_OLD {
				c.time = stampTime(data)
			}
		case unix.SOL_IP:
			c.parse4(typ, data)
		case unix.SOL_IPV6:
			c.parse6(typ, data)
		}
		b = b[min(len(b), unix.CmsgSpace(len(data))):]
	}
	return c
}

func (c *control) parse4(typ int32, data []byte) {
	switch {
	case typ == unix.IP_TTL && len(data) >= 4:
		c.hops = int(int32(binary.NativeEndian.Uint32(data)))
	case typ == unix.IP_TOS && len(data) >= 1:
		c.trafficClass = int(data[0])
	case typ == unix.IP_PKTINFO && len(data) >= pktinfo4Size:
		c.iface = int(int32(binary.NativeEndian.Uint32(data)))
		c.to = netip.AddrFrom4([4]byte(data[8:12])) // ipi_addr: as in the header
	case typ == unix.IP_RECVERR && len(data) >= extErrSize:
		c.parseError(data)
	}
}

func (c *control) parse6(typ int32, data []byte) {
	switch {
	case typ == unix.IPV6_HOPLIMIT && len(data) >= 4:
		c.hops = int(int32(binary.NativeEndian.Uint32(data)))
	case typ == unix.IPV6_TCLASS && len(data) >= 4:
		c.trafficClass = int(int32(binary.NativeEndian.Uint32(data)))
	case typ == unix.IPV6_PKTINFO && len(data) >= pktinfo6Size:
		c.to = netip.AddrFrom16([16]byte(data[:16]))
		c.iface = int(int32(binary.NativeEndian.Uint32(data[16:])))
	case typ == unix.IPV6_RECVERR && len(data) >= extErrSize:
		c.parseError(data)
	}
}

// parseError reads a struct sock_extended_err and the address behind it, which
// is that of the router (SO_EE_OFFENDER, ip(7)).
func (c *control) parseError(data []byte) {
	c.hasErr = true
	c.origin, c.icmpType, c.icmpCode = data[4], data[5], data[6]
	c.info = binary.NativeEndian.Uint32(data[8:])
	c.key = binary.NativeEndian.Uint32(data[12:])
	c.offender, _ = parseSockaddr(data[extErrSize:])
}

// stampTime reads a struct scm_timestamping: three times, of which the first
// is the software stamp. 32-bit systems have a form of half the size.
func stampTime(data []byte) int64 {
	var sec, nsec int64
	switch {
	case len(data) >= 48:
		sec = int64(binary.NativeEndian.Uint64(data))
		nsec = int64(binary.NativeEndian.Uint64(data[8:]))
	case len(data) >= 24:
		sec = int64(int32(binary.NativeEndian.Uint32(data)))
		nsec = int64(int32(binary.NativeEndian.Uint32(data[4:])))
	}
	return sec*1e9 + nsec
}
