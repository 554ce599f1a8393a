package native

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// lockPatience is how long another run may have the state file at most. It has it
// for a few milliseconds.
const lockPatience = 2 * time.Second

// withState gives change the text that the file has, and writes what it returns.
// Nobody else has the file meanwhile, and nobody ever sees half of it. patience is
// how long others may have it before that is an error.
func withState(file string, patience time.Duration, change func(text string) string) error {
	file = linked(file)
	f, err := lockedState(file, patience)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // and the lock with it
	const most = 4096
	text, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return replaceFile(file, change(string(text)), info.Mode().Perm())
}

// lockedState opens the file, and makes it if need be, and waits until nobody
// else has it.
func lockedState(file string, patience time.Duration) (*os.File, error) {
	began := time.Now()
	for {
		f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		info, err := f.Stat()
		if err == nil && !info.Mode().IsRegular() {
			err = errors.New("is no regular file")
		}
		if err == nil {
			err = lock(f, began.Add(patience))
		}
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		// Who had it before has put another file in its place.
		now, err := os.Stat(file)
		if err == nil && os.SameFile(info, now) {
			return f, nil
		}
		_ = f.Close() // nothing was written
		if err != nil && !os.IsNotExist(err) {
			return nil, err
		}
	}
}

// linked returns the file that a symbolic link stands for in the end, even if
// there is none yet: the link is to stay.
func linked(file string) string {
	const most = 40 // as Linux has it
	for range most {
		to, err := os.Readlink(file)
		if err != nil {
			break // it is none
		}
		if !filepath.IsAbs(to) { // not Join: what is before a .. can be a link, too
			to = filepath.Dir(file) + string(filepath.Separator) + to
		}
		file = to
	}
	return file
}

// replaceFile puts a file with this text in the place of another, all at once.
func replaceFile(file, text string, mode os.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return os.Rename(f.Name(), file)
}
