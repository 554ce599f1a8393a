package main

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/steady"
	"github.com/rawping/rawping/internal/testbed"
	"github.com/rawping/rawping/internal/wire"
)

// built returns the path of the program.
func built(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "check_rawping")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return program
}

// TestSlowHost: a host that answers after 3 s is found alive by the thresholds of
// Icinga's host checks, and not if a packet may take a second only.
func TestSlowHost(t *testing.T) {
	t.Parallel()
	bed, program := testbed.New(t), built(t)
	for _, family := range []wire.Family{wire.V4, wire.V6} {
		slow := bed.Responder.Of(family).Addr().Next().String()
		bed.Rule(bed.Responder.Of(family), testbed.Fault{Delay: 3 * time.Second})
		t.Run(family.String(), func(t *testing.T) {
			t.Parallel()
			steady.Run(t, func(t testing.TB) {
				alive := bed.Client.Command(program, "-H", slow, "-n", "2", "-w", "2000.0,80%", "-c", "5000.000000,100%")
				text, err := alive.CombinedOutput()
				assert.Equal(t, 1, alive.ProcessState.ExitCode(), "%v", err)
				assert.Regexp(t, `^WARNING - `+slow+`: rta [34]\d{3}\.\d{3}ms, lost 0%\|`, string(text))

				late := bed.Client.Command(program, "-H", slow, "-n", "6", "-i", "800ms")
				text, err = late.CombinedOutput()
				assert.Equal(t, 2, late.ProcessState.ExitCode(), "%v", err)
				assert.Regexp(t, `^CRITICAL - `+slow+`: rta nan, lost 100%\|`, string(text))
				assert.Regexp(t, `(?m)^`+slow+`: \d late repl(y|ies), up to [34]\d{3}\.\d{3}ms$`, string(text))
			})
		})
	}
}

// TestTraceOnFailure looks along the path to hosts that do not answer: past the
// router and the server to one that is dead, and to what the router drops and
// refuses.
func TestTraceOnFailure(t *testing.T) {
	t.Parallel()
	program := built(t)
	steady.Run(t, func(t testing.TB) { testTraceOnFailure(t, testbed.New(t), program) })
}

func testTraceOnFailure(t testing.TB, bed *testbed.Bed, program string) {
	for _, family := range []wire.Family{wire.V4, wire.V6} {
		dead := bed.Responder.Of(family).Addr().Next()
		bed.Rule(bed.Responder.Of(family), testbed.Fault{Lose: 1, Of: 1})
		silent := bed.Silent.Of(family).Addr().Next()
		refused := bed.RouterErrors(family)[0].Addr

		const ms = ` \d+\.\d{3}ms`
		router, server := bed.RouterAddr.Of(family).String(), bed.ServerAddr.Of(family).String()
		check := bed.Client.Command(program, "--trace-on-failure", "-n", "1", "--packet-timeout", "2s", "-v",
			dead.String(), silent.String(), refused.String(), server)
		text, err := check.CombinedOutput()
		assert.Equal(t, 2, check.ProcessState.ExitCode(), "%v", err)
		assert.Regexp(t, `(?m)^`+dead.String()+`: path: 1 `+router+ms+`, 2 `+server+ms+`; nothing answers from hop 3 on$`, string(text))
		assert.Regexp(t, `(?m)^`+silent.String()+`: path: 1 `+router+ms+`; nothing answers from hop 2 on$`, string(text))
		assert.Regexp(t, `(?m)^`+refused.String()+`: path: 1 `+router+ms+`, 2 `+router+ms+` \(.*\)$`, string(text))
		assert.NotRegexp(t, `(?m)^`+server+`: path`, string(text))
	}
}

// TestNarrowPath: a path that is too narrow is CRITICAL when a router says so, and
// remains it when the kernel has learned it and sends nothing more.
func TestNarrowPath(t *testing.T) {
	t.Parallel()
	program := built(t)
	steady.Run(t, func(t testing.TB) { testNarrowPath(t, testbed.New(t), program) })
}

// testNarrowPath needs a bed of its own: the kernel has learned nothing there yet.
func testNarrowPath(t testing.TB, bed *testbed.Bed, program string) {
	for _, family := range []wire.Family{wire.V4, wire.V6} {
		host := bed.Narrow.Of(family).Addr().Next().String()
		for _, want := range []string{`(Fragmentation needed|Packet too big) @ `, `packet too big for the path MTU of 1280 bytes`} {
			check := bed.Client.Command(program, "--dont-fragment", "-b", "1400", "-n", "2", host)
			text, err := check.CombinedOutput()
			assert.Equal(t, 2, check.ProcessState.ExitCode(), "%v", err)
			assert.Regexp(t, `^CRITICAL - `+host+`: `+want, string(text))
		}
	}
}
