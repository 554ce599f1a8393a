//go:build linux

package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rawping/rawping/internal/site"
	"github.com/rawping/rawping/internal/steady"
)

// checkICMP is Debian's, of monitoring-plugins-basic.
const checkICMP = "/usr/lib/nagios/plugins/check_icmp"

func TestMain(m *testing.M) {
	programs := map[string]func(){}
	for _, p := range personalities() {
		programs[p.name] = main
	}
	testscript.Main(m, programs)
}

// TestScripts runs the command in network namespaces, one for each script, in
// which only the loopback is up. No packet leaves them.
func TestScripts(t *testing.T) {
	for _, group := range []struct {
		pattern string
		root    bool
		tools   []string
	}{
		{"plain_*.txtar", false, nil},
		{"net_*.txtar", false, []string{"ip"}},
		{"nft_*.txtar", false, []string{"ip", "nft"}},
		{"nftroot_*.txtar", true, []string{"ip", "nft"}},
		{"mount_*.txtar", true, []string{"ip"}},
		{"original_*.txtar", true, []string{"ip", "nft", checkICMP}},
		{"rights_*.txtar", true, []string{"ip", "setpriv", "setcap"}},
	} {
		files, err := filepath.Glob(filepath.Join("testdata", "script", group.pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("no scripts %s: %v", group.pattern, err)
		}
		t.Run(strings.TrimSuffix(group.pattern, "_*.txtar"), func(t *testing.T) {
			t.Parallel()
			needTools(t, "unshare", "nsenter", "timeout")
			needTools(t, group.tools...)
			if slices.Contains(group.tools, checkICMP) {
				site.NeedsOriginals(t)
			}
			if group.root {
				needRoot(t)
			}
			how := needNamespaces(t)
			steady.Scripts(t, testscript.Params{
				Files: files,
				Setup: func(env *testscript.Env) error { return newNamespace(how, env) },
				Cmds: map[string]func(*testscript.TestScript, bool, []string){
					"check": cmdCheck, "quiet": cmdQuiet, "ns": cmdNS, "took": cmdTook, "same": cmdSame,
				},
			})
		})
	}
}

// namespace is the network namespace of one script.
type namespace struct {
	enter []string      // the command that runs another one in it
	took  time.Duration // of the last check
}

// newNamespace makes the script's namespace, by an option of unshare, which lives as
// long as a process that does nothing.
func newNamespace(how string, env *testscript.Env) error {
	ns := &namespace{}
	holder := exec.Command("unshare", how, "sh", "-c", "echo up; exec cat")
	in, err := holder.StdinPipe()
	if err != nil {
		return err
	}
	out, err := holder.StdoutPipe()
	if err != nil {
		return err
	}
	if err := holder.Start(); err != nil {
		return err
	}
	env.Defer(func() {
		_ = in.Close() // cat ends
		_ = holder.Wait()
	})
	if _, err := io.ReadFull(out, make([]byte, len("up\n"))); err != nil {
		return err
	}
	ns.enter = []string{"nsenter", "-t", strconv.Itoa(holder.Process.Pid), "-n"}
	if how == "-rn" {
		ns.enter = append(ns.enter, "-U", "--preserve-credentials")
	}
	env.Values["namespace"] = ns
	env.Setenv("GORACE", "atexit_sleep_ms=0") // under -race every run would take a second more

	// The command's copy must be reachable for users without rights.
	path, err := exec.LookPath("check_rawping")
	if err != nil {
		return err
	}
	for _, dir := range []string{filepath.Dir(filepath.Dir(path)), filepath.Dir(env.WorkDir), env.WorkDir} {
		if err := os.Chmod(dir, 0o755); err != nil {
			return err
		}
	}
	return exec.Command(ns.enter[0], append(ns.enter[1:], "ip", "link", "set", "lo", "up")...).Run()
}

// cmdCheck is "check CODE [ARG...]": it runs check_rawping in the namespace and
// asserts the exit code and what holds for all output. "check CODE -- COMMAND"
// runs it by another command.
func cmdCheck(ts *testscript.TestScript, neg bool, args []string) {
	runCheck(ts, neg, args)
	first, rest, _ := strings.Cut(ts.ReadFile("stdout"), "\n")
	if first == "" || strings.Count(first, "|") > 1 || strings.Contains(rest, "|") {
		ts.Fatalf("not the output of a plugin: %q", first+"\n"+rest)
	}
}

// cmdQuiet is check for a command that prints nothing.
func cmdQuiet(ts *testscript.TestScript, neg bool, args []string) {
	runCheck(ts, neg, args)
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("on standard output: %q", out)
	}
}

