package truth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/steady"
	"github.com/rawping/rawping/internal/testbed"
	"github.com/rawping/rawping/internal/wire"
)

// checkICMP is Debian's, of monitoring-plugins-basic.
const checkICMP = "/usr/lib/nagios/plugins/check_icmp"

// processTime bounds a program: no test needs a tenth of it.
const processTime = time.Minute

// programs are ours, built static once for all tests that hold them: whatever the
// tests are built with, only a program without cgo gives up its capabilities.
var programs struct {
	sync.Mutex
	dir   string
	holds int
}

// holdPrograms returns the directory of the programs, which the last test that
// holds them removes. Tests hold them before they wait for their turn to run in
// parallel, so that they are built once.
func holdPrograms(t *testing.T) string {
	t.Helper()
	programs.Lock()
	defer programs.Unlock()
	if programs.holds == 0 {
		programs.dir = filepath.Join(os.TempDir(), fmt.Sprintf("rawping-truth-%d", os.Getpid()))
		build := exec.Command("go", "build", "-buildvcs=false", "-o", programs.dir+"/", "./cmd/check_rawping", "./cmd/rawping")
		build.Dir = filepath.Join("..", "..")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		out, err := build.CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.NoError(t, os.Chmod(programs.dir, 0o755)) // nobody starts them too
	}
	programs.holds++
	t.Cleanup(func() {
		programs.Lock()
		defer programs.Unlock()
		if programs.holds--; programs.holds == 0 {
			_ = os.RemoveAll(programs.dir)
		}
	})
	return programs.dir
}

// field is a bed in whose client programs run. What they share with the test is
// the kernel only. Tests of one field run many programs at once, because nearly
// all of their time is spent waiting, and assert off the test's goroutine.
type field struct {
	testing.TB
	*testbed.Bed
	dir string // of our programs
}

// groups is a value of net.ipv4.ping_group_range.
type groups string

const (
	noGroup  groups = "1 0"
	anyGroup groups = "0 2147483647"
)

// inField runs a test in a bed in which these groups may open datagram sockets.
func inField(t *testing.T, allowed groups, tools []string, test func(*field)) {
	t.Helper()
	for _, tool := range append(tools, "setpriv") {
		if _, err := exec.LookPath(tool); err != nil {
			unable(t, "needs the program "+tool)
		}
	}
	dir := holdPrograms(t)
	t.Parallel()
	steady.Run(t, func(t testing.TB) {
		f := &field{TB: t, Bed: testbed.New(t), dir: dir}
		f.allow(allowed)
		test(f)
	})
}

// unable skips a test that cannot run here; where RAWPING_REQUIRE_ALL says that
// everything must run, it fails.
func unable(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("RAWPING_REQUIRE_ALL") == "1" {
		t.Fatal("RAWPING_REQUIRE_ALL: " + why)
	}
	t.Skip(why)
}

// allow says who may open datagram sockets from now on.
func (f *field) allow(g groups) {
	f.Helper()
	require.NoError(f, f.Client.Sysctl("net.ipv4.ping_group_range", string(g)))
}

// user is the command that makes the next one run as somebody, or as root.
type user []string

var (
	root   user
	nobody = user{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}
)

// but returns the user with more options of setpriv(1).
func (u user) but(options ...string) user { return append(slices.Clone(u), options...) }

// process is a program at work.
type process struct {
	*exec.Cmd
	field     *field
	line      string
	began     time.Time
	out, errs bytes.Buffer // not to be read before the end
	cancel    context.CancelFunc
}

// result is how a program ended, and what it printed.
type result struct {
	line      string // the command
	code      int
	out, errs string
	took      time.Duration
}

func (r result) String() string {
	return fmt.Sprintf("%s: code %d after %v\n%s%s", r.line, r.code, r.took.Round(time.Millisecond), r.out, r.errs)
}

// start starts a program in the client: one of ours, or any by its path. Pid and
// signals of the process are the program's own.
func (f *field) start(as user, input, name string, args ...string) *process {
	if !filepath.IsAbs(name) {
		name = filepath.Join(f.dir, name)
	}
	all := append(append(slices.Clone(as), name), args...)
	ctx, cancel := context.WithTimeout(f.Context(), processTime)
	p := &process{field: f, line: strings.Join(all, " "), began: time.Now(), cancel: cancel}
	p.Cmd = f.Client.CommandContext(ctx, all[0], all[1:]...)
	p.Dir = "/"
	p.Stdin, p.Stdout, p.Stderr = strings.NewReader(input), &p.out, &p.errs
	p.WaitDelay = 5 * time.Second
	if err := p.Start(); err != nil {
		f.Errorf("%s: %v", p.line, err)
	}
	return p
}

// end waits for the program's end.
func (p *process) end() result {
	defer p.cancel()
	err := p.Wait()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) || p.ProcessState == nil {
		p.field.Errorf("%s: %v", p.line, err)
		return result{line: p.line, code: -1}
	}
	return result{p.line, p.ProcessState.ExitCode(), p.out.String(), p.errs.String(), time.Since(p.began)}
}

// run runs a program to its end.
func (f *field) run(as user, name string, args ...string) result {
	return f.start(as, "", name, args...).end()
}

// check runs check_rawping, which never uses its standard error.
func (f *field) check(as user, args ...string) result {
	r := f.run(as, "check_rawping", args...)
	assert.Empty(f, r.errs, r.line)
	return r
}

// says asserts how a program ended, and that its output matches.
func (r result) says(t assert.TestingT, code int, patterns ...string) {
	assert.Equal(t, code, r.code, r.String())
	for _, pattern := range patterns {
		assert.Regexp(t, "(?m)"+pattern, r.out+r.errs, r.line)
	}
}

// wait waits until something is so, and reports whether it became so.
func (f *field) wait(what string, so func() bool) bool {
	for end := time.Now().Add(processTime / 2); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if so() {
			return true
		}
	}
	f.Errorf("waited in vain: %s", what)
	return false
}

// way is how a program is run: with raw or datagram sockets, over one family.
// It has hosts of its own.
type way struct {
	*world
	field *field
	as    user
	name  string
	base  byte
}

// everyWay calls a test in every way, all at once, and waits for the last.
func (f *field) everyWay(test func(*way)) {
	var ways sync.WaitGroup
	for i, kind := range []struct {
		as   user
		name string
	}{{root, "raw"}, {nobody, "datagram"}} {
		for _, family := range families {
			w := &way{
				world: &world{TB: f, Bed: f.Bed, family: family},
				field: f, as: kind.as, name: fmt.Sprintf("%s %v", kind.name, family), base: byte(100 * i),
			}
			ways.Go(func() { test(w) })
		}
	}
	ways.Wait()
}

var families = []wire.Family{wire.V4, wire.V6}

func (w *way) raw() bool { return w.as == nil }

// rule sets what becomes of the requests to the way's nth host, and returns its
// address.
func (w *way) rule(n byte, f testbed.Fault) netip.Addr { return w.world.rule(w.base+n, f) }

func (w *way) check(args ...string) result { return w.field.check(w.as, args...) }

func (w *way) rawping(args ...string) result { return w.field.run(w.as, "rawping", args...) }

// echoes counts the requests of a host that the responder saw.
func (f *field) echoes(host netip.Addr) int { return f.Seen(hostPrefix(host)).Requests }
