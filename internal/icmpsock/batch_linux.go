package icmpsock

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// batchSize is the number of messages in one system call. Larger batches have
// been measured: they gain nothing, and make bursts that neighbours feel.
const batchSize = Batch

// minRecvSize holds any reply to a request of a usual size, and any ICMP error.
const minRecvSize = 2048

// sendBatch is the memory for sendmmsg(2). Its headers point into it, so it is
// never copied.
type sendBatch struct {
	hdrs    [batchSize]unix.Mmsghdr
	iovs    [batchSize]unix.Iovec
	names   [batchSize][sockaddrSize]byte
	control [batchSize][sendControlSize]byte
}

func newSendBatch() *sendBatch {
	b := new(sendBatch)
	for i := range b.hdrs {
		h := &b.hdrs[i].Hdr
		h.Name = &b.names[i][0]
		h.Iov = &b.iovs[i]
		h.SetIovlen(1)
	}
	return b
}

// recvBatch is the memory for recvmmsg(2). Its headers point into it, so it is
// never copied.
type recvBatch struct {
	hdrs    [batchSize]unix.Mmsghdr
	iovs    [batchSize]unix.Iovec
	names   [batchSize][sockaddrSize]byte
	control [batchSize][recvControlSize]byte
	size    int    // room for each message
	data    []byte // batchSize times size bytes
	used    int    // headers that have been written to since reset
}

func newRecvBatch() *recvBatch {
	b := &recvBatch{used: batchSize}
	for i := range b.hdrs {
		h := &b.hdrs[i].Hdr
		h.Name = &b.names[i][0]
		h.Control = &b.control[i][0]
		h.Iov = &b.iovs[i]
		h.SetIovlen(1)
	}
	return b
}

// grow gives each message room for size bytes. Messages handed out before keep
// the old memory.
func (b *recvBatch) grow(size int) {
	if size <= b.size {
		return
	}
	b.size = size
	b.data = make([]byte, batchSize*size)
	for i := range b.iovs {
		b.iovs[i].Base = &b.data[i*size]
		b.iovs[i].SetLen(size)
	}
}

// reset undoes what the kernel wrote into the headers: all have room again.
func (b *recvBatch) reset() {
	for i := range b.hdrs[:b.used] {
		h := &b.hdrs[i].Hdr
		h.Namelen = sockaddrSize
		h.SetControllen(recvControlSize)
		h.Flags = 0
	}
	b.used = 0
}

// message returns the data of the i-th message since reset.
func (b *recvBatch) message(i int) []byte {
	start := i * b.size
	return b.data[start : start+min(int(b.hdrs[i].Len), b.size)]
}

func (b *recvBatch) name(i int) []byte {
	return b.names[i][:min(b.hdrs[i].Hdr.Namelen, sockaddrSize)]
}

func (b *recvBatch) controls(i int) []byte {
	return b.control[i][:min(uint64(b.hdrs[i].Hdr.Controllen), recvControlSize)]
}

// recv is recvmmsg(2) without blocking, into the headers that are not used yet, of
// which there must be one.
func (b *recvBatch) recv(fd, flags int) (int, syscall.Errno) {
	for {
		n, errno := mmsg(unix.SYS_RECVMMSG, fd, b.hdrs[b.used:], flags)
		if errno == unix.EINTR {
			continue
		}
		b.used += n
		return n, errno
	}
}

// mmsg calls recvmmsg(2) or sendmmsg(2), neither of which x/sys has, without
// blocking and without memory of its own.
func mmsg(trap uintptr, fd int, hdrs []unix.Mmsghdr, flags int) (int, syscall.Errno) {
	// The kernel is given an array of the struct that it defines. Everything
	// the headers point to is reachable from them by Go pointers, and hdrs by
	// this call's argument, so that nothing is freed or moved meanwhile. The
	// sixth argument is recvmmsg's timeout: none. sendmmsg has no sixth.
	//
	// The runtime is not told of the call, because it does not block: a batch
	// takes some hundred microseconds, after which the runtime would hand the
	// processor to another thread and the caller would have to get it back.
	n, _, errno := unix.RawSyscall6(trap, uintptr(fd), uintptr(unsafe.Pointer(&hdrs[0])), uintptr(len(hdrs)),
		uintptr(flags|unix.MSG_DONTWAIT), 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}
