//go:build unix

package main

import (
	"fmt"
	"syscall"
)

// pollerFiles is how many files Go's runtime opens at most for its poller.
const pollerFiles = 3

// roomForPoller says whether this process may still open the files that Go's runtime
// opens of its own accord. Where it cannot, it ends the process with a trace and with
// the code for CRITICAL.
func roomForPoller() error {
	for range pollerFiles {
		fd, err := syscall.Dup(0)
		if err != nil {
			return fmt.Errorf("this process may open no more files: %w; want a higher limit (ulimit -n)", err)
		}
		defer syscall.Close(fd) //nolint:errcheck // nothing was written
	}
	return nil
}
