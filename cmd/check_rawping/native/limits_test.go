package native

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/check/checktest"
	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/nagios"
)

// odd is a host to which everything happened.
func odd() *check.Host {
	_, r := reportedOdd()
	return r.Hosts[0]
}

func reportedOdd() (*settings, *check.Results) {
	s, err := parse(context.Background(), []string{"192.0.2.1", "-n", "9"}, "devel")
	if err != nil {
		panic(err)
	}
	slow := checktest.Reply(40 * ms)
	slow.OutOfOrder, slow.Hops = true, 60
	return s, checktest.Results(s.plan, check.Ending{}, checktest.Join(
		[]echo.Event{checktest.Reply(10 * ms), slow, checktest.Reply(10 * ms), checktest.Reply(20 * ms)},
		checktest.Many(2, lost), checktest.Many(1, checktest.Refused(3, 1, router)),
		[]echo.Event{
			checktest.Unsent(icmpsock.Prohibited), lost,
			{Kind: echo.Late, RTT: 2 * time.Second},
			{Kind: echo.Duplicate},
			{Kind: echo.Corrupt},
			{Kind: echo.WrongSource, From: router},
		}))
}

func TestFigures(t *testing.T) {
	h := odd()
	for name, want := range map[string]string{
		"rta": "20.000", "min": "10.000", "max": "40.000", "median": "15.000", "p95": "37.000", "p50": "15.000", "p99.9": "39.940",
		"stddev": "12.247", "jitter": "23.333", "jitter_min": "10.000", "jitter_max": "30.000",
		"loss": "50", "lost": "4", "refused": "1", "not_sent": "1", "late": "1", "duplicates": "1", "out_of_order": "1",
		"corrupt": "1", "wrong_source": "1", "suspect": "0", "longest_loss_run": "4", "consecutive_lost": "4",
		"ttl": "64", "ttl_changes": "2", "mos": "1", "score": "0",
	} {
		f, ok := figureNamed(name)
		require.True(t, ok, name)
		assert.Equal(t, name, f.name)
		v, ok := f.of(h)
		assert.True(t, ok, name)
		assert.Equal(t, want, f.kind.text(v), name)
	}
	for _, name := range []string{"", "p", "p0", "p100", "p-1", "p1e1", "p1.2.3", "p0000001", "px", "P95", "pl", "sent"} {
		_, ok := figureNamed(name)
		assert.False(t, ok, "%q", name)
	}
	for name := range strings.SplitSeq(figureNames, ", ") {
		name = strings.TrimSuffix(strings.TrimPrefix(name, "pNN ("), ")")
		_, ok := figureNamed(name)
		assert.True(t, ok, "the help names %q", name)
	}
}

// What nothing is known of has no value.
func TestNoFigures(t *testing.T) {
	h := &check.Host{}
	for _, name := range []string{"rta", "min", "max", "median", "p95", "stddev", "jitter", "jitter_min", "jitter_max", "loss", "ttl", "mos", "score"} {
		f, _ := figureNamed(name)
		_, ok := f.of(h)
		assert.False(t, ok, name)
	}
}

func TestLimits(t *testing.T) {
	h := odd()
	for _, c := range []struct {
		threshold string
		want      nagios.Status
		warn      string
		crit      string
	}{
		{"p95=30,36", nagios.CRITICAL, "30", "36"},
		{"p95=30ms,37ms", nagios.WARNING, "30", "37"}, // a range alerts outside
		{"p95=~:0.03s,~:0.0375s", nagios.WARNING, "~:30", "~:37.5"},
		{"p95=@30:40,", nagios.WARNING, "@30:40", ""},
		{"p95=,@0:10", nagios.OK, "", "@10"},
		{"ttl=64:64,", nagios.OK, "64:64", ""},
		{"ttl=65:,10:", nagios.WARNING, "65:", "10:"},
		{"lost=3,4", nagios.WARNING, "3", "4"},
		{"loss=49,49.5", nagios.CRITICAL, "49", "49.5"},
		{"duplicates=0,1", nagios.WARNING, "0", "1"},
		{"longest_loss_run=3,9", nagios.WARNING, "3", "9"},
		{"late=,0", nagios.CRITICAL, "", "0"},
		{"score=80:,70:", nagios.CRITICAL, "80:", "70:"},
	} {
		l, err := parseLimit(c.threshold)
		require.NoError(t, err, c.threshold)
		assert.Equal(t, c.want, l.judge(h), c.threshold)
		assert.Equal(t, c.warn, l.warning.text(l.kind), c.threshold)
		assert.Equal(t, c.crit, l.critical.text(l.kind), c.threshold)
	}
	l, err := parseLimit("jitter=50,100")
	require.NoError(t, err)
	assert.Equal(t, nagios.CRITICAL, l.judge(&check.Host{}), "no reply is not a good reply")
	l, err = parseLimit("jitter=50,")
	require.NoError(t, err)
	assert.Equal(t, nagios.WARNING, l.judge(&check.Host{}))
}

