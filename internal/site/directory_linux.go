package site

import (
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
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // G302: for users other than the owner
		t.Fatal(err)
	}
	give(t, dir, owner)
	return dir
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

// put writes a file of the daemon's directory, which all may read.
func (d *daemon) put(name, text string) (path string) {
	d.t.Helper()
	path = filepath.Join(d.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil { //nolint:gosec // G306: for users other than the owner
		d.t.Fatal(err)
	}
	return path
}

// mkdir makes a directory in the daemon's, which belongs to a user.
func (d *daemon) mkdir(name, owner string) (path string) {
	d.t.Helper()
	path = filepath.Join(d.dir, name)
	if err := os.Mkdir(path, 0o755); err != nil { //nolint:gosec // G301: for users other than the owner
		d.t.Fatal(err)
	}
	give(d.t, path, owner)
	return path
}
