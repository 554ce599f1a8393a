package main

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// socket returns the descriptor of the raw socket that this process has open.
func socket() (int, error) {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return -1, err
	}
	for _, entry := range entries {
		fd, err := strconv.Atoi(entry.Name())
		if err != nil {
			return -1, err
		}
		if kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE); err == nil && kind == unix.SOCK_RAW {
			return fd, nil
		}
	}
	return -1, errors.New("the engine's network has no raw socket open")
}
