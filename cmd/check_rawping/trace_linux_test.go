package main

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/testbed"
	"github.com/rawping/rawping/internal/wire"
)

// TestTraceOnFailure looks along the path to hosts that do not answer: past the
// router and the server to one that is dead, and to what the router drops and
// refuses.
func TestTraceOnFailure(t *testing.T) {
	bed := testbed.New(t)
	program := filepath.Join(t.TempDir(), "check_rawping")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
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
