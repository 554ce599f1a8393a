package native

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/nagios"
	"github.com/rawping/rawping/internal/resolve"
)

const ms = time.Millisecond

func TestDefaults(t *testing.T) {
	s := parsed(t, "-H 192.0.2.1")
	assert.Equal(t, &check.Plan{
		Targets:  []check.Target{{Name: "192.0.2.1", Family: resolve.Either}},
		Packets:  5,
		Interval: 80 * ms,
		Wait:     time.Second,
		Timeout:  10 * time.Second,
		Size:     68,
	}, s.plan)
	assert.Equal(t, "200ms,40% 500ms,80%", pingOf(t, s.limits))
	assert.Equal(t, nagios.UNKNOWN, s.dnsFailure)
	assert.Zero(t, s.minAlive)
	assert.Equal(t, outputSettings{output: "nagios"}, s.outputSettings)
	assert.Nil(t, s.state)
}

// parsed reads a command line that is right.
func parsed(t testing.TB, args string) *settings {
	t.Helper()
	s, err := parse(t.Context(), strings.Fields(args), "devel")
	require.NoError(t, err)
	return s
}

// pingOf writes the limits of -w and -c as these have them.
func pingOf(t *testing.T, limits []limit) string {
	t.Helper()
	require.Equal(t, []string{"rta", "loss"}, []string{limits[0].name, limits[1].name})
	threshold := func(rta, loss alarm) string {
		return nagios.PingThreshold{RTA: time.Duration(rta.at), Loss: loss.at}.String()
	}
	return threshold(limits[0].warning, limits[1].warning) + " " + threshold(limits[0].critical, limits[1].critical)
}

func TestTimes(t *testing.T) {
	for _, c := range []struct {
		args                    string
		interval, wait, timeout time.Duration
	}{
		{"", 80 * ms, time.Second, 10 * time.Second},
		{"-i 250us", 250 * time.Microsecond, time.Second, 10 * time.Second},
		{"-i 0.25ms", 250 * time.Microsecond, time.Second, 10 * time.Second},
		{"-i 0.25", 250 * time.Microsecond, time.Second, 10 * time.Second},
		{"-i 1s", time.Second, time.Second, 10 * time.Second},
		{"-i 0", 0, time.Second, 10 * time.Second},
		// A reply may take as long as the critical RTA, within -t.
		{"-c 5000,100%", 80 * ms, 5 * time.Second, 10 * time.Second},
		{"-c 5000,100% -t 3", 80 * ms, 3 * time.Second, 3 * time.Second},
		{"-c 30s,100%", 80 * ms, 10 * time.Second, 10320 * ms},
		{"-c 30s,100% -t 60", 80 * ms, 30 * time.Second, 60 * time.Second},
		{"-R 1s,4s", 80 * ms, 4 * time.Second, 10 * time.Second},
		{"-c 5000,100% --threshold rta=3000,4000", 80 * ms, 5 * time.Second, 10 * time.Second},
		{"--threshold rta=3000,4000", 80 * ms, 4 * time.Second, 10 * time.Second},
		{"--threshold p95=~:3s,", 80 * ms, 3 * time.Second, 10 * time.Second},
		{"--threshold max=@2s:6s,@6s:", 80 * ms, 6 * time.Second, 10 * time.Second},
		{"-c 3000,100% -R 1s,2s", 80 * ms, 3 * time.Second, 10 * time.Second},
		{"--threshold jitter=3s,4s --threshold stddev=3s,4s --threshold lost=7000,8000", 80 * ms, time.Second, 10 * time.Second},
		{"-t 500ms", 80 * ms, 500 * ms, 500 * ms},
		{"-t 0.5", 80 * ms, 500 * ms, 500 * ms},
		{"--packet-timeout 200", 80 * ms, 200 * ms, 10 * time.Second},
		{"--packet-timeout 200ms -c 5s,100%", 80 * ms, 200 * ms, 10 * time.Second},
		{"--packet-timeout 30s", 80 * ms, 30 * time.Second, 30320 * ms},
		{"--packet-timeout 2s -t 2", 80 * ms, 2 * time.Second, 2 * time.Second},
		// A default -t grows.
		{"-n 20 -i 1s", time.Second, time.Second, 20 * time.Second},
		{"-n 20 -i 1s --confirm 10", time.Second, time.Second, 31 * time.Second},
		{"-n 20 -i 1s --trace-on-failure", time.Second, time.Second, 21 * time.Second},
		{"-I 20s 192.0.2.2", 80 * ms, time.Second, 21320 * ms},
		// With -i 0 each packet may wait for the one before.
		{"-n 9 -i 0 --packet-timeout 2s", 0, 2 * time.Second, 18 * time.Second},
		{"-n 9 -i 0 --confirm 5 --trace-on-failure", 0, time.Second, 16 * time.Second},
		{"-n 100 -i 0", 0, time.Second, 100 * time.Second},
		{"-n 100000 -i 0", 0, time.Second, mostInTurn},
		{"-n 1000000 -i 0", 0, time.Second, mostInTurn},
		// What just fits.
		{"-n 5 -i 1s -t 4.02", time.Second, time.Second, 4020 * ms},
		{"-n 1 -t 5ms --packet-timeout 2ms", 80 * ms, 2 * ms, 5 * ms},
	} {
		t.Run(c.args, func(t *testing.T) {
			p := parsed(t, c.args+" 192.0.2.1").plan
			assert.Equal(t, c.interval, p.Interval, "interval")
			assert.Equal(t, c.wait, p.Wait, "wait")
			assert.Equal(t, c.timeout, p.Timeout, "timeout")
		})
	}
}

