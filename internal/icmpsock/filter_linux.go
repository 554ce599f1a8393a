package icmpsock

import (
	"fmt"
	"os"

	"golang.org/x/net/bpf"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/wire"
)

// setFilters keeps away from a raw socket what is none of its business.
//
// The filter of types comes first: the kernel looks at it before it copies the
// message for the socket, and it hides our own requests on the loopback. The
// second filter, a program, drops replies to other pingers. ICMP errors pass,
// because the identifier they are about lies at no fixed place.
func (c *conn) setFilters(id uint16) error {
	if id == 0 {
		id = randomID()
	}
	c.facts.ID = id
	if err := c.filterTypes(); err != nil {
		return os.NewSyscallError("setsockopt ICMP_FILTER", err)
	}
	program, err := bpf.Assemble(replyFilter(c.class.Family, id))
	if err != nil {
		return fmt.Errorf("assemble packet filter: %w", err)
	}
	filter := make([]unix.SockFilter, len(program))
	for i, p := range program {
		filter[i] = unix.SockFilter{Code: p.Op, Jt: p.Jt, Jf: p.Jf, K: p.K}
	}
	fprog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	err = unix.SetsockoptSockFprog(c.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &fprog)
	return os.NewSyscallError("setsockopt SO_ATTACH_FILTER", err)
}

// filterTypes lets pass echo replies and the errors that can answer an echo
// request. In both families a set bit blocks (raw(7), RFC 3542 section 3.2).
func (c *conn) filterTypes() error {
	if c.class.Family == wire.V6 {
		var filter unix.ICMPv6Filter
		for i := range filter.Data {
			filter.Data[i] = ^uint32(0)
		}
		for _, t := range []ipv6.ICMPType{
			ipv6.ICMPTypeEchoReply,
			ipv6.ICMPTypeDestinationUnreachable, ipv6.ICMPTypePacketTooBig,
			ipv6.ICMPTypeTimeExceeded, ipv6.ICMPTypeParameterProblem,
		} {
			filter.Data[t>>5] &^= 1 << (t & 31)
		}
		return unix.SetsockoptICMPv6Filter(c.fd, unix.SOL_ICMPV6, unix.ICMPV6_FILTER, &filter)
	}
	pass := uint32(1<<ipv4.ICMPTypeEchoReply | 1<<ipv4.ICMPTypeDestinationUnreachable |
		1<<ipv4.ICMPTypeTimeExceeded | 1<<ipv4.ICMPTypeParameterProblem)
	return unix.SetsockoptInt(c.fd, unix.SOL_RAW, unix.ICMP_FILTER, int(int32(^pass)))
}

// replyFilter is a classic BPF program that drops echo replies without our
// identifier. On a raw IPv4 socket the packet begins with the IP header, on a
// raw IPv6 socket with the ICMP header.
func replyFilter(family wire.Family, id uint16) []bpf.Instruction {
	const typeOffset, idOffset = 0, 4
	const pass, drop = 1 << 18, 0 // bytes to keep: more than any packet has
	if family == wire.V6 {
		return []bpf.Instruction{
			bpf.LoadAbsolute{Off: typeOffset, Size: 1},
			bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(ipv6.ICMPTypeEchoReply), SkipTrue: 2},
			bpf.LoadAbsolute{Off: idOffset, Size: 2},
			bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(id), SkipTrue: 1},
			bpf.RetConstant{Val: pass},
			bpf.RetConstant{Val: drop},
		}
	}
	return []bpf.Instruction{
		bpf.LoadMemShift{Off: 0}, // X = length of the IP header
		bpf.LoadIndirect{Off: typeOffset, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(ipv4.ICMPTypeEchoReply), SkipTrue: 2},
		bpf.LoadIndirect{Off: idOffset, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(id), SkipTrue: 1},
		bpf.RetConstant{Val: pass},
		bpf.RetConstant{Val: drop},
	}
}
