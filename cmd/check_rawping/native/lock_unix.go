//go:build unix && !solaris && !illumos

package native

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

const (
	// lockPatience is how long another run may have the state file. It has it
	// for a few milliseconds.
	lockPatience = 2 * time.Second
	lockPause    = 5 * time.Millisecond
)

// lock waits until nobody else has locked the file. Closing it gives it up.
func lock(f *os.File) error {
	for began := time.Now(); ; time.Sleep(lockPause) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			return fmt.Errorf("lock: %w", err)
		case time.Since(began) > lockPatience:
			return fmt.Errorf("another process has had it locked for %v", lockPatience)
		}
	}
}