// Options stand together as getopt has it, also with a value behind the last.
func TestBundles(t *testing.T) {
	for args, want := range map[string]struct {
		packets, verbosity int
		family             resolve.Family
	}{
		"-vvn1 192.0.2.1":                      {1, 2, resolve.Either},
		"-4n1 a":                               {1, 0, resolve.V4},
		"-4vn 1 a":                             {1, 1, resolve.V4},
		"-vv6Ha":                               {5, 2, resolve.V6},
		"-4vH a -n2":                           {2, 1, resolve.V4},
		"-vOn=3 a":                             {3, 1, resolve.Either},
		"-v -s -vvn1 --hostname -4 a":          {},
		"-H a -n7 -- -vvn1":                    {},
		"a --packets 4 --threshold p95=1, -vv": {4, 2, resolve.Either},
	} {
		s, err := parse(t.Context(), strings.Fields(args), "devel")
		if want.packets == 0 {
			assert.Error(t, err, args)
			continue
		}
		require.NoError(t, err, args)
		assert.Equal(t, want.packets, s.plan.Packets, args)
		assert.Equal(t, want.verbosity, s.verbosity, args)
		assert.Equal(t, want.family, s.plan.Targets[0].Family, args)
	}
	for args, want := range map[string]string{
		"-vvn":    `option "-n" has no value; want one, as --help shows`,
		"-vZ a":   `option "-vZ" is unknown; want one that --help lists`,
		"-vV=1 a": `option "-V=1" takes no value`,
		"-vnx a":  `option -n: "x" is no number of packets; want 1 to 1000000, such as 5`,
	} {
		_, err := parse(t.Context(), strings.Fields(args), "devel")
		assert.EqualError(t, err, want, args)
	}
}

// What a user other than root may send to others takes its time.
func TestOrdinarySpan(t *testing.T) {
	for args, want := range map[string]time.Duration{
		"-n 1001 -i 0 192.0.2.1":                 time.Second,
		"-n 1001 -i 0 [2001:db8::1]":             time.Second,
		"-n 1001 -i 0.25 192.0.2.1":              time.Second,
		"-n 1001 -i 2 192.0.2.1":                 2 * time.Second,
		"-n 1001 -i 0 127.0.0.1 ::1 a":           600*ms + 400*time.Microsecond,
		"-n 1001 -i 0 127.0.0.1 ::1 a b c d":     1201 * ms,
		"-n 1001 -i 0 127.0.0.1 192.0.2.1":       time.Second,
		"-n 501 -i 0 --confirm 500 192.0.2.1":    time.Second,
		"-n 1001 -i 0 192.0.2.1 192.0.2.2 -I 2s": 3 * time.Second,
	} {
		s := parsed(t, args)
		s.ordinary = true
		assert.Equal(t, want, s.span(), args)
		s.ordinary = false
		assert.GreaterOrEqual(t, want, s.span(), args)
	}
}

