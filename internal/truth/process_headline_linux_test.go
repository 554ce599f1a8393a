package truth

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/rawping/rawping/internal/site"
	"github.com/rawping/rawping/internal/testbed"
	"github.com/rawping/rawping/internal/wire"
)

// TestHeadline2ExactLoss: loss is a share of what was sent, at full width.
func TestHeadline2ExactLoss(t *testing.T) {
	inField(t, anyGroup, nil, func(f *field) {
		f.everyWay(func(w *way) {
			var checks sync.WaitGroup
			for i, tt := range []struct {
				lose, of, code int
				state, lost    string
			}{
				{1, 5, 0, "OK", "20"},
				{2, 5, 1, "WARNING", "40"}, // at the threshold is over it
				{3, 5, 1, "WARNING", "60"},
				{4, 5, 2, "CRITICAL", "80"},
				{5, 5, 2, "CRITICAL", "100"},
				{1, 3, 0, "OK", "33.333"},
				{199, 200, 2, "CRITICAL", "99.5"}, // of which a byte would be 227
			} {
				host := w.rule(byte(1+i), testbed.Fault{Lose: tt.lose, Of: tt.of})
				checks.Go(func() {
					r := w.check("-n", fmt.Sprint(tt.of), "-i", "10", "-w", "3000,40%", "-c", "3000,80%", "-H", host.String())
					lost := regexp.QuoteMeta(tt.lost)
					r.says(w, tt.code, `^`+tt.state+` - \S+: rta \S+, lost `+lost+`%\|`, ` pl=`+lost+`%;40;80;;`)
					assert.Equal(w, tt.of, w.field.echoes(host), w.name)
				})
			}
			checks.Wait()
		})
	})
}

// figures are those that differ from run to run.
var figures = regexp.MustCompile(`\d+\.\d{3}ms`)

// TestHeadline3OutputOfTheOriginal: what parses the output of check_icmp 2.3
// parses ours; hosts may be named without -H, and several of them after one; -t
// is obeyed.
func TestHeadline3OutputOfTheOriginal(t *testing.T) {
	site.NeedsOriginals(t)
	inField(t, noGroup, []string{checkICMP}, func(f *field) {
		var runs sync.WaitGroup
		for _, family := range families {
			w := &world{TB: f, Bed: f.Bed, family: family}
			alive, other := w.host(1).String(), w.host(2).String()
			for n, tt := range []struct {
				args []string
				lose int
			}{
				{[]string{"-H", "HOST"}, 0},
				{[]string{"HOST"}, 0},
				{[]string{"-H", "HOST", "-H", f.ServerAddr.V4.String()}, 0},
				{[]string{"-H", "HOST"}, 1},
				{[]string{"-H", "HOST"}, 2},
			} {
				if len(tt.args) > 2 && family == wire.V6 {
					continue // check_icmp takes one family only
				}
				runs.Go(func() {
					said := [2]string{}
					for i, name := range []string{"check_rawping", checkICMP} {
						host := w.rule(byte(10+2*n+i), testbed.Fault{Lose: tt.lose, Of: 5}).String()
						args := strings.Fields("-w 3000,40% -c 3000,80% " + strings.ReplaceAll(strings.Join(tt.args, " "), "HOST", host))
						r := f.run(root, name, args...)
						said[i] = fmt.Sprintf("%d %s", r.code, figures.ReplaceAllString(strings.ReplaceAll(r.out, host, "HOST"), "X"))
					}
					assert.Equal(f, said[1], said[0], "%v", tt.args)
				})
			}
			runs.Go(func() {
				f.check(root, "-H", alive, other, "-w", "3000,40%", "-c", "3000,80%").
					says(f, 0, `^OK - `+alive+`: rta \S+, lost 0% :: `+other+`: rta \S+, lost 0%\|`)
			})
			runs.Go(func() {
				dead := w.rule(3, testbed.Fault{Lose: 1, Of: 1}).String()
				r := f.check(root, "-H", dead, "-w", "600000,100%", "-c", "600000,100%", "-t", "1") // those would allow more than processTime
				r.says(f, 2, `^CRITICAL - \S+: rta nan, lost 100%\|`)
			})
		}
		runs.Wait()
	})
}

// words6 are those for the errors of the router, by their names.
var words6 = map[string]string{
	"no-route":         "no route to destination",
	"admin-prohibited": "communication administratively prohibited",
	"addr-unreachable": "address unreachable",
	"port-unreachable": "port unreachable",
	"policy-fail":      "source address failed ingress/egress policy",
	"reject-route":     "reject route to destination",
}

