package icmpsock

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// rtnetlink asks the kernel for routes and neighbours (rtnetlink(7)), which needs
// no right. The kernel has answered when it has taken the question, so that
// nothing waits. It allocates nothing.
type rtnetlink struct {
	fd      int
	seq     uint32
	request []byte
	reply   [4096]byte
}

// errand is where a packet goes, as far as the choice of its route depends on it.
type errand struct {
	dst          netip.Addr
	source       netip.Addr // not valid: the kernel's choice
	iface        int        // 0: the kernel's choice
	trafficClass int
	mark         uint32
}

// route is what the kernel says of the way to a destination.
type route struct {
	kind    uint8      // RTN_UNICAST and the like
	iface   int        // index of the interface that it leaves by; 0: not said
	gateway netip.Addr // not valid: none, the destination is on the link
	special bool       // several next hops to choose from, or an encapsulation
}

func openRTNetlink() (*rtnetlink, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	// Connected to the kernel, it takes messages from nobody else.
	if err := unix.Connect(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		_ = unix.Close(fd)
		return nil, os.NewSyscallError("connect", err)
	}
	return &rtnetlink{fd: fd, request: make([]byte, 0, 256)}, nil
}

// route returns the way of an IPv6 packet. It is the one that the routing table
// has if table is set, else the one that is in use, which a redirect may have
// changed. false: the kernel did not say.
func (r *rtnetlink) route(to *errand, table bool) (route, bool) {
	const wholeAddress = 128
	flags := 0
	if table {
		flags = unix.RTM_F_FIB_MATCH
	}
	r.begin(unix.RTM_GETROUTE)
	r.request = append(r.request, unix.AF_INET6, wholeAddress, 0, byte(to.trafficClass), 0, 0, 0, 0) // struct rtmsg
	r.request = binary.NativeEndian.AppendUint32(r.request, uint32(flags))
	r.address(unix.RTA_DST, to.dst)
	if to.source.IsValid() {
		r.address(unix.RTA_SRC, to.source)
	}
	if to.iface != 0 {
		r.integer(unix.RTA_OIF, uint32(to.iface))
	}
	if to.mark != 0 {
		r.integer(unix.RTA_MARK, to.mark)
	}
	r.attribute(unix.RTA_IP_PROTO, 1)
	r.request = append(r.request, unix.IPPROTO_ICMPV6, 0, 0, 0)
	body, ok := r.ask(unix.RTM_NEWROUTE)
	if !ok {
		return route{}, false
	}
	return readRoute(body)
}

// neighbour returns the state of an IPv6 neighbour, NUD_REACHABLE and the like.
// false: there is none, or the kernel did not say.
func (r *rtnetlink) neighbour(iface int, addr netip.Addr) (state uint16, ok bool) {
	r.begin(unix.RTM_GETNEIGH)
	r.request = append(r.request, unix.AF_INET6, 0, 0, 0) // struct ndmsg
	r.request = binary.NativeEndian.AppendUint32(r.request, uint32(iface))
	r.request = append(r.request, 0, 0, 0, 0)
	r.address(unix.NDA_DST, addr)
	body, ok := r.ask(unix.RTM_NEWNEIGH)
	if !ok {
		return 0, false
	}
	return readNeighbour(body)
}

// begin begins a request. ask fills in what its header lacks.
func (r *rtnetlink) begin(typ uint16) {
	r.request = append(r.request[:0], 0, 0, 0, 0) // struct nlmsghdr
	r.request = binary.NativeEndian.AppendUint16(r.request, typ)
	r.request = binary.NativeEndian.AppendUint16(r.request, unix.NLM_F_REQUEST)
	r.request = append(r.request, 0, 0, 0, 0, 0, 0, 0, 0)
}

// attribute begins an attribute of the request whose value has size bytes.
func (r *rtnetlink) attribute(typ uint16, size int) {
	r.request = binary.NativeEndian.AppendUint16(r.request, uint16(unix.SizeofRtAttr+size))
	r.request = binary.NativeEndian.AppendUint16(r.request, typ)
}

