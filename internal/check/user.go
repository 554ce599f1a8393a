package check

import (
	"errors"
	"os"
)

// SameUser returns an error if the program runs with another user's rights than
// those of who calls it, as a setuid program does: then it must not touch files
// for him that he could not touch himself.
func SameUser() error {
	if os.Geteuid() != os.Getuid() || os.Getegid() != os.Getgid() {
		return errors.New("a program with the set-user-ID or set-group-ID bit reads and writes no files; give it a file capability instead: setcap cap_net_raw+p")
	}
	return nil
}
