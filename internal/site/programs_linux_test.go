package site

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// builtDir is where the static check_rawping is, once a test needs it.
var builtDir = filepath.Join(os.TempDir(), fmt.Sprintf("rawping-site-%d", os.Getpid()))

func TestMain(m *testing.M) {
	// All at once, unless told otherwise: they spend nearly all of their time waiting.
	_ = flag.Set("test.parallel", "100")
	flag.Parse()
	code := m.Run()
	_ = os.RemoveAll(builtDir)
	os.Exit(code)
}

// build builds check_rawping once for all tests: whatever they are built with,
// only a program without cgo gives up its capabilities.
var build = sync.OnceValue(func() error {
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", builtDir+"/", "./cmd/check_rawping")
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w: %s", err, out)
	}
	return nil
})

// plugins returns a directory with check_rawping in it, which may open raw
// sockets whoever runs it, and goes by other names there too.
func plugins(t *testing.T, names ...string) string {
	t.Helper()
	needs(t, "setcap")
	require.NoError(t, build())
	dir := newDirectory(t, "plugins", "root")
	path := filepath.Join(dir, "check_rawping")
	for _, command := range [][]string{
		// Not copied by this process: a program that it starts meanwhile could
		// inherit the open file, which cannot be executed then.
		{"cp", filepath.Join(builtDir, "check_rawping"), path},
		{"setcap", "cap_net_raw+p", path},
	} {
		out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
		require.NoError(t, err, "%v: %s", command, out)
	}
	for _, name := range names {
		require.NoError(t, os.Symlink("check_rawping", filepath.Join(dir, name)))
	}
	return dir
}

// seen lets a scheduler find check_rawping, and no other plugin, where plugins are.
func seen(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{PluginDir: plugins(t)}
}
