package icmpsock

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// waiter tells the owner that one of many sockets has something to read.
//
// A socket is in it only while it is worth waiting for: to each of its messages and
// stamps the kernel calls whoever watches it, which under load is a tenth of what a
// probe costs in all (network.rest).
//
// The sockets are in an epoll of our own, level triggered, because Go's poller
// cannot hold them: it reports an event of exactly EPOLLERR, which every
// transmit stamp causes, as "not pollable". That epoll is the only entry of a
// second one, the gate, with EPOLLONESHOT; the gate is what Go's poller waits
// for. Arming the gate is one system call, and while it is not armed a socket
// may become readable a thousand times and wakes no thread: the owner is
// reading by itself then.
type waiter struct {
	sockets int             // epoll of the sockets
	gate    *os.File        // epoll with one entry: sockets
	raw     syscall.RawConn // of gate
	armed   atomic.Bool     // the gate will let one event through
	signal  chan struct{}   // capacity 1: one value says "readable"
	arm     func(fd uintptr)
	armErr  error // of the last arm; owner only

	start sync.Once
	done  sync.WaitGroup
}

func newWaiter() (*waiter, error) {
	sockets, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	w := &waiter{sockets: sockets, signal: make(chan struct{}, 1)}
	if err := w.openGate(); err != nil {
		_ = unix.Close(sockets)
		return nil, err
	}
	w.arm = func(fd uintptr) { w.armErr = w.ctlGate(int(fd), unix.EPOLL_CTL_MOD, unix.EPOLLIN) }
	return w, nil
}

func (w *waiter) openGate() error {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil { // only then does os.NewFile use Go's poller
		_ = unix.Close(fd)
		return os.NewSyscallError("fcntl", err)
	}
	gate := os.NewFile(uintptr(fd), "epoll")
	if err := w.ctlGate(fd, unix.EPOLL_CTL_ADD, 0); err != nil {
		_ = gate.Close()
		return err
	}
	raw, err := gate.SyscallConn()
	if err != nil {
		_ = gate.Close()
		return fmt.Errorf("epoll in Go's poller: %w", err)
	}
	w.gate, w.raw = gate, raw
	return nil
}

func (w *waiter) ctlGate(gate, op int, events uint32) error {
	event := unix.EpollEvent{Events: events | unix.EPOLLONESHOT}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(gate, op, w.sockets, &event))
}

// add watches a socket until it is removed or closed; what it has to read already
// counts. EPOLLERR, which the error queue raises, is always reported.
func (w *waiter) add(fd int) error {
	event := unix.EpollEvent{Events: unix.EPOLLIN}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(w.sockets, unix.EPOLL_CTL_ADD, fd, &event))
}

// remove ends the watch over a socket.
func (w *waiter) remove(fd int) error {
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(w.sockets, unix.EPOLL_CTL_DEL, fd, nil))
}

// ready arms the gate, unless it is armed or a value is waiting to be taken,
// and returns the channel.
func (w *waiter) ready() <-chan struct{} {
	if len(w.signal) > 0 || !w.armed.CompareAndSwap(false, true) {
		return w.signal
	}
	if err := w.raw.Control(w.arm); err != nil || w.armErr != nil {
		w.notify() // closed: the owner's next Recv says so
		return w.signal
	}
	w.start.Do(func() { w.done.Go(w.wait) })
	return w.signal
}

// wait is the goroutine. The function given to Read never says that it is
// done, so that each event costs one epoll_wait; Read returns when the gate is
// closed.
func (w *waiter) wait() {
	var events [1]unix.EpollEvent
	err := w.raw.Read(func(fd uintptr) bool {
		if n, err := unix.EpollWait(int(fd), events[:], 0); n > 0 && err == nil {
			w.notify()
		}
		return false
	})
	if err != nil {
		w.notify()
	}
}

// notify signals without blocking: a value that nobody took yet says the same.
// The gate counts as unarmed before the value can be taken, so that whoever
// takes it can arm anew.
func (w *waiter) notify() {
	w.armed.Store(false)
	select {
	case w.signal <- struct{}{}:
	default:
	}
}

// close ends the goroutine and returns when it has ended.
func (w *waiter) close() error {
	err := w.gate.Close()
	w.done.Wait()
	if errors.Is(err, os.ErrClosed) {
		return nil // closed before
	}
	return errors.Join(err, os.NewSyscallError("close", unix.Close(w.sockets)))
}
