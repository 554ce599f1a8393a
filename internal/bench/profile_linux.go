package bench

import (
	"errors"
	"os"
	"runtime/pprof"
)

// Profiled does work and writes a CPU profile of it to a file, unless that is "".
func Profiled(file string, work func() error) (err error) {
	if file == "" {
		return work()
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return work()
}
