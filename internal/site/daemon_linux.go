package site

import (
	"bytes"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rawping/rawping/internal/testbed"
)

// How long a daemon may take to do what a test waits for, on a machine that is
// busy, and how often it is asked.
const (
	patience  = 2 * time.Minute
	askEvery  = 25 * time.Millisecond
	graceTime = 20 * time.Second // from the request to end to the end by force
)

// initScript is process 1 of a daemon's process namespace. It stays root, so that
// the kernel does not forget to end it, and all others with it, when the test's
// process dies. Its arguments are pairs of a path and what is to be found there, "--", and
// the daemon's command.
const initScript = `mount --make-rprivate / && mount -t proc proc /proc || exit 125
while [ "$1" != -- ]; do
	mount --bind "$2" "$1" || exit 125
	shift 2
done
shift
"$@" &
daemon=$!
trap "kill -TERM $daemon" TERM
while :; do
	wait $daemon
	code=$?
	kill -0 $daemon 2>/dev/null || exit $code
done
`

// daemon is a program that runs until the test ends.
type daemon struct {
	t    testing.TB
	name string // in messages
	dir  string // its configuration and data; see [newDirectory]
	ns   *testbed.Namespace
	seen map[string]string // paths, and what the daemon alone finds there

	cmd    *exec.Cmd
	said   transcript
	ended  chan struct{} // closed when it has ended
	result error         // how, once it has
}

// command returns a command in the daemon's network namespace.
func (d *daemon) command(name string, args ...string) *exec.Cmd {
	if d.ns == nil {
		return exec.Command(name, args...) //nolint:gosec // G702: what a test starts
	}
	return d.ns.Command(name, args...)
}

// start starts the daemon. The test's end ends it.
func (d *daemon) start(command ...string) {
	d.t.Helper()
	args := []string{"-c", initScript, d.name}
	for path, found := range d.seen {
		args = append(args, path, found)
	}
	d.cmd = d.command("sh", append(append(args, "--"), command...)...)
	d.cmd.Dir = "/"
	d.cmd.Stdout, d.cmd.Stderr = &d.said, &d.said
	d.cmd.SysProcAttr = &syscall.SysProcAttr{
		Setsid:     true, // the interrupt of a terminal is the test's matter
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS,
		Pdeathsig:  syscall.SIGKILL,
	}
	d.ended = make(chan struct{})
	started := make(chan error)
	go func() {
		defer close(d.ended)
		// The death that the kernel waits for is this thread's.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := d.cmd.Start()
		started <- err
		if err == nil {
			d.result = d.cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		d.t.Fatalf("%s: %v", d.name, err)
	}
	d.t.Cleanup(d.stop)
}

// stop asks the daemon to end, and ends it, and all that it started, if it does
// not. A second stop does nothing.
func (d *daemon) stop() {
	d.t.Helper()
	_ = d.cmd.Process.Signal(syscall.SIGTERM) // perhaps it has ended
	select {
	case <-d.ended:
	case <-time.After(graceTime):
		_ = d.cmd.Process.Kill()
		<-d.ended
		d.t.Errorf("%s did not end when it was told to\n%s", d.name, d.said.String())
	}
	if d.t.Failed() {
		d.t.Logf("%s: %v\n%s", d.name, d.result, d.said.String())
	}
}

// await waits until ready says nothing, which is asked again and again, and fails
// the test with the last that it said, or when the daemon has ended.
func (d *daemon) await(what string, ready func() error) {
	d.t.Helper()
	end := time.Now().Add(patience)
	for {
		err := ready()
		if err == nil {
			return
		}
		select {
		case <-d.ended:
			d.t.Fatalf("%s has ended before %s: %v\n%s", d.name, what, d.result, d.said.String())
		case <-time.After(askEvery):
		}
		if time.Now().After(end) {
			d.t.Fatalf("%s: no %s in %v: %v", d.name, what, patience, err)
		}
	}
}

// transcript keeps what a daemon prints.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements [io.Writer].
func (s *transcript) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *transcript) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
