package truth

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/rawping/rawping/internal/testbed"
	"github.com/rawping/rawping/internal/wire"
)

// pidOne runs a command with pid 1, in a pid namespace of its own, as every
// container does.
var pidOne = user{"unshare", "--pid", "--fork", "--kill-child", "sh", "-c", `test $$ = 1 && exec "$@"`, "sh"}

// pinger is a program that asks one host.
type pinger struct {
	name string
	args []string
}

func (p pinger) ask(f *field, host netip.Addr) *process {
	return f.start(pidOne, "", p.name, append(p.args, host.String())...)
}

// collide asks a dead host, and beside it one that lives, again and again until
// the answer on the dead one is there.
func (f *field) collide(p pinger, dead, alive netip.Addr) (ofDead result, ofAlive []result) {
	asking := p.ask(f, dead)
	done := make(chan struct{})
	go func() {
		ofDead = asking.end()
		close(done)
	}()
	for {
		ofAlive = append(ofAlive, p.ask(f, alive).end())
		select {
		case <-done:
			return ofDead, ofAlive
		default:
		}
	}
}

// TestHeadline1FalseUpByIDCollision: programs with pid 1 share a network, as in
// a pod. Where the identifier is the pid, the replies of the living host are
// taken for those of the dead one. All programs run at once: whoever takes
// another's replies has every opportunity.
func TestHeadline1FalseUpByIDCollision(t *testing.T) {
	inField(t, noGroup, []string{"unshare", checkICMP}, func(f *field) {
		var pairs sync.WaitGroup
		for _, family := range families {
			dead, alive := f.Silent.Of(family).Addr().Next(), f.ServerAddr.Of(family)
			pairs.Go(func() {
				ofDead, ofAlive := f.collide(pinger{"check_rawping", []string{"-w", "2000,40%", "-c", "2000,80%", "-H"}}, dead, alive)
				ofDead.says(f, 2, `^CRITICAL - \S+: rta nan, lost 100%\|rta=U;.* pl=100%;`)
				for _, r := range ofAlive {
					r.says(f, 0, `^OK - \S+: rta \d+\.\d{3}ms, lost 0%\|`)
				}
			})
			pairs.Go(func() {
				ofDead, ofAlive := f.collide(pinger{"rawping", []string{"-c", "5", "-i", "0.1", "-W", "2"}}, dead, alive)
				ofDead.says(f, 1, `^5 packets transmitted, 0 received, 100% packet loss`)
				for _, r := range ofAlive {
					r.says(f, 0, `^5 packets transmitted, 5 received, 0% packet loss`)
				}
			})
			pairs.Go(func() {
				ofDead, ofAlive := f.collide(pinger{checkICMP, []string{"-H"}}, dead, alive)
				f.Logf("beside it, %d checks of %v, and of a dead host %v", len(ofAlive), alive, ofDead)
				ofDead.says(f, 0, `^OK - \S+ rta \d+\.\d{3}ms,? lost 0%\|`) // the trap is real, in 2.3 and in 2.4
			})
		}
		pairs.Wait()
	})
}

// TestHeadline1TwoHundredChecksAtOnce: half of them of dead hosts, and each dead
// host is asked by several.
func TestHeadline1TwoHundredChecksAtOnce(t *testing.T) {
	inField(t, noGroup, nil, func(f *field) {
		dead := map[wire.Family]netip.Addr{}
		for _, family := range families {
			w := &world{TB: f, Bed: f.Bed, family: family}
			dead[family] = w.rule(1, testbed.Fault{Lose: 1, Of: 1})
		}
		var checks sync.WaitGroup
		for i := range 200 {
			family := families[i/2%2]
			w := &world{TB: f, Bed: f.Bed, family: family}
			host, code, lost := w.host(byte(2+i%50)), 0, "0%"
			if i%2 == 1 {
				host, code, lost = dead[family], 2, "100%"
				if i%8 < 4 {
					host = f.Silent.Of(family).Addr().Next()
				}
			}
			// Two hundred programs that start on a few processors answer in their
			// own time: the thresholds are about loss.
			checks.Go(func() {
				r := f.check(root, "-w", "15000,40%", "-c", "15000,80%", "-t", "30", "-H", host.String())
				r.says(f, code, fmt.Sprintf(`^\w+ - \S+: rta \S+, lost %s\|`, lost))
			})
		}
		checks.Wait()
		for family, host := range dead {
			assert.Positive(f, f.echoes(host), "%v", family)
		}
	})
}
