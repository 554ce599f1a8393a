package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/bench"
)

const (
	batch       = 64 // as many as the engine sends at once
	messageSize = 64 // 56 bytes of payload, as ping has it
	recvSize    = 2048
	controlSize = 256
)

// loop is the memory of the system calls. What does not differ from packet to
// packet is written once.
type loop struct {
	fd      int
	out     [batch]unix.Mmsghdr
	names   [batch]unix.RawSockaddrInet4
	iov     unix.Iovec // one request for all
	request [messageSize]byte
	key     [24]byte // one control message for all
	in      messages
	errs    messages
}

// messages is the memory for recvmmsg(2).
type messages struct {
	hdrs    [batch]unix.Mmsghdr
	iovs    [batch]unix.Iovec
	names   [batch]unix.RawSockaddrInet4
	data    [batch][recvSize]byte
	control [batch][controlSize]byte
}

// newLoop writes everything but the addresses. With keys, the stamps are asked for
// by control messages that carry one.
func newLoop(fd int, id uint16, keys bool) *loop {
	l := &loop{fd: fd}
	l.request[0] = 8 // echo request, RFC 792
	binary.BigEndian.PutUint16(l.request[4:], id)
	sum := 8<<8 + uint32(id)                                        // RFC 1071: the rest is zeros
	binary.BigEndian.PutUint16(l.request[2:], ^uint16(sum+sum>>16)) //nolint:gosec // G115: the carry is added
	l.iov.Base = &l.request[0]
	l.iov.SetLen(messageSize)

	header := (*unix.Cmsghdr)(unsafe.Pointer(&l.key[0]))
	header.Level, header.Type = unix.SOL_SOCKET, unix.SCM_TS_OPT_ID
	header.SetLen(unix.CmsgLen(4))
	for i := range l.out {
		h := &l.out[i].Hdr
		l.names[i].Family = unix.AF_INET
		h.Name, h.Namelen = (*byte)(unsafe.Pointer(&l.names[i])), unix.SizeofSockaddrInet4
		h.Iov = &l.iov
		h.SetIovlen(1)
		if keys {
			h.Control = &l.key[0]
			h.SetControllen(unix.CmsgSpace(4))
		}
	}
	for _, m := range []*messages{&l.in, &l.errs} {
		for i := range m.hdrs {
			m.iovs[i].Base = &m.data[i][0]
			m.iovs[i].SetLen(recvSize)
			h := &m.hdrs[i].Hdr
			h.Name, h.Control, h.Iov = (*byte)(unsafe.Pointer(&m.names[i])), &m.control[i][0], &m.iovs[i]
			h.SetIovlen(1)
		}
	}
	return l
}

// exchange sends an echo request to each of n addresses from the ith on, and
// receives as many replies and as many stamps. On the loopback they are there
// when the send returns.
func (l *loop) exchange(i, n int) error {
	for k := range n {
		l.names[k].Addr = bench.Address(i + k).As4()
	}
	for sent := 0; sent < n; {
		took, errno := mmsg(unix.SYS_SENDMMSG, l.fd, l.out[sent:n], 0)
		if errno != 0 {
			return os.NewSyscallError("sendmmsg", errno)
		}
		sent += took
	}
	if err := l.receive(&l.in, n, 0); err != nil {
		return fmt.Errorf("replies: %w", err)
	}
	if err := l.receive(&l.errs, n, unix.MSG_ERRQUEUE); err != nil {
		return fmt.Errorf("stamps: %w", err)
	}
	return nil
}

// receive receives n messages.
func (l *loop) receive(m *messages, n, flags int) error {
	for n > 0 {
		for i := range m.hdrs {
			m.hdrs[i].Hdr.Namelen = unix.SizeofSockaddrInet4
			m.hdrs[i].Hdr.SetControllen(controlSize)
		}
		took, errno := mmsg(unix.SYS_RECVMMSG, l.fd, m.hdrs[:], flags)
		if errno != 0 {
			return os.NewSyscallError("recvmmsg", errno)
		}
		n -= took
	}
	return nil
}

// mmsg is sendmmsg(2) or recvmmsg(2), as the engine calls them.
func mmsg(trap uintptr, fd int, hdrs []unix.Mmsghdr, flags int) (int, syscall.Errno) {
	n, _, errno := unix.RawSyscall6(trap, uintptr(fd), uintptr(unsafe.Pointer(&hdrs[0])), uintptr(len(hdrs)),
		uintptr(flags|unix.MSG_DONTWAIT), 0, 0)
	return int(n), errno
}
