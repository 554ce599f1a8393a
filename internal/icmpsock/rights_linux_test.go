package icmpsock

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const nobody = 65534

// TestDropRights runs a static program: in this one, which may be linked with
// cgo, Go cannot change all threads, and must not lose its rights.
func TestDropRights(t *testing.T) {
	needRoot(t)
	needTool(t, "setcap")
	needTool(t, "go")
	program := buildRights(t)
	const none = "CapInh=0000000000000000 CapPrm=0000000000000000 CapEff=0000000000000000 CapAmb=0000000000000000"
	for _, tt := range []struct {
		name, file  string // capabilities of the file
		user        int
		groups      string // ping_group_range
		before, now string
	}{
		{"root", "", 0, "1 0", "raw", "no right to open an ICMP socket"},
		{"root, groups allowed", "", 0, "0 2147483647", "raw", "datagram"},
		{"permitted", "cap_net_raw+p", nobody, "1 0", "raw", "no right to open an ICMP socket"},
		{"permitted, groups allowed", "cap_net_raw+p", nobody, "0 2147483647", "raw", "datagram"},
		{"effective", "cap_net_raw+ep", nobody, "1 0", "raw", "no right to open an ICMP socket"},
		{"all of them", "cap_net_raw,cap_net_admin,cap_sys_nice+eip", nobody, "1 0", "raw", "no right to open an ICMP socket"},
		{"nothing", "", nobody, "1 0", "no right to open an ICMP socket", "no right to open an ICMP socket"},
		{"only the group", "", nobody, "65534 65534", "datagram", "datagram"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := runRights(t, program, tt.file, tt.user, tt.groups)
			assert.Contains(t, out, "\nbefore: "+tt.before)
			assert.Contains(t, out, "\nafter: "+tt.now)
			assert.Contains(t, out, "\ndrop: <nil>\n")
			assert.Contains(t, out, "\nordinary: "+strconv.FormatBool(tt.user != 0)+"\n")
			assert.Contains(t, out, "\ndropped threads: true\n")
			if tt.before == "raw" || tt.before == "datagram" {
				assert.Contains(t, out, "\nfirst: works\n")
			}
			if tt.name == "permitted" { // raised for opening only, and put back
				assert.Equal(t, 1, strings.Count(out, "\nopened: "))
				assert.Contains(t, out, "CapPrm=0000000000002000 CapEff=0000000000000000")
			}
			require.Equal(t, 1, strings.Count(out, "\ndropped: "), "the threads differ")
			if tt.user != 0 {
				assert.Contains(t, out, "\ndropped: "+none)
				return
			}
			checkRootDropped(t, out)
		})
	}
}

// checkRootDropped checks that root has lost the opening rights and no others.
func checkRootDropped(t *testing.T, out string) {
	t.Helper()
	for _, set := range []string{"CapPrm=", "CapEff="} {
		var before, after uint64
		for prefix, to := range map[string]*uint64{"\nopened: ": &before, "\ndropped: ": &after} {
			_, rest, _ := strings.Cut(out, prefix)
			_, rest, _ = strings.Cut(rest, set)
			value, err := strconv.ParseUint(rest[:16], 16, 64)
			require.NoError(t, err)
			*to = value
		}
		assert.Equal(t, before&^openingRights, after, set)
	}
}

func buildRights(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o755))
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755)) // for nobody
	program := filepath.Join(dir, "rights")
	build := exec.Command("go", "build", "-o", program, "./testdata/rights")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return program
}

func runRights(t *testing.T, program, file string, user int, groups string) string {
	t.Helper()
	var out []byte
	inNamespace(t, func() {
		writeSetting(t, "net/ipv4/ping_group_range", groups)
		args := []string{file, program}
		if file == "" {
			args = []string{"-r", program}
			_ = exec.Command("setcap", args...).Run() // fails if there is nothing to remove
		} else {
			out, err := exec.Command("setcap", args...).CombinedOutput()
			require.NoError(t, err, "%s", out)
		}
		cmd := exec.Command(program)
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(user), Gid: uint32(user)}}
		var err error
		out, err = cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
	})
	return "\n" + string(out)
}

func TestOrdinaryUser(t *testing.T) {
	assert.Equal(t, os.Getuid() != 0, OrdinaryUser())
}
