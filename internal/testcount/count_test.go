package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// events writes lines of "go test -json" from a short form: "action package test output".
func events(short ...string) string {
	var b strings.Builder
	for _, line := range short {
		f := strings.SplitN(line, " ", 4)
		b.WriteString(`{"Action":"` + f[0] + `"`)
		for i, key := range []string{"", "Package", "Test", "Output"} {
			if i > 0 && i < len(f) && f[i] != "" && f[i] != "-" {
				b.WriteString(`,"` + key + `":"` + f[i])
				if key == "Output" {
					b.WriteString(`\n`)
				}
				b.WriteString(`"`)
			}
		}
		b.WriteString("}\n")
	}
	return b.String()
}

func TestCount(t *testing.T) {
	exit := errors.New("exit status 1")
	tests := []struct {
		name   string
		events string
		exit   error
		want   string
		says   []string // in the output
		not    []string
	}{
		{
			name:   "pass",
			events: events("start p", "run p A", "output p A hidden", "run p A/x", "pass p A/x", "pass p A", "pass p"),
			want:   "2 passed, 0 failed, 0 skipped",
			says:   []string{"ok    plain  p  0.0s  2 passed, 0 failed, 0 skipped"},
			not:    []string{"hidden"},
		},
		{
			name:   "a subtest fails",
			events: events("run p A", "run p A/x", "output p A/x why", "fail p A/x", "fail p A", "output p - FAIL", "fail p"),
			exit:   exit,
			want:   "0 passed, 2 failed, 0 skipped",
			says:   []string{"why\n", "FAIL  plain  p"},
			not:    []string{"\nFAIL\n", "go test:"},
		},
		{
			name:   "skip",
			events: events("run p A", "output p A === RUN A", "output p A     a_test.go:3: no root", "output p A --- SKIP: A (0.00s)", "skip p A", "pass p"),
			want:   "0 passed, 0 failed, 1 skipped",
		},
		{
			name:   "a package without tests is no skip",
			events: events("start p", "output p - no test files", "skip p"),
			want:   "0 passed, 0 failed, 0 skipped",
		},
		{
			name: "build failure",
			events: `{"ImportPath":"p [p.test]","Action":"build-output","Output":"p.go:1:1: undefined: x\n"}` + "\n" +
				`{"ImportPath":"p [p.test]","Action":"build-fail"}` + "\n" +
				`{"Action":"fail","Package":"p","FailedBuild":"p [p.test]"}` + "\n" + events("run q A", "pass q A", "pass q"),
			exit: exit,
			// The event "start" may be missing: p still fails.
			want: "1 passed, 1 failed, 0 skipped",
			says: []string{"p.go:1:1: undefined: x\n", "FAIL  plain  p"},
		},
		{
			name:   "a timeout leaves tests open",
			events: events("run p A", "run p A/x", "run p B", "pass p B", "output p A/x panic: test timed out", "fail p"),
			exit:   exit,
			want:   "1 passed, 2 failed, 0 skipped",
			says:   []string{"panic: test timed out", "A did not end", "A/x did not end"},
		},
		{
			name:   "TestMain exits",
			events: events("start p", "output p - exit status 3", "fail p"),
			exit:   exit,
			want:   "0 passed, 1 failed, 0 skipped",
			says:   []string{"exit status 3"},
		},
		{
			name:   "all pass and the package fails",
			events: events("run p A", "pass p A", "output p - race detected", "fail p"),
			exit:   exit,
			want:   "1 passed, 1 failed, 0 skipped",
			says:   []string{"race detected"},
		},
		{
			name:   "the stream is cut off",
			events: events("run p A", "pass p A", "run p B", "start q") + `{"Action":"ou`,
			exit:   exit,
			want:   "1 passed, 2 failed, 0 skipped",
			says:   []string{"p did not end", "q did not end"},
		},
		{
			name:   "go test fails and says nothing",
			events: "go: no such flag\n",
			exit:   exit,
			want:   "0 passed, 1 failed, 0 skipped",
			says:   []string{"go: no such flag", "go test: exit status 1"},
		},
		{
			name:   "a package passes with a test open",
			events: events("run p A", "pass p"),
			want:   "0 passed, 1 failed, 0 skipped",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var c count
			var out strings.Builder
			r := newReader("plain", &c, &out)
			if err := r.read(strings.NewReader(test.events)); err != nil {
				t.Fatal(err)
			}
			r.close(test.exit)
			if c.String() != test.want {
				t.Errorf("got %q, want %q", c.String(), test.want)
			}
			if len(c.broken) != c.failed {
				t.Errorf("got %d names of failures, want %d", len(c.broken), c.failed)
			}
			for _, s := range test.says {
				if !strings.Contains(out.String(), s) {
					t.Errorf("the output misses %q:\n%s", s, out.String())
				}
			}
			for _, s := range test.not {
				if strings.Contains(out.String(), s) {
					t.Errorf("the output has %q:\n%s", s, out.String())
				}
			}
		})
	}
}

