package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

const (
	// mostWaiting bounds what waits for standard output, in bytes. Lines beyond
	// it are left out, and that is said: a reader that is too slow, or a terminal
	// that was stopped with Ctrl-S, must hold up neither the engine nor the host.
	mostWaiting = 16 << 20

	// gather is how long lines are gathered before they go to a file or pipe.
	gather = 10 * time.Millisecond
)

// output writes lines from a goroutine of its own, so that whoever appends them
// never waits for the reader.
type output struct {
	w     io.Writer
	pause time.Duration // how long lines are gathered before a write
	fail  func()        // called once, when w takes no more

	mu      sync.Mutex
	waiting []byte
	leftOut int // lines, since the last one that found room
	err     error

	wake    chan struct{} // one value: something waits
	closing chan struct{} // closed: nothing more comes
	done    sync.WaitGroup
}

// newOutput starts the goroutine. Whoever calls it calls close.
func newOutput(w io.Writer, fail func()) *output {
	o := &output{w: w, fail: fail, wake: make(chan struct{}, 1), closing: make(chan struct{})}
	if !terminal(w) {
		o.pause = gather
	}
	o.done.Go(o.write)
	return o
}

// terminal reports whether somebody may be watching.
func terminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// begin returns the buffer to append lines to, and must be followed by end if
// it is ok. It is not when there is no room.
func (o *output) begin() (b []byte, ok bool) {
	o.mu.Lock()
	if o.err != nil || len(o.waiting) >= mostWaiting {
		o.leftOut++
		o.mu.Unlock()
		return nil, false
	}
	if o.leftOut > 0 {
		o.waiting = fmt.Appendf(o.waiting, "(%d lines are left out here: standard output did not take them in time)\n", o.leftOut)
		o.leftOut = 0
	}
	return o.waiting, true
}

// end takes the buffer back.
func (o *output) end(b []byte) {
	wake := len(o.waiting) == 0 && len(b) > 0
	o.waiting = b
	o.mu.Unlock()
	if wake {
		select {
		case o.wake <- struct{}{}:
		default:
		}
	}
}

// write is the goroutine.
func (o *output) write() {
	var spare []byte
	for more := true; more; {
		select {
		case <-o.wake:
			more = o.gather()
		case <-o.closing:
			more = false
		}
		o.mu.Lock()
		b := o.waiting
		o.waiting = spare[:0]
		o.mu.Unlock()
		more = o.put(b) && more
		spare = b
	}
}

// gather lets lines gather, and reports whether more may come after that.
func (o *output) gather() bool {
	if o.pause == 0 {
		return true
	}
	select {
	case <-time.After(o.pause):
		return true
	case <-o.closing:
		return false
	}
}

// put writes b, and reports whether more can follow.
func (o *output) put(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	_, err := o.w.Write(b)
	if err == nil {
		return true
	}
	o.mu.Lock()
	o.err, o.waiting = err, nil
	o.mu.Unlock()
	o.fail()
	return false
}

// close waits until everything has been written and returns the error that
// stopped it.
func (o *output) close() error {
	close(o.closing)
	o.done.Wait()
	return o.err
}
