//go:build linux && !race

package realtest

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// Telegraf's own linter, which goes by the path that it has from the root.
func TestReadmeLinter(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(built(t, buildLinter), "plugins/inputs/rawping/README.md")
	cmd.Dir = root
	out, errs, code := output(t, cmd)
	require.Zero(t, code, out+errs)
	require.Equal(t, "Pass plugins/inputs/rawping/README.md\n", out)
}