func TestReason(t *testing.T) {
	for _, test := range []struct {
		output []string
		want   string
	}{
		{[]string{"=== RUN   A\n", "    a_test.go:3: no ", "root\n", "        really\n", "--- SKIP: A (0.00s)\n"}, "a_test.go:3: no root; really"},
		{[]string{"=== RUN   A\n", "--- SKIP: A (0.00s)\n"}, "no reason given"},
		{nil, "no reason given"},
	} {
		if got := reason(test.output); got != test.want {
			t.Errorf("reason(%q) = %q, want %q", test.output, got, test.want)
		}
	}
}

func TestSummary(t *testing.T) {
	skipped := []skip{{"race", "p A", "no root"}}
	for _, test := range []struct {
		name       string
		count      count
		requireAll bool
		code       int
		says       string
	}{
		{"pass", count{passed: 2}, true, 0, "\n2 passed, 0 failed, 0 skipped\n"},
		{"fail", count{passed: 2, failed: 1, broken: []string{"plain p A"}}, false, 1, "Failed:\n  plain p A\n"},
		{"skip", count{passed: 2, skipped: skipped}, false, 0, "Skipped:\n  race p A: no root\n\n2 passed, 0 failed, 1 skipped\n"},
		{"skip, all required", count{passed: 2, skipped: skipped}, true, 1, "a skip is a failure"},
		{"nothing", count{}, false, 1, "No test passed."},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			if code := summary(&test.count, test.requireAll, &out); code != test.code {
				t.Errorf("got exit code %d, want %d", code, test.code)
			}
			if !strings.Contains(out.String(), test.says) {
				t.Errorf("the output misses %q:\n%s", test.says, out.String())
			}
			if !strings.HasSuffix(out.String(), "\n"+test.count.String()+"\n") {
				t.Errorf("the count is not the last line:\n%s", out.String())
			}
		})
	}
}

// A real "go test" over a module in which everything goes wrong.
func TestGoTest(t *testing.T) {
	const head = "package x\n\nimport (\"os\"; \"testing\"; \"time\")\n\nvar _, _ = os.Exit, time.Now\n\n"
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":          "module example.org/x\n\ngo 1.26\n",
		"good/x_test.go":  head + "func TestA(t *testing.T) { t.Run(\"x\", func(t *testing.T) {}) }\n",
		"skips/x_test.go": head + "func TestA(t *testing.T) { t.Skip(\"no moon\") }\n",
		"fails/x_test.go": head + "func TestA(t *testing.T) { t.Error(\"wrong\") }\n",
		"build/x_test.go": head + "func TestA(t *testing.T) { undefined() }\n",
		"panic/x_test.go": head + "func TestA(t *testing.T) { panic(\"boom\") }\n",
		"slow/x_test.go":  head + "func TestA(t *testing.T) { time.Sleep(time.Hour) }\n",
		"main/x_test.go":  head + "func TestMain(m *testing.M) { os.Exit(3) }\n",
		"none/x.go":       "package x\n",
	} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// Nothing of the outer run's flags may reach the inner one.
	t.Setenv("GOFLAGS", "")

	var c count
	var out strings.Builder
	jsonDir := filepath.Join(dir, "json")
	plain.tests(dir, []string{"-timeout=10s", "./..."}, jsonDir, &c, &out)

	const want = "2 passed, 5 failed, 1 skipped"
	if c.String() != want {
		t.Errorf("got %q, want %q", c.String(), want)
	}
	slices.Sort(c.broken)
	broken := []string{
		"plain example.org/x/build", "plain example.org/x/fails TestA", "plain example.org/x/main",
		"plain example.org/x/panic TestA", "plain example.org/x/slow TestA",
	}
	if !slices.Equal(c.broken, broken) {
		t.Errorf("got %q failed, want %q", c.broken, broken)
	}
	if len(c.skipped) == 1 && !strings.Contains(c.skipped[0].reason, "no moon") {
		t.Errorf("got the reason %q, want it to say \"no moon\"", c.skipped[0].reason)
	}
	for _, s := range []string{"undefined: undefined", "wrong", "panic: boom", "test timed out after 10s", "exit status 3"} {
		if !strings.Contains(out.String(), s) {
			t.Errorf("the output misses %q", s)
		}
	}
	if _, err := os.Stat(filepath.Join(jsonDir, "plain.json")); err != nil {
		t.Error(err)
	}
	if t.Failed() {
		t.Log(out.String())
	}

	c, out = count{}, strings.Builder{}
	plain.tests(dir, []string{"./nowhere"}, "", &c, &out)
	if c.passed != 0 || c.failed == 0 {
		t.Errorf("a package that is not there: got %q, want a failure:\n%s", c.String(), out.String())
	}
}
