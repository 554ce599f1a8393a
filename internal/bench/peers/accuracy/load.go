package main

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
)

// load keeps every core busy.
type load struct {
	spinners   []*exec.Cmd
	collecting sync.WaitGroup
	over       atomic.Bool
}

// newLoad starts a spinning process and an allocating goroutine for each core.
func newLoad() (*load, error) {
	l := &load{}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	for range runtime.NumCPU() {
		spinner := exec.Command(program, "spin")
		if err := spinner.Start(); err != nil {
			return nil, errors.Join(err, l.end())
		}
		l.spinners = append(l.spinners, spinner)
		l.collecting.Go(l.allocate)
	}
	return l, nil
}

// spin never returns.
func spin() {
	for { //nolint:staticcheck // SA5002: that is its work
	}
}

// node is work for the garbage collector: it has a pointer to follow.
type node struct {
	next *node
	_    [56]byte
}

// allocate makes chains of nodes, and drops them, until the load is over.
func (l *load) allocate() {
	const length = 100_000
	var chains [4]*node
	for i := 0; !l.over.Load(); i++ {
		var head *node
		for range length {
			head = &node{next: head}
		}
		chains[i%len(chains)] = head
	}
	runtime.KeepAlive(&chains)
}

// end stops what newLoad has started.
func (l *load) end() error {
	var err error
	l.over.Store(true)
	l.collecting.Wait()
	for _, spinner := range l.spinners {
		err = errors.Join(err, spinner.Process.Kill())
		_ = spinner.Wait() // it was killed
	}
	return err
}
