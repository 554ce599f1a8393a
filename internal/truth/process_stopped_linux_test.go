package truth

import (
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/testbed"
)

// held is what became of a process that was stopped.
type held struct {
	result
	host     netip.Addr
	rta      *regexp.Regexp // finds it in the output
	patience time.Duration
}

// TestTrap01ProcessStopped: a reply that the kernel received while the process
// was stopped was in time if it came in time, and took as long as it took. In
// half of the cases its time is over before the process goes on.
func TestTrap01ProcessStopped(t *testing.T) {
	inField(t, anyGroup, nil, func(f *field) {
		recorded := f.witness()
		ended := make(chan held, 100)
		f.everyWay(func(w *way) {
			var runs sync.WaitGroup
			for n, patience := range []string{"5s", "2s"} {
				for i, tt := range []struct {
					name, args, rta string
				}{
					{"check_rawping", "-n 1 -t 20 -w PATIENCE,40% -c PATIENCE,80% -H", `\|rta=(\d+\.\d{3})ms;`},
					{"rawping", "-c 1 -W PATIENCE", `(?m)^rtt min/avg/max/mdev = (\d+\.\d{3})/`},
				} {
					h := held{host: w.rule(byte(1+2*n+i), testbed.Fault{Delay: 1000 * ms}), rta: regexp.MustCompile(tt.rta)}
					h.patience, _ = time.ParseDuration(patience)
					args := append(strings.Fields(strings.ReplaceAll(tt.args, "PATIENCE", patience)), h.host.String())
					runs.Go(func() {
						h.result = f.start(w.as, "", tt.name, args...).
							stopped(2500*ms, func() bool { return f.echoes(h.host) == 1 })
						ended <- h
					})
				}
			}
			runs.Wait()
		})
		close(ended)
		passed := recorded.echoes()
		inTime := 0
		for h := range ended {
			rtt, ok := trip(passed, h.host)
			assert.True(f, ok, "%v", h)
			if rtt >= h.patience {
				f.Logf("the responder was too late, after %v: %v", rtt, h)
				continue
			}
			inTime++
			h.says(f, 0)
			assert.Greater(f, h.took, 2500*ms, "it was not stopped: %v", h)
			if m := h.rta.FindStringSubmatch(h.out); assert.NotNil(f, m, "%v", h) {
				rta, err := time.ParseDuration(m[1] + "ms")
				assert.NoError(f, err)
				assert.GreaterOrEqual(f, rta, 1000*ms, "%v", h)
				assert.InDelta(f, rtt, rta, float64(5*ms), "%v on the wire: %v", rtt, h)
			}
		}
		assert.Greater(f, inTime, 8, "of 16")
	})
}

// stopped stops the process as soon as something is so, lets it go on after a
// while, and waits for its end.
func (p *process) stopped(d time.Duration, so func() bool) result {
	if p.field.wait(p.line, so) {
		assert.NoError(p.field, p.Process.Signal(unix.SIGSTOP))
		time.Sleep(d)
		assert.NoError(p.field, p.Process.Signal(unix.SIGCONT))
	}
	return p.end()
}
