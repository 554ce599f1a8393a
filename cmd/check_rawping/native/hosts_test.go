package native

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/check/checktest"
	"github.com/rawping/rawping/internal/nagios"
)

func writeHosts(t testing.TB, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "hosts")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestHostsFile(t *testing.T) {
	file := writeHosts(t, `# all of them
192.0.2.1
192.0.2.2 warning=10,5%           # near
192.0.2.3	critical=2s,90% p95=30,60
192.0.2.4 warning=1,1% critical=2,2% max=~:1,

`)
	s := parsed(t, "--hosts-file "+file+" -H 192.0.2.9 -c 1000,80%")
	var names []string
	for _, target := range s.plan.Targets {
		names = append(names, target.Name)
	}
	assert.Equal(t, []string{"192.0.2.9", "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"}, names)
	assert.Equal(t, "200ms,40% 1000ms,80%", pingOf(t, s.limitsOf(0)))
	assert.Equal(t, "200ms,40% 1000ms,80%", pingOf(t, s.limitsOf(1)))
	assert.Equal(t, "10ms,5% 1000ms,80%", pingOf(t, s.limitsOf(2)))
	assert.Equal(t, "200ms,40% 2000ms,90%", pingOf(t, s.limitsOf(3)))
	assert.Equal(t, "p95", s.limitsOf(3)[2].name)
	own := parsed(t, "--hosts-file "+writeHosts(t, "192.0.2.1 p95=1, loss=,0\n192.0.2.2")+" --threshold p95=7,").own[0]
	var limits []string
	for _, l := range own {
		limits = append(limits, l.name+" "+l.warning.text(l.kind)+" "+l.critical.text(l.kind))
	}
	assert.Equal(t, []string{"rta 200.000 500.000", "p95 1 ", "loss  0"}, limits)
	assert.Equal(t, "1ms,1% 2ms,2%", pingOf(t, s.limitsOf(4)))
	assert.Equal(t, 2000*ms, s.plan.Wait, "the longest critical RTA of all")

	r := checktest.Results(s.plan, check.Ending{},
		checktest.Many(5, checktest.Reply(20*ms)), checktest.Many(5, checktest.Reply(20*ms)), checktest.Many(5, checktest.Reply(20*ms)),
		checktest.Many(5, checktest.Reply(70*ms)), checktest.Many(5, checktest.Reply(ms/2)))
	var states []nagios.Status
	for _, h := range r.Hosts {
		states = append(states, s.judgeHost(h))
	}
	assert.Equal(t, []nagios.Status{nagios.OK, nagios.OK, nagios.WARNING, nagios.CRITICAL, nagios.OK}, states)
	assert.Contains(t, s.report(r).Text, "192.0.2.2rta=20.000ms;10.000;1000.000;0; ")
}

// A host's own thresholds leave what the command line said of slow hosts.
func TestSlowestOfHostsFile(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"192.0.2.1 rta=1,2":                           5 * time.Second,
		"192.0.2.1 critical=1s,5%":                    5 * time.Second,
		"192.0.2.1 critical=7s,90% rta=1,2":           7 * time.Second,
		"192.0.2.1 critical=1s,50% max=~:8s,~:9000ms": 9 * time.Second,
	} {
		assert.Equal(t, want, parsed(t, "-w 9,5% -c 5s,100% --hosts-file "+writeHosts(t, text)).plan.Wait, text)
	}
}

func TestBadHostsFile(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "no host to check; want one or more, such as -H 192.0.2.1",
		"# nothing\n":                     "no host to check; want one or more, such as -H 192.0.2.1",
		"192.0.2.1\n\nno host!":           `option --hosts-file: line 3 of FILE: "host!" is not a threshold; want METRIC=WARN,CRIT, such as p95=100ms,0.5s or ttl=60:64,`,
		"a|b":                             `option --hosts-file: line 1 of FILE: "a|b": '|' is in no host name; want a name or an address, such as 192.0.2.1`,
		"a warning=1":                     `option --hosts-file: line 1 of FILE: warning: "1" is not a threshold: the loss is missing; want RTA[us|ms|s],LOSS%, such as 200ms,40%`,
		"a warning=600,5%":                `option --hosts-file: line 1 of FILE: warning: 600ms,5% is above critical 500ms,80%; want neither RTA nor loss of the warning above the critical one`,
		"a p95=1,2\nb p95=1, p95=,2":      `option --hosts-file: line 2 of FILE: "p95=,2": "p95" stands in this line already; want it once`,
		"a warning=1,2% warning=3,4%":     `option --hosts-file: line 1 of FILE: "warning=3,4%": "warning" stands in this line already; want it once`,
		"a speed=1,2":                     `option --hosts-file: line 1 of FILE: "speed" is no metric; want one of ` + figureNames,
		strings.Repeat("x", mostInput+10): `option --hosts-file: FILE is longer than 16 MiB`,
	} {
		file := writeHosts(t, text)
		_, err := parse(t.Context(), []string{"--hosts-file", file, "-t", "600"}, "devel") // time to read it all
		require.Error(t, err)
		assert.Equal(t, want, strings.ReplaceAll(err.Error(), file, "FILE"))
	}
}

func TestManyHostsInFile(t *testing.T) {
	file := writeHosts(t, strings.Repeat("192.0.2.1\n", mostHosts))
	assert.Len(t, parsed(t, "-t 600 --hosts-file "+file).plan.Targets, mostHosts)
	file = writeHosts(t, strings.Repeat("192.0.2.1\n", mostHosts+1))
	_, err := parse(t.Context(), []string{"--hosts-file", file, "-t", "600"}, "devel")
	assert.EqualError(t, err, "100001 hosts are too many; want 100000 at most")
}

// FuzzHostsFile: a list is refused in one line, or every line of it has a host
// with limits.
func FuzzHostsFile(f *testing.F) {
	for _, seed := range []string{"a\nb warning=1,2% critical=3,4% # c\n", "::1 p95=1,2 ttl=,@3:", "\t a \r\n", "a =,", "\x00\n\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parse(t.Context(), []string{"--hosts-file", writeHosts(t, text)}, "devel")
		if err != nil {
			assert.Equal(t, 1, strings.Count(unknown(err).Text, "\n"))
			return
		}
		assert.LessOrEqual(t, len(s.plan.Targets), 1+strings.Count(text, "\n"))
		for i := range s.plan.Targets {
			assert.GreaterOrEqual(t, len(s.limitsOf(i)), 2)
		}
	})
}
