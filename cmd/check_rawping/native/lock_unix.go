//go:build unix && !solaris && !illumos

package native

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

const lockPause = 5 * time.Millisecond

// lock waits until nobody else has locked the file, but not beyond the deadline.
// Closing it gives it up.
func lock(f *os.File, deadline time.Time) error {
	for began := time.Now(); ; time.Sleep(lockPause) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			return fmt.Errorf("lock: %w", err)
		case !time.Now().Add(lockPause).Before(deadline):
			return fmt.Errorf("another process has had it locked for %v", time.Since(began).Round(time.Millisecond))
		}
	}
}