func TestForms(t *testing.T) {
	for _, args := range []string{
		"-H a b c -n 3 -w 10,5% -c 20,6%",
		"a -n3 b -w10,5% -c20,6% c",
		"-H a -H b -H c --packets=3 --warning 10ms,5% --critical=0.02s,6%",
		"-n 7 --packets 3 -w 10,5 -c 20,6 -- a b c",
		"-w 10.000000,5.000000% -c 20.0,6 -n 3 -H a b c",
	} {
		t.Run(args, func(t *testing.T) {
			s := parsed(t, args)
			assert.Equal(t, []check.Target{{Name: "a"}, {Name: "b"}, {Name: "c"}}, s.plan.Targets)
			assert.Equal(t, 3, s.plan.Packets)
			assert.Equal(t, "10ms,5% 20ms,6%", pingOf(t, s.limits))
		})
	}
	assert.Equal(t, "0.001ms,5% 0.01ms,6%", pingOf(t, parsed(t, "-w 0.001000,5% -c 0.010000,6.0% a").limits), "as Icinga writes them")
}

func TestPlan(t *testing.T) {
	v4, v6 := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("2001:db8::7")
	for _, c := range []struct {
		args string
		got  func(*check.Plan) any
		want any
	}{
		{"-4H a", func(p *check.Plan) any { return p.Targets[0].Family }, resolve.V4},
		{"-6 a", func(p *check.Plan) any { return p.Targets[0].Family }, resolve.V6},
		{"--family both a", func(p *check.Plan) any { return p.Targets[0] }, check.Target{Name: "a", Family: resolve.Both}},
		{"--family both ::1", func(p *check.Plan) any { return p.Targets[0] }, check.Target{Name: "::1"}},
		{"--resolve all a", func(p *check.Plan) any { return p.Targets[0] }, check.Target{Name: "a", All: true}},
		{"--any-source a", func(p *check.Plan) any { return p.AnySource }, true},
		{"--accept truncated a", func(p *check.Plan) any { return p.AcceptTruncated }, true},
		{"-b 0 a", func(p *check.Plan) any { return p.Size }, 0},
		{"-b 65527 a", func(p *check.Plan) any { return p.Size }, 65527},
		{"-l 255 a", func(p *check.Plan) any { return p.Hops }, 255},
		{"-s 192.0.2.7 a", func(p *check.Plan) any { return p.Sources }, []netip.Addr{v4}},
		{"-s ::ffff:192.0.2.7 a", func(p *check.Plan) any { return p.Sources }, []netip.Addr{v4}},
		{"-s 2001:db8::7 -s eth0 -s 192.0.2.7 a", func(p *check.Plan) any { return p.Sources }, []netip.Addr{v6, v4}},
		{"-s 2001:db8::7 -s eth0 -s 192.0.2.7 a", func(p *check.Plan) any { return p.Interface }, "eth0"},
		{"--dscp 46 a", func(p *check.Plan) any { return p.TrafficClass }, 46 << 2},
		{"--dscp ef a", func(p *check.Plan) any { return p.TrafficClass }, 46 << 2},
		{"--dscp AF41 a", func(p *check.Plan) any { return p.TrafficClass }, 34 << 2},
		{"--dscp af13 a", func(p *check.Plan) any { return p.TrafficClass }, 14 << 2},
		{"--dscp CS6 a", func(p *check.Plan) any { return p.TrafficClass }, 48 << 2},
		{"--dscp LE a", func(p *check.Plan) any { return p.TrafficClass }, 1 << 2},
		{"--dscp VA a", func(p *check.Plan) any { return p.TrafficClass }, 44 << 2},
		{"--dont-fragment a", func(p *check.Plan) any { return p.DontFragment }, true},
		{"--fwmark 0x0a a", func(p *check.Plan) any { return p.Mark }, uint32(10)},
		{"--fwmark 4294967295 a", func(p *check.Plan) any { return p.Mark }, uint32(1<<32 - 1)},
		{"-I 250us a", func(p *check.Plan) any { return p.Stagger }, 250 * time.Microsecond},
		{"--trace-on-failure a", func(p *check.Plan) any { return p.Trace }, true},
		{"-v a", func(p *check.Plan) any { return p.KeepProbes }, false},
		{"-vv a", func(p *check.Plan) any { return p.KeepProbes }, true},
		{"-v -v -v a", func(p *check.Plan) any { return p.KeepProbes }, true},
	} {
		t.Run(c.args, func(t *testing.T) {
			assert.Equal(t, c.want, c.got(parsed(t, c.args).plan))
		})
	}
}

