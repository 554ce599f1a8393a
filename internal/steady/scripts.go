package steady

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// Scripts runs testscripts, each as a parallel subtest and as Run runs a test. They have
// no deadline: testscript would end them all when it has counted as many attempts as
// there are scripts.
func Scripts(t *testing.T, p testscript.Params) {
	t.Helper()
	testscript.RunT(scripts{t}, p)
}

// scripts is the test whose subtests are the scripts.
type scripts struct{ *testing.T }

func (s scripts) Verbose() bool { return testing.Verbose() }

func (s scripts) Run(name string, f func(testscript.T)) {
	s.T.Run(name, func(t *testing.T) {
		t.Parallel()
		t.Helper()
		Run(t, func(t testing.TB) { f(script{t}) })
	})
}

// script is one attempt at a script.
type script struct{ testing.TB }

func (s script) Verbose() bool { return testing.Verbose() }

// Parallel does nothing: its test is already.
func (s script) Parallel() {}

// Run is for scripts that have scripts of their own, which none has.
func (s script) Run(name string, _ func(testscript.T)) {
	s.Fatalf("no test can run within a script: %s", name)
}
