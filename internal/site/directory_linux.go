package site

import (
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"
)

// newDirectory makes a directory that belongs to a user, and goes with the test.
// Unlike the test's own, other users reach it.
func newDirectory(t testing.TB, name, owner string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "rawping-"+name+"-") //nolint:usetesting // only root reaches the test's own
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	allow(t, dir, 0o755)
	give(t, dir, owner)
	return dir
}

// standIn makes a directory where none is, until the test ends, so that another can be
// mounted there: a purged package takes its user's home away, but not the user.
func standIn(t testing.TB, dir string) {
	t.Helper()
	err := os.Mkdir(dir, 0o750)
	if errors.Is(err, os.ErrExist) {
		return
	}
	if err != nil {
		t.Fatalf("a home for a user who has none: %v", err)
	}
	t.Cleanup(func() { _ = os.Remove(dir) }) // unless somebody uses it now
}

// give makes a path a user's.
func give(t testing.TB, path, owner string) {
	t.Helper()
	u, err := user.Lookup(owner)
	if err != nil {
		t.Fatalf("user %s: %v", owner, err)
	}
	uid, _ := strconv.Atoi(u.Uid) // they are numbers, where there are file owners
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(path, uid, gid); err != nil {
		t.Fatal(err)
	}
}

// allow sets who may do what with a path, whatever the umask is.
func allow(t testing.TB, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// put writes a file of the daemon's directory, which all may read.
func (d *daemon) put(name, text string) (path string) {
	d.t.Helper()
	path = filepath.Join(d.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
	allow(d.t, path, 0o644)
	return path
}

// mkdir makes a directory in the daemon's, which belongs to a user.
func (d *daemon) mkdir(name, owner string) (path string) {
	d.t.Helper()
	path = filepath.Join(d.dir, name)
	if err := os.Mkdir(path, 0o700); err != nil {
		d.t.Fatal(err)
	}
	allow(d.t, path, 0o755)
	give(d.t, path, owner)
	return path
}