// A host that is dead is not OK because nothing happened to its replies.
func TestDeadHostIsNotOK(t *testing.T) {
	late := checktest.Join(checktest.Many(5, lost), []echo.Event{{Kind: echo.Late, RTT: 2 * time.Second}, {Kind: echo.Duplicate}})
	for _, args := range []string{
		"-O", "-O --threshold duplicates=0,1", "-O --threshold late=0,9", "-O --threshold ttl_changes=0,1", "-O --early-exit -n 10",
		"-P 100%,100% --threshold loss=100,100 --threshold duplicates=0,9", "-P 100%,100% --threshold loss=100,100 --threshold late=0,9",
	} {
		for name, events := range map[string][]echo.Event{"silent": checktest.Many(5, lost), "late": late} {
			s, r := reported(t, check.Ending{}, args+" 192.0.2.1", events)
			assert.Equal(t, nagios.CRITICAL, s.judge(r), "%s %s", args, name)
		}
	}
	for _, name := range []string{"out_of_order", "duplicates", "late", "ttl_changes"} {
		l, err := parseLimit(name + "=,9")
		require.NoError(t, err)
		assert.Equal(t, nagios.CRITICAL, l.judge(&check.Host{}), name)
		best, worst := l.outlook(&check.Host{}, 3, time.Second)
		assert.Equal(t, []nagios.Status{nagios.OK, nagios.CRITICAL}, []nagios.Status{best, worst}, name)
	}
	packets, _ := paced(t, "-O --early-exit -n 10 192.0.2.1", []echo.Event{lost})
	assert.Equal(t, []int{10}, packets, "a reply may come yet")
	got := lines(t, "-O --threshold late=0,9 192.0.2.1", late)
	assert.Contains(t, got[0], " late=1;0;9;; ")
	assert.Contains(t, got[0], " out_of_order=U;;1;; ")
	assert.Contains(t, got, "192.0.2.1: late 1: critical outside 9, or without a reply in time")
}

func FuzzThreshold(f *testing.F) {
	for _, seed := range []string{"p95=1,2", "loss=@10:20,~:5", "rta=0.1ms:2s,", "ttl=,64:", "p99.99=1us,2us", "=,", "rta=1e3,1", "rta==,"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l, err := parseLimit(s)
		if err != nil {
			assert.NotContains(t, err.Error(), "\n")
			assert.Contains(t, err.Error(), "want")
			return
		}
		assert.True(t, l.warning.when != never || l.critical.when != never)
		status := l.judge(odd())
		assert.Contains(t, []nagios.Status{nagios.OK, nagios.WARNING, nagios.CRITICAL}, status)
		if l.kind != aTime { // those are written in milliseconds
			again, err := parseLimit(l.name + "=" + l.warning.text(l.kind) + "," + l.critical.text(l.kind))
			require.NoError(t, err)
			assert.Equal(t, status, again.judge(odd()))
		}
	})
}

// TestOutlook: when best and worst agree before the last packet, that is what it
// comes to, whatever the others do; and the end always lies between the two.
func TestOutlook(t *testing.T) {
	rank := func(s nagios.Status) int { return []int{0, 2, 3, 1}[s] }
	thresholds := []string{
		"rta=50,100", "rta=@10:20,~:150", "loss=20,40", "lost=1,3", "max=100,180", "min=5:,2:", "late=0,1", "duplicates=,0", "ttl_changes=1,9", "consecutive_lost=1,2",
		"jitter=20,60", "median=~:80,~:120", "ttl=60:,50:", "out_of_order=,0", "p95=100,190",
	}
	certain := 0
	for seed := range uint64(4000) {
		random := rand.New(rand.NewPCG(seed, 7))
		s := parsed(t, "192.0.2.1 --packet-timeout 200ms")
		n := 1 + random.IntN(8)
		s.plan.Packets = n
		s.limits = nil
		if random.IntN(2) == 0 {
			s.limits = pingLimits(nagios.PingThreshold{RTA: 50 * ms, Loss: 20}, nagios.PingThreshold{RTA: 100 * ms, Loss: 60})
		}
		for range 1 + random.IntN(3) {
			l, err := parseLimit(thresholds[random.IntN(len(thresholds))])
			require.NoError(t, err)
			s.limits = append(s.limits, l)
		}
		h := &check.Host{Packets: n}
		type outlook struct{ best, worst nagios.Status }
		var outlooks []outlook
		fate := random.IntN(4) // most runs are alike from packet to packet
		for k := range n {
			ev := fateOf(random, fate)
			ev.Number = uint64(k + 1)
			h.Observe(&ev)
			best, worst := s.outlook(h, n-k-1, s.plan)
			outlooks = append(outlooks, outlook{best, worst})
		}
		end := s.judgeHost(h)
		assert.Equal(t, outlook{end, end}, outlooks[n-1])
		for k, o := range outlooks {
			assert.LessOrEqual(t, rank(o.best), rank(end), "seed %d, packet %d of %d", seed, k+1, n)
			assert.GreaterOrEqual(t, rank(o.worst), rank(end), "seed %d, packet %d of %d", seed, k+1, n)
			if k < n-1 && o.best == o.worst {
				certain++
			}
		}
	}
	assert.Greater(t, certain, 1000, "it is of use")
}

// fateOf returns what became of a packet.
func fateOf(random *rand.Rand, fate int) echo.Event {
	if random.IntN(5) == 0 {
		fate = random.IntN(4)
	}
	switch fate {
	case 0:
		return checktest.Reply(time.Duration(random.IntN(20)) * ms)
	case 1:
		ev := checktest.Reply(time.Duration(random.IntN(200)) * ms)
		ev.OutOfOrder, ev.Hops = random.IntN(2) == 0, 40+random.IntN(40)
		return ev
	case 2:
		return lost
	}
	return checktest.Unsent(icmpsock.Prohibited)
}