func (r *rtnetlink) address(typ uint16, addr netip.Addr) {
	b := addr.As16()
	r.attribute(typ, len(b))
	r.request = append(r.request, b[:]...)
}

func (r *rtnetlink) integer(typ uint16, value uint32) {
	r.attribute(typ, 4)
	r.request = binary.NativeEndian.AppendUint32(r.request, value)
}

// strays is how many answers to earlier questions may lie before the one to this.
const strays = 8

// ask puts the question and returns the body of the answer, which is good until
// the next question. false: there is none of that type.
func (r *rtnetlink) ask(want uint16) (body []byte, ok bool) {
	r.seq++
	binary.NativeEndian.PutUint32(r.request, uint32(len(r.request)))
	binary.NativeEndian.PutUint32(r.request[8:], r.seq)
	if _, err := unix.Write(r.fd, r.request); err != nil {
		return nil, false
	}
	for range strays {
		n, err := unix.Read(r.fd, r.reply[:])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, false
		}
		if seq, typ, body := readMessage(r.reply[:n]); seq == r.seq {
			return body, typ == want
		}
	}
	return nil, false
}

func (r *rtnetlink) close() { _ = unix.Close(r.fd) }

// readMessage reads the first message of b. One that is not whole has the
// sequence number and type 0, which no answer has.
func readMessage(b []byte) (seq uint32, typ uint16, body []byte) {
	if len(b) < unix.SizeofNlMsghdr {
		return 0, 0, nil
	}
	length := uint64(binary.NativeEndian.Uint32(b))
	if length < unix.SizeofNlMsghdr || length > uint64(len(b)) {
		return 0, 0, nil
	}
	return binary.NativeEndian.Uint32(b[8:]), binary.NativeEndian.Uint16(b[4:]), b[unix.SizeofNlMsghdr:length]
}

// readRoute reads a struct rtmsg and its attributes.
func readRoute(body []byte) (r route, ok bool) {
	if len(body) < unix.SizeofRtMsg || body[0] != unix.AF_INET6 {
		return route{}, false
	}
	r.kind = body[7] // rtm_type
	for rest := body[unix.SizeofRtMsg:]; len(rest) > 0; {
		var typ uint16
		var value []byte
		if typ, value, rest, ok = readAttribute(rest); !ok {
			return route{}, false
		}
		switch {
		case typ == unix.RTA_OIF && len(value) == 4:
			r.iface = int(binary.NativeEndian.Uint32(value))
		case typ == unix.RTA_GATEWAY && len(value) == 16:
			r.gateway = netip.AddrFrom16([16]byte(value))
		case typ == unix.RTA_OIF, typ == unix.RTA_GATEWAY, typ == unix.RTA_VIA,
			typ == unix.RTA_MULTIPATH, typ == unix.RTA_ENCAP:
			r.special = true
		}
	}
	return r, true
}

// readNeighbour reads a struct ndmsg.
func readNeighbour(body []byte) (state uint16, ok bool) {
	if len(body) < unix.SizeofNdMsg || body[0] != unix.AF_INET6 {
		return 0, false
	}
	return binary.NativeEndian.Uint16(body[8:]), true
}

// readAttribute reads the first attribute of b and returns what is behind it.
func readAttribute(b []byte) (typ uint16, value, rest []byte, ok bool) {
	const flags, align = 0xc000, 4 // NLA_F_NESTED and NLA_F_NET_BYTEORDER
	if len(b) < unix.SizeofRtAttr {
		return 0, nil, nil, false
	}
	length := int(binary.NativeEndian.Uint16(b))
	if length < unix.SizeofRtAttr || length > len(b) {
		return 0, nil, nil, false
	}
	typ = binary.NativeEndian.Uint16(b[2:]) &^ flags
	return typ, b[unix.SizeofRtAttr:length], b[min(len(b), (length+align-1)/align*align):], true
}
