package icmpsock

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/wire"
)

// meminfo is what SO_MEMINFO returns: indexed by unix.SK_MEMINFO_*.
type meminfo [unix.SK_MEMINFO_VARS]uint32

// readMeminfo asks for the socket's memory. It is the one way that tells drops
// on both kinds of sockets, and without a packet: SO_RXQ_OVFL is silent on the
// datagram kind and speaks only with the next packet.
func readMeminfo(fd int) (meminfo, error) {
	var m meminfo
	size := uint32(unsafe.Sizeof(m))
	// x/sys has no getsockopt into an array; the kernel writes at most size
	// bytes into m, which this call's argument keeps alive.
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_MEMINFO,
		uintptr(unsafe.Pointer(&m)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return m, os.NewSyscallError("getsockopt SO_MEMINFO", errno)
	}
	return m, nil
}

// dropCount turns the kernel's counter into that of overflows since the
// connection was opened.
type dropCount struct {
	last  uint32 // the kernel's counter when last read
	total uint32 // what of its rise was overflow
}

// start notes where the kernel's counter stands. Some count nothing: those before Linux
// 4.12, and gVisor.
func (d *dropCount) start(fd int) {
	m, _ := readMeminfo(fd)
	d.last = m[unix.SK_MEMINFO_DROPS]
}

// rise notes the kernel's counter and what its rise was.
func (d *dropCount) rise(counter uint32, overflow bool) {
	if overflow {
		d.total += counter - d.last // right across the wrap of the counter
	}
	d.last = counter
}

// Drops implements [Conn].
//
// On raw IPv6 sockets the kernel counts replies with a bad checksum as drops
// too, which anybody can send. There a rise counts only if the receive buffer
// may have been full since the last call.
func (c *conn) Drops() uint32 {
	m, err := readMeminfo(c.fd)
	if err != nil {
		return c.dropped.total
	}
	overflow := true
	if c.facts.Raw && c.class.Family == wire.V6 {
		overflow = c.depth.deep(int(m[unix.SK_MEMINFO_RMEM_ALLOC]), int(m[unix.SK_MEMINFO_RCVBUF]))
	}
	c.dropped.rise(m[unix.SK_MEMINFO_DROPS], overflow)
	return c.dropped.total
}

// depth estimates how full the receive buffer has been. If it overflowed, then
// all that was in it is either still there, which the kernel says, or was read
// since in one run, without ever finding the buffer empty.
type depth struct {
	run  int // bytes of buffer that the current run of reads has freed
	peak int // of the longest run since deep was last asked
}

// messageCost is an upper estimate of the buffer that a message takes beyond
// its own bytes: 768 to 1280 were measured for small ones, and about the same
// again for the transmit stamp of its request. Too high an estimate only makes
// bad checksums count as drops more easily.
const messageCost = 2560

func (d *depth) took(bytes int) {
	d.run += messageCost + 2*bytes // the kernel rounds the memory of a message up, at most to its double
	d.peak = max(d.peak, d.run)
}

func (d *depth) emptied() { d.run = 0 }

// deep reports whether the buffer, of which queued bytes are in use now, may
// have been full since the last call.
func (d *depth) deep(queued, buffer int) bool {
	deep := d.peak+queued >= buffer/2
	d.peak = d.run
	return deep
}