func TestBadOptions(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "no host to check; want one or more, such as -H 192.0.2.1"},
		{[]string{"-H"}, `option "-H" has no value; want one, as --help shows`},
		{[]string{"-H", "--", "a"}, `the option before "--" has no value; want one, as --help shows`},
		{[]string{"-4Z", "a"}, `option "-4Z" is unknown; want one that --help lists`},
		{[]string{"--warn=1", "a"}, `option "--warn=1" is unknown; want one that --help lists`},
		{[]string{"--family", "some", "a"}, `option --family: "some" is unknown; want any or both`},
		{[]string{"--family", "both", "-4", "a"}, `options --family both and -4 or -6 exclude each other; want one of them`},
		{[]string{"--resolve", "last", "a"}, `option --resolve: "last" is unknown; want first or all`},
		{[]string{"--dns-failure", "bad", "a"}, `option --dns-failure: "bad" is not a state: want ok, warning, critical or unknown`},
		{[]string{"-n", "", "a"}, `option -n: "" is no number of packets; want 1 to 1000000, such as 5`},
		{[]string{"-n", "+5", "a"}, `option -n: "+5" is no number of packets; want 1 to 1000000, such as 5`},
		{[]string{"-n", "1000001", "a"}, `option -n: "1000001" is no number of packets; want 1 to 1000000, such as 5`},
		{[]string{"-n", "99999999999999999999", "a"}, `option -n: "99999999999999999999" is no number of packets; want 1 to 1000000, such as 5`},
		{[]string{"-n", "999999", "--confirm", "2", "a"}, `option --confirm: "2" is no number of packets; want 1 to 1, such as 5`},
		{[]string{"--confirm", "0", "a"}, `option --confirm: "0" is no number of packets; want 1 to 999995, such as 5`},
		{[]string{"-b", "65528", "a"}, `option -b: "65528" is no number of bytes; want 0 to 65527, such as 68`},
		{[]string{"-4", "-b", "65508", "a"}, `option -b: "65508" is no number of bytes; want 0 to 65507, such as 68`},
		{[]string{"-b", "15", "--any-source", "a"}, `option -b: 15 leaves no room for the token that tells replies from any source (--any-source); want 16 or more`},
		{[]string{"-l", "0", "a"}, `option -l: "0" is no time to live; want 1 to 255, such as 64`},
		{[]string{"-l", "256", "a"}, `option -l: "256" is no time to live; want 1 to 255, such as 64`},
		{[]string{"-s", "0.0.0.0", "a"}, `option -s: "0.0.0.0" is no host's address; want an address of this host, or an interface`},
		{[]string{"-s", "", "a"}, `option -s: "" is neither an address nor the name of an interface; want one, such as 192.0.2.1 or eth0`},
		{[]string{"-s", "eth0", "-s", "eth1", "a"}, `option -s: "eth0" and "eth1" are both interfaces; want one at most`},
		{[]string{"-s", "::1", "-s", "::2", "a"}, `option -s: ::1 and ::2 are both IPv6; want one address of each family at most`},
		{[]string{"--dscp", "64", "a"}, `option --dscp: "64" is no code point; want 0 to 63, or CS0 to CS7, AF11 to AF43, EF, VA or LE`},
		{[]string{"--dscp", "AF44", "a"}, `option --dscp: "AF44" is no code point; want 0 to 63, or CS0 to CS7, AF11 to AF43, EF, VA or LE`},
		{[]string{"--fwmark", "0", "a"}, `option --fwmark: "0" is no firewall mark; want 1 to 4294967295, such as 10 or 0x0a`},
		{[]string{"--fwmark", "4294967296", "a"}, `option --fwmark: "4294967296" is no firewall mark; want 1 to 4294967295, such as 10 or 0x0a`},
		{[]string{"-i", "200000000s", "-n", "1000000", "a"}, `option -i: "200000000s" is too long for 1000000 packets to 1 hosts (-I 0); want less`},
		{[]string{"-I", "9000000000s", "a", "b"}, `option -i: "80ms" is too long for 5 packets to 2 hosts (-I 9000000000s); want less`},
		{[]string{"--accept", "all", "a"}, `option --accept: "all" is unknown; want truncated`},
		{[]string{"-t", "", "a"}, `option -t: "" is not a time: there is no number; want a number with us, ms or s, such as 200ms or 0.25ms`},
		{[]string{"-t", "1", "-n", "11", "-i", "100", "a"}, `option -t: "1" is too short, sending alone takes 1s; want more than that, fewer packets (-n) or a shorter interval (-i)`},
		{[]string{"-t", "1", "-n", "6", "-i", "100", "--confirm", "5", "a"}, `option -t: "1" is too short, sending alone takes 1s; want more than that, fewer packets (-n) or a shorter interval (-i)`},
		{[]string{"-t", "1", "-n", "10000", "-i", "0", "a"}, `option -t: "1" is too short, sending alone takes 1.9998s; want more than that, fewer packets (-n) or a shorter interval (-i)`},
		{[]string{"-t", "1", "-I", "1s", "a", "b"}, `option -t: "1" is too short, sending alone takes 1.32s; want more than that, fewer packets (-n) or a shorter interval (-i)`},
		{[]string{"-t", "4.0001", "-n", "5", "-i", "1s", "a"}, `option -t: "4.0001" is too short, it leaves no time for a reply to the last packet, which is sent after 4s; want 20ms more than that at least`},
		{[]string{"-t", "500us", "-n", "1", "a"}, `option -t: "500us" is too short, it leaves no time for a reply to the last packet, which is sent after 0s; want 20ms more than that at least`},
		{[]string{"--packet-timeout", "0", "a"}, `option --packet-timeout: "0" leaves no time for a reply; want more, such as 1s`},
		{[]string{"--packet-timeout", "3s", "-t", "2", "a"}, `option --packet-timeout: "3s" is longer than -t "2"; want at most that`},
		{[]string{"--packet-timeout", "9000000000s", "a"}, `option --packet-timeout: "9000000000s" is too long; want less`},
		{[]string{"-w", "600,50%", "a"}, `option -w: 600ms,50% is above -c 500ms,80%; want neither RTA nor loss of the warning above the critical one`},
		{[]string{"-w", `"10,5%"`, "a"}, `option -w: "\"10,5%\"" is not a threshold: the RTA "\"10" is no time: it is not a plain number and a unit; want RTA[us|ms|s],LOSS%, such as 200ms,40%`},
		{[]string{"-R", "100", "a"}, `option -R: "100" is not two thresholds; want WARN,CRIT, such as 200ms,500ms`},
		{[]string{"-J", "50,40", "a"}, `option -J: "50,40": the critical threshold is met before the warning; want WARN,CRIT, such as 40ms,50ms`},
		{[]string{"-M", "3,4", "a"}, `option -M: "3,4": the critical threshold is met before the warning; want WARN,CRIT, such as 3.5,3.0`},
		{[]string{"-P", "20%,120%", "a"}, `option -P: "120" is not within 0 to 100; want WARN,CRIT, such as 40%,80%`},
		{[]string{"-S", "80,x", "a"}, `option -S: "x" is not a number: want digits, such as 4 or 3.5; want WARN,CRIT, such as 80,70`},
		{[]string{"-n", "1", "-J", "1,2", "a"}, `option -n: 1 packet has no jitter; want 2 or more`},
		{[]string{"-n", "1", "--threshold", "mos=4:,3:", "a"}, `option -n: 1 packet has no mos; want 2 or more`},
		{[]string{"--threshold", "p95", "a"}, `option --threshold: "p95" is not a threshold; want METRIC=WARN,CRIT, such as p95=100ms,0.5s or ttl=60:64,`},
		{[]string{"--threshold", "p95=1", "a"}, `option --threshold: "p95=1" is not a threshold; want METRIC=WARN,CRIT, such as p95=100ms,0.5s or ttl=60:64,`},
		{[]string{"--threshold", "p95=,", "a"}, `option --threshold: "p95=," is not a threshold; want METRIC=WARN,CRIT, such as p95=100ms,0.5s or ttl=60:64,`},
		{[]string{"--threshold", "speed=1,2", "a"}, `option --threshold: "speed" is no metric; want one of ` + figureNames},
		{[]string{"--threshold", "ttl=1ms,", "a"}, `option --threshold: ttl: "1ms" is not a range: want [@]START:END, such as 10, 10:, ~:10, 10:20 or @10:20`},
		{[]string{"-m", "0", "a"}, `option -m: "0" is no number of hosts; want 1 to 1`},
		{[]string{"-m", "3", "a", "b"}, `option -m: "3" is no number of hosts; want 1 to 2`},
		{[]string{"--output", "xml", "a"}, `option --output: "xml" is unknown; want nagios, json, influx or prometheus`},
		{[]string{"--no-data", "0", "a"}, `option --no-data: "0" is unknown; want U or omit`},
		{[]string{"--state-file", "", "a"}, `option --state-file: the name is empty; want a file, such as /var/tmp/web1.state`},
		{[]string{"--on-change", "a"}, `option --on-change needs --state-file FILE, to know the state before`},
		{[]string{"--remind", "6h", "--state-file", "x", "a"}, `option --remind needs --on-change: without it everything is printed anyway`},
		{[]string{"--remind", "6", "--state-file", "x", "--on-change", "a"}, `option --remind: "6" is not a period: want a number with s, m, h or d, such as 6h`},
		{[]string{"--hosts-file", ""}, `option --hosts-file: the name is empty; want a file, or - for standard input`},
		{[]string{"--hosts-file", "nofile"}, `option --hosts-file: open nofile: no such file or directory; want a file with a host on each line`},
		{[]string{"--extra-opts=@nofile", "a"}, `option --extra-opts: open nofile: no such file or directory; want an ini file`},
	} {
		_, err := parse(t.Context(), c.args, "devel")
		assert.EqualError(t, err, c.want, "%q", c.args)
	}
}

