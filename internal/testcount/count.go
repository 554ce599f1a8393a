package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// event is a line of "go test -json": of test2json, or of a build (see "go help buildjson").
type event struct {
	Action      string
	Package     string
	Test        string
	Elapsed     float64
	Output      string
	ImportPath  string // of a build
	FailedBuild string // the build's ImportPath, in the failure of a package
}

// skip is something that could not run here.
type skip struct {
	run    string // "plain", "race"
	name   string
	reason string
}

// count is what became of the tests of all runs. Every test function and every subtest
// counts, once per run; fuzz targets and examples are tests.
type count struct {
	passed, failed int
	skipped        []skip
	broken         []string // names of what failed
}

// String is the last line of every run.
func (c *count) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", c.passed, c.failed, len(c.skipped))
}

func (c *count) fail(run, name string) {
	c.failed++
	c.broken = append(c.broken, run+" "+name)
}

// pkg is a package under test, as far as its events tell.
type pkg struct {
	output                  map[string][]string // by test, "" for the package's own
	open                    []string            // tests that began and did not end, in order
	passed, failed, skipped int
}

func (p *pkg) end(test string) {
	delete(p.output, test)
	p.open = slices.DeleteFunc(p.open, func(t string) bool { return t == test })
}

// reader turns the events of one run into counts, and prints a line per package and
// whatever failed in full.
type reader struct {
	run      string
	count    *count
	out      io.Writer
	packages map[string]*pkg
	builds   map[string][]string // output of builds, by ImportPath
	failed   int                 // what this run added to the count
}

func newReader(run string, c *count, out io.Writer) *reader {
	return &reader{run: run, count: c, out: out, packages: map[string]*pkg{}, builds: map[string][]string{}}
}

// read reads the events to their end. What is no event is printed as it is.
func (r *reader) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				fmt.Fprintf(r.out, "%s\n", strings.TrimSuffix(string(line), "\n"))
			} else {
				r.event(e)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// close ends the run: exit is what "go test" itself says, nil for success. A run that
// failed has at least one failure, whatever its events were.
func (r *reader) close(exit error) {
	for name := range r.packages {
		fmt.Fprintf(r.out, "%s did not end\n", name)
		r.endPackage(event{Action: "fail", Package: name})
	}
	if exit != nil && r.failed == 0 {
		for _, output := range r.builds {
			r.print(output)
		}
		fmt.Fprintf(r.out, "go test: %v\n", exit)
		r.fail("go test")
	}
}

func (r *reader) event(e event) {
	switch e.Action {
	case "build-output":
		r.builds[e.ImportPath] = append(r.builds[e.ImportPath], e.Output)
		return
	case "build-fail":
		return
	}
	p := r.packages[e.Package]
	if p == nil {
		p = &pkg{output: map[string][]string{}}
		r.packages[e.Package] = p
	}
	switch e.Action {
	case "output":
		p.output[e.Test] = append(p.output[e.Test], e.Output)
	case "run":
		p.open = append(p.open, e.Test)
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.endPackage(e)
		} else {
			r.endTest(p, e)
		}
	}
}

func (r *reader) endTest(p *pkg, e event) {
	switch e.Action {
	case "pass":
		p.passed++
		r.count.passed++
	case "skip":
		p.skipped++
		r.count.skipped = append(r.count.skipped, skip{r.run, e.Package + " " + e.Test, reason(p.output[e.Test])})
	case "fail":
		p.failed++
		r.print(p.output[e.Test])
		r.fail(e.Package + " " + e.Test)
	}
	p.end(e.Test)
}

func (r *reader) endPackage(e event) {
	p := r.packages[e.Package]
	if p == nil {
		return
	}
	delete(r.packages, e.Package)

	// A crash and a timeout end no test; a package that passed cannot have left one.
	for _, test := range p.open {
		p.failed++
		r.print(p.output[test])
		fmt.Fprintf(r.out, "    %s did not end\n", test)
		r.fail(e.Package + " " + test)
	}
	if e.Action == "fail" {
		r.print(r.builds[e.FailedBuild])
		delete(r.builds, e.FailedBuild)
		r.print(p.output[""])
		if p.failed == 0 { // the build, TestMain, an exit, a race outside of the tests
			p.failed++
			r.fail(e.Package)
		}
	}

	word := "ok  "
	switch {
	case p.failed > 0:
		word = "FAIL"
	case e.Action == "skip":
		return // no test files
	}
	fmt.Fprintf(r.out, "%s  %-5s  %s  %.1fs  %d passed, %d failed, %d skipped\n",
		word, r.run, e.Package, e.Elapsed, p.passed, p.failed, p.skipped)
}

func (r *reader) fail(name string) {
	r.failed++
	r.count.fail(r.run, name)
}

// print prints what a test or a build said, without the lines that say nothing here.
func (r *reader) print(output []string) {
	for _, line := range lines(output) {
		if !isFrame(line) && line != "FAIL" && line != "PASS" && !strings.HasPrefix(line, "FAIL\t") {
			fmt.Fprintln(r.out, line)
		}
	}
}

// reason is what a skipped test said, in one line.
func reason(output []string) string {
	var said []string
	for _, line := range lines(output) {
		line = strings.TrimSpace(line)
		if line != "" && !isFrame(line) && !strings.HasPrefix(line, "--- SKIP") {
			said = append(said, line)
		}
	}
	if said == nil {
		return "no reason given"
	}
	return strings.Join(said, "; ")
}

// lines splits outputs, which may hold parts of a line, into lines.
func lines(output []string) []string {
	if len(output) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(strings.Join(output, ""), "\n"), "\n")
}

// isFrame says whether the line is the framework's "=== RUN" and the like.
func isFrame(line string) bool {
	for _, word := range []string{"RUN", "PAUSE", "CONT", "NAME"} {
		if strings.HasPrefix(line, "=== "+word+" ") {
			return true
		}
	}
	return false
}
