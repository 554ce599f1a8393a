package truth

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// capable copies our programs and gives the copies capabilities, such as
// "cap_net_raw+p". It returns their directory.
func (f *field) capable(caps string) string {
	f.Helper()
	dir, err := os.MkdirTemp(f.dir, "capable")
	require.NoError(f, err)
	require.NoError(f, os.Chmod(dir, 0o755))
	for _, name := range []string{"check_rawping", "rawping"} {
		path := filepath.Join(dir, name)
		// Not by this process: a program that it starts meanwhile could inherit
		// the open file, which cannot be executed then.
		out, err := exec.Command("cp", filepath.Join(f.dir, name), path).CombinedOutput()
		require.NoError(f, err, "%s", out)
		if out, err := exec.Command("setcap", caps, path).CombinedOutput(); err != nil {
			unable(f, fmt.Sprintf("needs a file system with capabilities at %s: %v: %s", dir, err, out))
		}
	}
	return dir
}

// noRight matches the error that names both remedies for a program.
func noRight(path string) string {
	return `no right to open an ICMP socket: run: setcap cap_net_raw\+p ` + regexp.QuoteMeta(path) +
		`, or: sysctl net\.ipv4\.ping_group_range="0 2147483647"`
}

// refused asserts that both programs in a directory say that they have no right,
// over both families, and send nothing.
func (f *field) refused(as user, dir string) {
	f.Helper()
	f.Forget()
	for _, family := range families {
		host := f.Responder.Of(family).Addr().Next()
		path := filepath.Join(dir, "check_rawping")
		r := f.run(as, path, "-H", host.String())
		r.says(f, 3, `^UNKNOWN - `+noRight(path))
		assert.Empty(f, r.errs)
		path = filepath.Join(dir, "rawping")
		r = f.run(as, path, "-c", "1", host.String())
		r.says(f, 2, `^rawping: `+noRight(path))
		assert.Empty(f, r.out)
		assert.Zero(f, f.echoes(host))
	}
}

// works asserts that both programs in a directory get replies over both families.
func (f *field) works(as user, dir string) {
	f.Helper()
	for _, family := range families {
		host := f.Responder.Of(family).Addr().Next().String()
		r := f.run(as, filepath.Join(dir, "check_rawping"), "-n", "2", "-i", "10", "-w", "3000,40%", "-c", "3000,80%", "-H", host)
		r.says(f, 0, `^OK - \S+: rta \d+\.\d{3}ms, lost 0%\|`)
		r = f.run(as, filepath.Join(dir, "rawping"), "-c", "2", "-i", "0.01", "-W", "3", host)
		r.says(f, 0, `^2 packets transmitted, 2 received, 0% packet loss`)
		assert.Empty(f, r.errs)
	}
}

// TestRightsOfNobody: an ordinary user needs one of two remedies, and is told so.
func TestRightsOfNobody(t *testing.T) {
	inField(t, noGroup, nil, func(f *field) {
		f.refused(nobody, f.dir)
		f.allow("0 65533") // not nobody's
		f.refused(nobody, f.dir)
		f.allow("65534 65534")
		f.works(nobody, f.dir)
	})
}

// TestRightsOfTheFile: a capability of the file is enough, effective or not.
func TestRightsOfTheFile(t *testing.T) {
	inField(t, noGroup, []string{"setcap"}, func(f *field) {
		for _, caps := range []string{"cap_net_raw+p", "cap_net_raw+ep"} {
			f.works(nobody, f.capable(caps))
		}
	})
}

// TestRightsNoNewPrivs: systemd's NoNewPrivileges and containers take the file's
// capability away; what is left is the datagram kind, or our message.
func TestRightsNoNewPrivs(t *testing.T) {
	inField(t, noGroup, []string{"setcap"}, func(f *field) {
		// By a second setpriv: the first has root's capabilities still, and what a
		// program has already is nothing new.
		as := nobody.but("setpriv", "--no-new-privs")
		for _, caps := range []string{"cap_net_raw+p", "cap_net_raw+ep"} {
			dir := f.capable(caps)
			f.allow(noGroup)
			f.refused(as, dir)
			f.allow(anyGroup)
			f.works(as, dir)
		}
	})
}

// TestRightsBoundingSet: where a container's bounding set is without
// CAP_NET_RAW, the kernel refuses to start a program with +ep. One with +p
// starts, and can say what is wrong, or do without.
func TestRightsBoundingSet(t *testing.T) {
	inField(t, noGroup, []string{"setcap"}, func(f *field) {
		as := nobody.but("--bounding-set=-net_raw")
		permitted, effective := f.capable("cap_net_raw+p"), f.capable("cap_net_raw+ep")
		f.refused(as, permitted)
		f.allow(anyGroup)
		f.works(as, permitted)
		for _, name := range []string{"check_rawping", "rawping"} {
			r := f.run(as, filepath.Join(effective, name), f.ServerAddr.V4.String())
			r.says(f, 126, `failed to execute .*/`+name+`: Operation not permitted`)
		}
		// Root without it is no better off.
		f.works(user{"setpriv", "--bounding-set=-net_raw"}, f.dir)
		f.allow(noGroup)
		f.refused(user{"setpriv", "--bounding-set=-net_raw"}, f.dir)
	})
}

// TestRightsDropped: once the sockets are open, no thread of a program at work
// could open another, whoever started it.
func TestRightsDropped(t *testing.T) {
	inField(t, noGroup, []string{"setcap"}, func(f *field) { // so that its sockets are raw
		var runs sync.WaitGroup
		for i, tt := range []struct {
			as   user
			dir  string
			kept bool // root's other capabilities
		}{
			{root, f.dir, true},
			{nobody, f.capable("cap_net_raw+p"), false},
			{nobody, f.capable("cap_net_raw,cap_net_admin,cap_sys_nice+ep"), false},
		} {
			for j, family := range families {
				for k, command := range [][]string{{"rawping", "-i", "0.01"}, {"check_rawping", "-n", "1000", "-i", "10"}} {
					w := &world{TB: f, Bed: f.Bed, family: family}
					host := w.host(byte(1 + 4*i + 2*j + k))
					runs.Go(func() {
						p := f.start(tt.as, "", filepath.Join(tt.dir, command[0]), append(command[1:], host.String())...)
						if f.wait(p.line, func() bool { return f.echoes(host) >= 20 }) {
							sets := f.capabilities(p.Process.Pid)
							assert.Zero(f, sets&(1<<unix.CAP_NET_RAW|1<<unix.CAP_NET_ADMIN), "%s: %x", p.line, sets)
							assert.Equal(f, tt.kept, sets != 0, "%s: %x", p.line, sets)
						}
						assert.NoError(f, p.Process.Signal(unix.SIGINT))
						r := p.end()
						r.says(f, map[string]int{"rawping": 0, "check_rawping": 3}[command[0]])
					})
				}
			}
		}
		runs.Wait()
	})
}

// capabilities returns those that any thread of a process has or could raise.
func (f *field) capabilities(pid int) (all uint64) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	assert.NoError(f, err)
	read := 0
	for _, thread := range threads {
		status, err := os.ReadFile(thread)
		if err != nil {
			continue // it has ended
		}
		sets := regexp.MustCompile(`(?m)^Cap(Inh|Prm|Eff|Amb):\s*([0-9a-f]+)$`).FindAllSubmatch(status, -1)
		assert.Len(f, sets, 4, "%s", status)
		for _, set := range sets {
			bits, err := strconv.ParseUint(string(set[2]), 16, 64)
			assert.NoError(f, err)
			all |= bits
		}
		read++
	}
	assert.Greater(f, read, 1, "threads")
	return all
}