func TestShown(t *testing.T) {
	for arg, want := range map[string]string{
		"--help": "--critical=", "-h": "A bare number is", "--version": "check_rawping devel\n", "-V": "check_rawping devel\n",
	} {
		job, answer := Personality("devel")(t.Context(), []string{arg})
		assert.Nil(t, job)
		require.NotNil(t, answer, arg)
		assert.Contains(t, answer.Text, want)
		assert.Equal(t, nagios.UNKNOWN, answer.Status)
	}
	_, err := parse(t.Context(), []string{"--help"}, "")
	for line := range strings.Lines(err.Error()) {
		assert.LessOrEqual(t, len(strings.TrimRight(line, "\n")), 80, "%q", line)
	}
}

func TestExtraOpts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "plugins.ini")
	require.NoError(t, os.WriteFile(file, []byte("[check_rawping]\nn = 3\nwarning=10,5%\n[other]\nearly-exit =\nn=7\n"), 0o600))
	s := parsed(t, "--extra-opts=@"+file+" a")
	assert.Equal(t, 3, s.plan.Packets)
	assert.Equal(t, "10ms,5% 500ms,80%", pingOf(t, s.limits))
	s = parsed(t, "-n 9 a --extra-opts other@"+file)
	assert.Equal(t, 9, s.plan.Packets, "the command line comes last")
	assert.True(t, s.early)
	t.Setenv("MP_CONFIG_FILE", file)
	assert.Equal(t, 3, parsed(t, "--extra-opts -- a").plan.Packets)
}

