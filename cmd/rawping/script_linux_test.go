package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/steady"
)

// buildProgram makes the static program, as it is installed, where every user
// may run it, and returns its directory. The race detector's could not give up
// its rights.
func buildProgram(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		require.NoError(t, os.Chmod(d, 0o755))
	}
	build := exec.Command("go", "build", "-buildvcs=false", "-ldflags", "-X main.version=1.2.3", "-o", filepath.Join(dir, "rawping"), ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return dir
}

// TestProgram runs the program as users do.
func TestProgram(t *testing.T) {
	bin := buildProgram(t)
	t.Run("script", func(t *testing.T) { testScripts(t, bin) })
	for _, test := range []struct {
		name string
		run  func(testing.TB, string)
	}{
		{"Ctrl-C", testCtrlC},
		{"Ctrl-backslash", testCtrlBackslash},
		{"early status", testEarlyStatus},
		{"status of several hosts", testStatusOfSeveralHosts},
		{"stopped reader", testStoppedReader},
		{"second signal", testSecondSignal},
	} {
		t.Run(test.name, func(t *testing.T) {
			steady.Run(t, func(t testing.TB) { test.run(t, bin) })
		})
	}
}

// testScripts runs testdata/script. A script says by [!have:...] what it cannot
// do without; "root" stands for the superuser.
func testScripts(t *testing.T, bin string) {
	steady.Scripts(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Setenv("BIN", bin)
			return nil
		},
		Condition: func(condition string) (bool, error) {
			needs, ok := strings.CutPrefix(condition, "have:")
			if !ok {
				return false, fmt.Errorf("unknown condition %q", condition)
			}
			return have(needs)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"lines": lines},
	})
}

// have reports whether everything needed is here. Where every test has to run,
// it is an error if not.
func have(needs string) (bool, error) {
	for need := range strings.SplitSeq(needs, ",") {
		if present(need) {
			continue
		}
		if os.Getenv("RAWPING_REQUIRE_ALL") == "1" {
			return false, fmt.Errorf("RAWPING_REQUIRE_ALL=1, but this cannot run without %s", need)
		}
		return false, nil
	}
	return true, nil
}

func present(need string) bool {
	if need == "root" {
		return os.Getuid() == 0
	}
	_, err := exec.LookPath(need)
	return err == nil
}

// lines FILE N: the file has so many lines.
func lines(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: lines FILE N")
	}
	n := bytes.Count([]byte(ts.ReadFile(args[0])), []byte("\n"))
	if (fmt.Sprint(n) == args[1]) == neg {
		ts.Fatalf("%s has %d lines", args[0], n)
	}
}
