package site

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// builtDir is where the static check_rawping is, once a test needs it.
var builtDir = filepath.Join(os.TempDir(), fmt.Sprintf("rawping-site-%d", os.Getpid()))

func TestMain(m *testing.M) {
	// All at once, unless told otherwise: they spend nearly all of their time waiting.
	_ = flag.Set("test.parallel", "100")
	flag.Parse()
	syscall.Umask(0o022) // other users read what tests write
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

// install puts check_rawping into a directory as it is on users' machines below
// /usr/local/lib, where it may open raw sockets whoever runs it, and goes by these
// names too. It returns that directory, and the one in it that the program is in.
func install(t testing.TB, names ...string) (lib, plugins string) {
	t.Helper()
	needs(t, "setcap")
	require.NoError(t, build())
	lib = newDirectory(t, "lib", "root")
	plugins = filepath.Join(lib, "nagios", "plugins")
	require.NoError(t, os.MkdirAll(plugins, 0o755))
	path := filepath.Join(plugins, "check_rawping")
	// Not copied by this process: a program that it starts meanwhile could inherit
	// the open file, which cannot be executed then.
	out, err := exec.Command("install", "-m", "0755", filepath.Join(builtDir, "check_rawping"), path).CombinedOutput()
	require.NoError(t, err, "%s", out)
	if out, err := exec.Command("setcap", "cap_net_raw+p", path).CombinedOutput(); err != nil {
		unable(t, fmt.Sprintf("needs a file system with capabilities at %s: %v: %s", lib, err, out))
	}
	for _, name := range names {
		require.NoError(t, os.Symlink("check_rawping", filepath.Join(plugins, name)))
	}
	return lib, plugins
}

// seen lets a scheduler find check_rawping, by these names too, and no other
// plugin, where plugins are.
func seen(t testing.TB, names ...string) map[string]string {
	t.Helper()
	_, plugins := install(t, names...)
	return map[string]string{PluginDir: plugins}
}

// byWhom runs a test with Debian's plugins, and with ours in their place and under
// their names, each in a bed.
func byWhom(t *testing.T, test func(t *testing.T, b bed, seen map[string]string)) {
	t.Helper()
	t.Run("Debian's plugins", func(t *testing.T) {
		t.Parallel()
		NeedsOriginals(t)
		test(t, newBed(t), nil)
	})
	t.Run("our stand-ins", func(t *testing.T) {
		t.Parallel()
		test(t, newBed(t), seen(t, "check_icmp", "check_ping", "check_fping"))
	})
}
