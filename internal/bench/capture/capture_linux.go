// Package capture sees echo requests leave an interface and their replies come in
// by it, with the kernel's time of each. It is the truth that the accuracy
// benchmark holds RTTs against, and shares no code with the engine. The tests of
// internal/truth take their stamps as it does.
package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// Frame is an echo request that went out, or an echo reply that came in.
type Frame struct {
	Reply bool
	Peer  netip.Addr // who was asked, or answered
	ID    uint16
	Seq   uint16
	Time  int64 // the kernel's, in nanoseconds of the wall clock since 1970
}

// Capture is a packet socket (packet(7)) on one interface. What it sees waits in
// the socket's buffer until it is read, so that watching takes no processor time
// from those that are watched.
type Capture struct {
	fd int
}

// buffer holds some 200,000 frames of echoes.
const buffer = 256 << 20

// Open begins to watch the IPv4 echoes of an interface. It needs CAP_NET_RAW and
// CAP_NET_ADMIN.
func Open(iface string) (*Capture, error) {
	i, err := net.InterfaceByName(iface)
	if err != nil {
		return nil, err
	}
	// Protocol 0: nothing comes in before the filter is set and bind names one.
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	c := &Capture{fd}
	if err := c.setUp(i.Index); err != nil {
		return nil, errors.Join(fmt.Errorf("capture on %s: %w", iface, err), c.Close())
	}
	return c, nil
}

func (c *Capture) setUp(iface int) error {
	if err := Stamps(c.fd); err != nil {
		return err
	}
	if err := unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, buffer); err != nil {
		return os.NewSyscallError("setsockopt SO_RCVBUFFORCE", err)
	}
	if err := c.setFilter(); err != nil {
		return err
	}
	all := uint16(unix.ETH_P_ALL)<<8 | uint16(unix.ETH_P_ALL)>>8 // only with "all" are outgoing packets seen
	return os.NewSyscallError("bind", unix.Bind(c.fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: iface}))
}

const (
	echoReply   = 0
	echoRequest = 8
)

// setFilter lets requests on their way out through, and replies on their way in.
// On the loopback interface each packet passes in both directions.
func (c *Capture) setFilter() error {
	const reject, accept = 11, 12
	program, err := bpf.Assemble([]bpf.Instruction{
		0:      bpf.LoadExtension{Num: bpf.ExtProto},
		1:      bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.ETH_P_IP, SkipTrue: reject - 2},
		2:      bpf.LoadAbsolute{Off: 9, Size: 1}, // the header's protocol, RFC 791 section 3.1
		3:      bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.IPPROTO_ICMP, SkipTrue: reject - 4},
		4:      bpf.LoadMemShift{Off: 0}, // the header's length
		5:      bpf.LoadExtension{Num: bpf.ExtType},
		6:      bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.PACKET_OUTGOING, SkipTrue: 9 - 7},
		7:      bpf.LoadIndirect{Off: 0, Size: 1}, // the ICMP type
		8:      bpf.JumpIf{Cond: bpf.JumpEqual, Val: echoReply, SkipTrue: accept - 9, SkipFalse: reject - 9},
		9:      bpf.LoadIndirect{Off: 0, Size: 1},
		10:     bpf.JumpIf{Cond: bpf.JumpEqual, Val: echoRequest, SkipTrue: accept - 11},
		reject: bpf.RetConstant{Val: 0},
		accept: bpf.RetConstant{Val: frameSize},
	})
	if err != nil {
		return err
	}
	filter := make([]unix.SockFilter, len(program))
	for i, p := range program {
		filter[i] = unix.SockFilter{Code: p.Op, Jt: p.Jt, Jf: p.Jf, K: p.K}
	}
	fprog := &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]} //nolint:gosec // G115: 13 instructions
	return os.NewSyscallError("setsockopt SO_ATTACH_FILTER",
		unix.SetsockoptSockFprog(c.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, fprog))
}

// frameSize is what is kept of a packet: the longest IPv4 header, and the ICMP header.
const frameSize = 60 + 8

// Read returns what has been seen since the last Read, in order. It is an error
// if the kernel had to leave anything out.
func (c *Capture) Read() ([]Frame, error) {
	var frames []Frame
	var data [frameSize]byte
	var control [ControlSize]byte
	for {
		n, controls, _, _, err := unix.Recvmsg(c.fd, data[:], control[:], unix.MSG_DONTWAIT)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			return frames, c.complete()
		case err != nil:
			return nil, os.NewSyscallError("recvmsg", err)
		}
		f, err := parse(data[:n], control[:controls])
		if err != nil {
			return nil, err
		}
		frames = append(frames, f)
	}
}

// complete says whether the kernel has dropped frames since it was last asked.
func (c *Capture) complete() error {
	stats, err := unix.GetsockoptTpacketStats(c.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return os.NewSyscallError("getsockopt PACKET_STATISTICS", err)
	}
	if stats.Drops > 0 {
		return fmt.Errorf("the capture has missed %d of %d frames: read it more often", stats.Drops, stats.Packets)
	}
	return nil
}

// parse reads an IPv4 packet that the filter let through, and its stamp.
func parse(packet, control []byte) (Frame, error) {
	if len(packet) < 20 || len(packet) < int(packet[0]&0x0f)*4+8 {
		return Frame{}, fmt.Errorf("a frame of %d bytes is too short for an echo", len(packet))
	}
	echo := packet[int(packet[0]&0x0f)*4:]
	f := Frame{
		Reply: echo[0] == echoReply,
		Peer:  netip.AddrFrom4([4]byte(packet[16:20])), // destination
		ID:    binary.BigEndian.Uint16(echo[4:]),
		Seq:   binary.BigEndian.Uint16(echo[6:]),
	}
	if f.Reply {
		f.Peer = netip.AddrFrom4([4]byte(packet[12:16])) // source
	}
	var err error
	f.Time, err = Stamp(control)
	return f, err
}

// Close ends the watch.
func (c *Capture) Close() error { return os.NewSyscallError("close", unix.Close(c.fd)) }
