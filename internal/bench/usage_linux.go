package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Figures are what a benchmark program has measured, by name. It prints them as
// one line of JSON.
type Figures map[string]float64

// Print writes the figures to standard output.
func (f Figures) Print() error { return json.NewEncoder(os.Stdout).Encode(f) }

// Mark is a moment in a process's life.
type Mark struct {
	wall    time.Time
	cpu     time.Duration
	mallocs uint64
}

// NewMark marks this moment. It stops the other goroutines for some microseconds.
func NewMark() (Mark, error) {
	cpu, err := CPU()
	if err != nil {
		return Mark{}, err
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return Mark{time.Now(), cpu, memory.Mallocs}, nil
}

// Since adds to f what has been used since m: wall_s and cpu_s in seconds of the
// whole process, user and kernel, and mallocs.
func (f Figures) Since(m Mark) error {
	now, err := NewMark()
	if err != nil {
		return err
	}
	f["wall_s"] = now.wall.Sub(m.wall).Seconds()
	f["cpu_s"] = (now.cpu - m.cpu).Seconds()
	f["mallocs"] = float64(now.mallocs - m.mallocs)
	return nil
}

// CPU returns the time that this process has spent on processors, user and kernel.
func CPU() (time.Duration, error) {
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		return 0, os.NewSyscallError("getrusage", err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano()), nil
}

// Resident returns the most memory, in bytes, that this process has had resident.
func Resident() (float64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	return field(string(status), "VmHWM")
}

// field returns a size in bytes out of /proc/PID/status (proc_pid_status(5)).
func field(status, name string) (float64, error) {
	for line := range strings.Lines(status) {
		var kB float64
		if _, err := fmt.Sscanf(line, name+": %f kB", &kB); err == nil {
			return kB * 1024, nil
		}
	}
	return 0, fmt.Errorf("/proc/self/status has no %s", name)
}

// Replies returns how many echo replies the kernel has received in this process's
// network namespace.
func Replies() (int, error) {
	text, err := os.ReadFile("/proc/self/net/snmp") // proc_pid_net(5)
	if err != nil {
		return 0, err
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if fields[0] != "Icmp:" {
			continue
		}
		if names == nil { // the first line has the names, the second the numbers
			names = fields
			continue
		}
		if i := slices.Index(names, "InEchoReps"); i >= 0 && i < len(fields) {
			return strconv.Atoi(fields[i])
		}
	}
	return 0, errors.New("/proc/self/net/snmp does not count echo replies")
}