// TestHeadline4ICMPv6Errors: they have their reason and their router, and end
// the wait, which would be longer than processTime.
func TestHeadline4ICMPv6Errors(t *testing.T) {
	inField(t, anyGroup, []string{checkICMP}, func(f *field) {
		var runs sync.WaitGroup
		for _, e := range f.RouterErrors6 {
			host, router, words := e.Addr.String(), f.RouterAddr.V6.String(), words6[e.Name]
			capital := strings.ToUpper(words[:1]) + words[1:]
			for _, as := range []user{root, nobody} {
				runs.Go(func() {
					r := f.check(as, "-n", "3", "-w", "600000,40%", "-c", "600000,80%", "-t", "900", "-H", host)
					r.says(f, 2, `^CRITICAL - `+host+`: `+capital+` @ `+router+`\. rta nan, lost 100%\|rta=U;.* pl=100%;`,
						`^`+host+`: 3 packets refused: `+words+` from `+router+`$`)
				})
				runs.Go(func() {
					r := f.run(as, "rawping", "-c", "2", "-i", "0.1", "-W", "600", host)
					r.says(f, 1, `^From `+router+` icmp_seq=2 `+capital+`$`, `^refused 2: `+words+` from `+router+`$`)
				})
			}
		}
		runs.Go(func() {
			theirs := f.run(root, checkICMP, "-n", "1", "-H", f.RouterErrors6[0].Addr.String())
			f.Logf("beside it, no reason, after waiting: %v", theirs)
		})
		runs.Wait()
	})
}

// TestHeadline5IntervalHonoured: fast replies do not make the check faster. How
// long it runs at least is exact; the times between the packets are the
// responder's, and some of them shorter if a packet was late on a busy machine.
func TestHeadline5IntervalHonoured(t *testing.T) {
	inField(t, anyGroup, []string{checkICMP}, func(f *field) {
		f.everyWay(func(w *way) {
			var checks sync.WaitGroup
			checks.Go(func() {
				host := w.rule(1, testbed.Fault{})
				r := w.check("-n", "4", "-i", "1s", "-w", "3000,40%", "-c", "3000,80%", "-H", host.String())
				r.says(w, 0, `lost 0%`)
				assert.Greater(w, r.took, 3000*ms, w.name)
				var gaps []time.Duration
				seen := w.Entries(hostPrefix(host))
				for i := range seen[1:] {
					gaps = append(gaps, seen[i+1].At-seen[i].At)
				}
				slices.Sort(gaps)
				assert.Len(w, gaps, 3, w.name)
				assert.GreaterOrEqual(w, gaps[1], 900*ms, "%s: %v", w.name, gaps)
			})
			checks.Go(func() { // 80 ms, if nothing is said
				r := w.check("-n", "26", "-w", "3000,40%", "-c", "3000,80%", "-H", w.rule(2, testbed.Fault{}).String())
				r.says(w, 0, `lost 0%`)
				assert.Greater(w, r.took, 25*80*ms, w.name)
			})
			checks.Wait()
		})
		f.Logf("beside it: %v", f.run(root, checkICMP, "-n", "5", "-i", "1s", "-H", f.ServerAddr.V4.String()))
	})
}

// TestHeadline6BadThresholdsRefused: a number that was mistyped is no threshold.
// The check names it, and sends nothing.
func TestHeadline6BadThresholdsRefused(t *testing.T) {
	inField(t, noGroup, []string{checkICMP}, func(f *field) {
		for _, family := range families {
			w := &world{TB: f, Bed: f.Bed, family: family}
			host := w.host(1)
			for _, tt := range []struct{ args, words string }{
				{"-w abc", `option -w: "abc"`},
				{"-w 100", `option -w: "100"`},
				{"-w 200,abc", `option -w: "200,abc"`},
				{"-w 200,300% -c 500,300%", `option -w: "200,300%"`},
				{"-c -5,80%", `option -c: "-5,80%"`},
				{"-c NaN,80%", `option -c: "NaN,80%"`},
				{"-c 1e999,80%", `option -c: "1e999,80%"`},
				{"-w 200,50% -c 100,10%", `option -w: 200ms,50% is above -c 100ms,10%`},
				{"-n abc", `option -n: "abc"`},
				{"-n 0", `option -n: "0"`},
				{"-n -1", `option -n: "-1"`},
				{"-i 1y", `option -i: "1y"`},
				{"-t 0", `option -t: "0"`},
				{"--frobnicate=5", `option "--frobnicate=5" is unknown`},
			} {
				r := f.check(root, append(strings.Fields(tt.args), "-H", host.String())...)
				r.says(f, 3, `^UNKNOWN - `+regexp.QuoteMeta(tt.words))
			}
			assert.Zero(f, f.echoes(host), "%v", family)
			// A fraction is not a power of ten more.
			r := f.check(root, "-n", "1", "-w", "0.05ms,40%", "-c", "0.25ms,80%", "-H", w.rule(2, testbed.Fault{Delay: 1 * ms}).String())
			r.says(f, 2, `^CRITICAL - \S+: rta [1-9]\S*, lost 0%\|rta=\S+ms;0\.050;0\.250;0; `)
		}
		f.Logf("beside it: %v", f.run(root, checkICMP, "-w", "abc", "-H", f.ServerAddr.V4.String()))
	})
}
