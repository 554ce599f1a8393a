//go:build unix

package steady

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// standStill stops this process for a while.
func standStill() ([]byte, error) {
	return exec.Command("sh", "-c", "kill -STOP $PPID && sleep 0.3 && kill -CONT $PPID").CombinedOutput()
}

func TestWatch(t *testing.T) {
	stop := watch()
	out, err := standStill()
	require.NoError(t, err, "%s", out)
	assert.GreaterOrEqual(t, stop(), standstill)
	time.Sleep(time.Millisecond)
	assert.GreaterOrEqual(t, watch()(), time.Duration(0))
}

// TestScripts: a script that fails where the machine stood still has a new directory,
// and passes if it passes then.
func TestScripts(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "once.txtar"), []byte("! exists made\nmake made\nexists made\n"), 0o600))
	tries := 0
	t.Run("group", func(t *testing.T) {
		Scripts(t, testscript.Params{Dir: dir, Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"make": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), nil, 0o600))
				if tries++; tries == 1 {
					_, err := standStill()
					ts.Check(err)
					ts.Fatalf("too late")
				}
			},
		}})
	})
	assert.Equal(t, 2, tries)
}
