// Command testcount runs the tests of the tree twice, without and with the race detector,
// and counts what became of every single one. It ends with the line
//
//	N passed, N failed, N skipped
//
// and lists what was skipped, with the reason, before it. Whenever "go test" fails the
// count has a failure, be it a test, a build, a crash or a timeout.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// run is one run over the tests.
type run struct {
	name string
	env  string
	args []string
}

// race needs cgo, and the programs are built without it: so each run is what users get
// in one way and what finds races in the other.
var (
	plain = run{name: "plain", env: "CGO_ENABLED=0"}
	race  = run{name: "race", env: "CGO_ENABLED=1", args: []string{"-race"}}
)

func main() {
	jsonDir := flag.String("json", "", "keep the events of each run in this `directory`")
	timeout := flag.String("timeout", "20m", "`time` for the tests of one package: what hangs is found, what is slow is not")
	flag.Parse()
	requireAll := os.Getenv("RAWPING_REQUIRE_ALL") == "1"

	args := append([]string{"-shuffle=on", "-timeout=" + *timeout}, flag.Args()...)
	var c count
	plain.tests(".", args, *jsonDir, &c, os.Stdout)
	if err := canRace(); err != nil {
		c.skipped = append(c.skipped, skip{race.name, "every test with -race", err.Error()})
	} else {
		race.tests(".", args, *jsonDir, &c, os.Stdout)
	}
	os.Exit(summary(&c, requireAll, os.Stdout))
}

// tests runs "go test" in dir with the arguments, and counts.
func (r run) tests(dir string, args []string, jsonDir string, c *count, out io.Writer) {
	counter := newReader(r.name, c, out)
	counter.close(r.start(dir, args, jsonDir, counter))
}

// start returns what "go test" itself says of the run.
func (r run) start(dir string, args []string, jsonDir string, counter *reader) (result error) {
	cmd := exec.Command("go", append(append([]string{"test", "-json"}, r.args...), args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), r.env)
	cmd.Stderr = counter.out
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	var events io.Reader = stdout
	if jsonDir != "" {
		if err := os.MkdirAll(jsonDir, 0o750); err != nil {
			return err
		}
		file, err := os.Create(filepath.Join(jsonDir, r.name+".json"))
		if err != nil {
			return err
		}
		defer func() { result = errors.Join(result, file.Close()) }()
		events = io.TeeReader(stdout, file)
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	// Wait closes the pipe, so it comes after the last read; both may fail.
	err = counter.read(events)
	return errors.Join(err, cmd.Wait())
}

// canRace says why the race detector cannot run here: it links with a C compiler.
func canRace() error {
	out, err := exec.Command("go", "env", "CC").Output()
	if err != nil {
		return fmt.Errorf("go env CC: %w", err)
	}
	compiler := strings.Fields(string(out))
	if len(compiler) == 0 {
		return errors.New("no C compiler is set (CC)")
	}
	if _, err := exec.LookPath(compiler[0]); err != nil {
		return fmt.Errorf("no C compiler: %w", err)
	}
	return nil
}

// summary prints what the runs come to, and returns the exit code.
func summary(c *count, requireAll bool, out io.Writer) int {
	code := 0
	if len(c.broken) > 0 {
		code = 1
		fmt.Fprintln(out, "\nFailed:")
		for _, name := range c.broken {
			fmt.Fprintf(out, "  %s\n", name)
		}
	}
	if len(c.skipped) > 0 {
		fmt.Fprintln(out, "\nSkipped:")
		for _, s := range c.skipped {
			fmt.Fprintf(out, "  %s %s: %s\n", s.run, s.name, s.reason)
		}
		if requireAll {
			code = 1
			fmt.Fprintln(out, "RAWPING_REQUIRE_ALL=1: a skip is a failure here.")
		}
	}
	if c.failed > 0 {
		code = 1
	} else if c.passed == 0 {
		code = 1
		fmt.Fprintln(out, "No test passed.")
	}
	fmt.Fprintf(out, "\n%s\n", c)
	return code
}