// patience is how many seconds a check may take. A script that is about not waiting has
// the check wait for minutes if it does.
const patience = "120"

func runCheck(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: check CODE [ARG...]")
	}
	ns := ts.Value("namespace").(*namespace)
	command := append([]string{"check_rawping"}, args[1:]...)
	if len(args) > 1 && args[1] == "--" {
		command = args[2:]
	}
	command = append(append([]string{"timeout", "-s", "KILL", patience}, ns.enter...), command...)
	began := time.Now()
	err := ts.Exec(command[0], command[1:]...)
	ns.took = time.Since(began)
	code := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if want := args[0]; strconv.Itoa(code) != want {
		ts.Fatalf("exit code %d, want %s", code, want)
	}
	if errs := ts.ReadFile("stderr"); errs != "" {
		ts.Fatalf("on standard error: %s", errs)
	}
}

// figures are those that differ from run to run.
var figures = regexp.MustCompile(`\d+\.\d{3}ms`)

// cmdSame is "same CODE [ARG...]": it runs check_icmp and check_rawping with the
// same arguments and compares what they print, figures blanked.
func cmdSame(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: same CODE [ARG...]")
	}
	cmdCheck(ts, false, append([]string{args[0], "--", checkICMP}, args[1:]...))
	theirs := figures.ReplaceAllString(ts.ReadFile("stdout"), "X")
	cmdCheck(ts, false, args)
	ours := figures.ReplaceAllString(ts.ReadFile("stdout"), "X")
	if ours != theirs {
		ts.Fatalf("ours:   %q\ntheirs: %q", ours, theirs)
	}
}

// cmdNS is "ns COMMAND": it runs a shell command in the namespace.
func cmdNS(ts *testscript.TestScript, neg bool, args []string) {
	ns := ts.Value("namespace").(*namespace)
	err := ts.Exec(ns.enter[0], append(ns.enter[1:], "sh", "-ec", strings.Join(args, " "))...)
	if err != nil || neg {
		ts.Fatalf("%v", err)
	}
}

// cmdTook is "took LEAST": it asserts how long the last check took at least. How long at
// most is the machine's matter; see patience.
func cmdTook(ts *testscript.TestScript, neg bool, args []string) {
	ns := ts.Value("namespace").(*namespace)
	if neg || len(args) != 1 {
		ts.Fatalf("usage: took LEAST")
	}
	least, err := time.ParseDuration(args[0])
	ts.Check(err)
	if ns.took < least {
		ts.Fatalf("took %v, want %v or more", ns.took, least)
	}
}

// needNamespaces ends a test where no network namespace can be made. It returns
// the option of unshare that makes one.
func needNamespaces(t *testing.T) string {
	t.Helper()
	for _, how := range []string{"-n", "-rn"} {
		if exec.Command("unshare", how, "true").Run() == nil {
			return how
		}
	}
	unable(t, "needs network namespaces: neither unshare -n nor unshare -rn is permitted")
	return ""
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		unable(t, "needs root")
	}
}

func needTools(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			unable(t, "needs the program "+name)
		}
	}
}

// unable skips a test that cannot run here; where RAWPING_REQUIRE_ALL says that
// everything must run, it fails.
func unable(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("RAWPING_REQUIRE_ALL") == "1" {
		t.Fatal("RAWPING_REQUIRE_ALL: " + why)
	}
	t.Skip(why)
}
