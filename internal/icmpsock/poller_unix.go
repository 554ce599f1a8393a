//go:build unix

package icmpsock

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// PollerAllowed says whether this process may have what Go's runtime opens of its own
// accord for its poller, as soon as a file wants it. Where it may not, the runtime ends
// the process with a trace and the exit code 2. Programs ask first.
func PollerAllowed() error {
	for _, p := range pollerFiles {
		fd, err := p.open()
		switch {
		case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
			return fmt.Errorf("this process may open no more files: %w; want a higher limit (ulimit -n)", err)
		case err != nil:
			return fmt.Errorf("no program in Go runs here, without this system call: %w", os.NewSyscallError(p.call, err))
		}
		defer syscall.Close(fd) //nolint:errcheck // nothing was written
	}
	return nil
}

// pollerFile is a file that the runtime opens, and by which system call.
type pollerFile struct {
	call string
	open func() (fd int, err error)
}

// anotherFile is one for which there need only be room: one that epoll watches, or
// what other systems have for a poller.
var anotherFile = pollerFile{"dup", func() (int, error) { return syscall.Dup(0) }}
