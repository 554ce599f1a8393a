package native

import (
	"errors"
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
	s, err := parse([]string{"-H", "192.0.2.1"}, "devel")
	require.NoError(t, err)
	assert.Equal(t, &settings{
		plan: &check.Plan{
			Targets:  []check.Target{{Name: "192.0.2.1", Family: resolve.Either}},
			Packets:  5,
			Interval: 80 * ms,
			Wait:     time.Second,
			Timeout:  10 * time.Second,
			Size:     68,
		},
		limits: check.Limits{
			Warning:  nagios.PingThreshold{RTA: 200 * ms, Loss: 40},
			Critical: nagios.PingThreshold{RTA: 500 * ms, Loss: 80},
		},
	}, s)
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
		{"-t 500ms", 80 * ms, 500 * ms, 500 * ms},
		{"-t 0.5", 80 * ms, 500 * ms, 500 * ms},
		// A default -t grows.
		{"-n 20 -i 1s", time.Second, time.Second, 20 * time.Second},
		{"-n 100000 -i 0", 0, time.Second, 19999800*time.Microsecond + time.Second},
	} {
		t.Run(c.args, func(t *testing.T) {
			s, err := parse(append(strings.Fields(c.args), "192.0.2.1"), "devel")
			require.NoError(t, err)
			assert.Equal(t, c.interval, s.plan.Interval, "interval")
			assert.Equal(t, c.wait, s.plan.Wait, "wait")
			assert.Equal(t, c.timeout, s.plan.Timeout, "timeout")
		})
	}
}

func TestForms(t *testing.T) {
	for _, args := range []string{
		"-H a b c -n 3 -w 10,5% -c 20,6%",
		"a -n3 b -w10,5% -c20,6% c",
		"-H a -H b -H c --packets=3 --warning 10ms,5% --critical=0.02s,6%",
		"-n 7 --packets 3 -w 10,5 -c 20,6 -- a b c",
	} {
		t.Run(args, func(t *testing.T) {
			s, err := parse(strings.Fields(args), "devel")
			require.NoError(t, err)
			assert.Equal(t, []check.Target{{Name: "a"}, {Name: "b"}, {Name: "c"}}, s.plan.Targets)
			assert.Equal(t, 3, s.plan.Packets)
			assert.Equal(t, nagios.PingThreshold{RTA: 10 * ms, Loss: 5}, s.limits.Warning)
			assert.Equal(t, nagios.PingThreshold{RTA: 20 * ms, Loss: 6}, s.limits.Critical)
		})
	}
	s, err := parse([]string{"-4H", "a"}, "devel")
	require.NoError(t, err)
	assert.Equal(t, resolve.V4, s.plan.Targets[0].Family)
	s, err = parse([]string{"-6", "a"}, "devel")
	require.NoError(t, err)
	assert.Equal(t, resolve.V6, s.plan.Targets[0].Family)
	s, err = parse([]string{"--any-source", "--accept", "truncated", "a"}, "devel")
	require.NoError(t, err)
	assert.True(t, s.plan.AnySource)
	assert.True(t, s.plan.AcceptTruncated)
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
		{[]string{"-n", "", "a"}, `option -n: "" is no number of packets; want 1 to 1000000, such as 5`},
		{[]string{"-n", "+5", "a"}, `option -n: "+5" is no number of packets; want 1 to 1000000, such as 5`},
		{[]string{"-n", "1000001", "a"}, `option -n: "1000001" is no number of packets; want 1 to 1000000, such as 5`},
		{[]string{"-n", "99999999999999999999", "a"}, `option -n: "99999999999999999999" is no number of packets; want 1 to 1000000, such as 5`},
		{[]string{"-i", "200000000s", "-n", "1000000", "a"}, `option -i: "200000000s" is too long for 1000000 packets; want less`},
		{[]string{"--accept", "all", "a"}, `option --accept: "all" is unknown; want truncated`},
		{[]string{"-t", "", "a"}, `option -t: "" is not a time: there is no number; want a number with us, ms or s, such as 200ms or 0.25ms`},
		{[]string{"-t", "1", "-n", "11", "-i", "100", "a"}, `option -t: "1" is too short, sending alone takes 1s; want more than that, fewer packets (-n) or a shorter interval (-i)`},
		{[]string{"-t", "1", "-n", "10000", "-i", "0", "a"}, `option -t: "1" is too short, sending alone takes 1.9998s; want more than that, fewer packets (-n) or a shorter interval (-i)`},
		{[]string{"-w", "600,50%", "a"}, `option -w: 600ms,50% is above -c 500ms,80%; want neither RTA nor loss of the warning above the critical one`},
		{[]string{"-w", `"10,5%"`, "a"}, `option -w: "\"10,5%\"" is not a threshold: the RTA "\"10" is no time: it is not a plain number and a unit; want RTA[us|ms|s],LOSS%, such as 200ms,40%`},
	} {
		_, err := parse(c.args, "devel")
		assert.EqualError(t, err, c.want, "%q", c.args)
	}
}

func TestShown(t *testing.T) {
	for arg, want := range map[string]string{
		"--help": "--critical=", "-h": "A bare number is", "--version": "check_rawping devel\n", "-V": "check_rawping devel\n",
	} {
		_, err := parse([]string{arg}, "devel")
		var asked shown
		require.ErrorAs(t, err, &asked, arg)
		assert.Contains(t, string(asked), want)
	}
}

// FuzzParse: whatever the arguments are, they are refused in one line or give
// settings that fit each other.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"-H\x00127.0.0.1", "-w\x0010,5%\x00-c20,6%\x00a", "-n\x00-1\x00a", "--packets=3\x00--\x00-a", "-4Z", "-w%d%s\x00a", "-\xff\x00a",
		"-i\x00200000000s\x00-n\x001000000\x00a", "-t\x000.000000001\x00a", "-V=\n", "-H\x00a|b\nc", "-t9223372036\x00a", "-H=\x00a", "--=\x00-=",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		s, err := parse(strings.Split(line, "\x00"), "devel")
		if err != nil {
			if asked := shown(""); !errors.As(err, &asked) {
				out := Failed(err).Text
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
		assert.LessOrEqual(t, s.limits.Warning.RTA, s.limits.Critical.RTA)
		assert.LessOrEqual(t, s.limits.Warning.Loss, s.limits.Critical.Loss)
	})
}