// FuzzParse: whatever the arguments are, they are refused in one line or give
// settings that fit each other.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"-H\x00127.0.0.1", "-w\x0010,5%\x00-c20,6%\x00a", "-n\x00-1\x00a", "--packets=3\x00--\x00-a", "-4Z", "-w%d%s\x00a", "-\xff\x00a",
		"-i\x00200000000s\x00-n\x001000000\x00a", "-t\x000.000000001\x00a", "-V=\n", "-H\x00a|b\nc", "-t9223372036\x00a", "-H=\x00a", "--=\x00-=",
		"-J1,2\x00-M4,3\x00-O\x00a", "--threshold\x00p99.9=1:2,@3:4\x00a", "-I\x009000000000s\x00a\x00b", "--packet-timeout\x009000000000s\x00a",
		"--confirm\x00999995\x00-i9000000000\x00a", "-s::1\x00-seth0\x00a", "--dscp\x00af11\x00a", "-m2\x00a\x00b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		for _, file := range []string{"extra-opts", "hosts-file", "state-file"} {
			if strings.Contains(line, file) {
				return // what they name could be there
			}
		}
		s, err := parse(t.Context(), strings.Split(line, "\x00"), "devel")
		if err != nil {
			if !isShown(err) {
				out := unknown(err).Text
				assert.Equal(t, 1, strings.Count(out, "\n"), "%q", out)
				assert.NotContains(t, out, "|")
			}
			return
		}
		assert.NotEmpty(t, s.plan.Targets)
		assert.Positive(t, s.plan.Packets)
		assert.GreaterOrEqual(t, s.plan.Interval, time.Duration(0))
		assert.Positive(t, s.plan.Wait)
		assert.LessOrEqual(t, s.plan.Wait, s.plan.Timeout)
		assert.Less(t, s.span(), s.plan.Timeout)
		for _, l := range s.limits {
			if l.warning.when == overAt && l.critical.when == overAt {
				assert.LessOrEqual(t, l.warning.at, l.critical.at)
			}
		}
	})
}

func isShown(err error) bool {
	_, ok := err.(shown) //nolint:errorlint // parse wraps nothing into it
	return ok
}
