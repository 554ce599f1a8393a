package native

import (
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"regexp"
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

// lines returns what a report of these results says.
func lines(t *testing.T, args string, events ...[]echo.Event) []string {
	t.Helper()
	s, r := reported(t, check.Ending{}, args, events...)
	return strings.Split(strings.TrimSuffix(s.report(r).Text, "\n"), "\n")
}

func TestModes(t *testing.T) {
	replies := []echo.Event{checktest.Reply(10 * ms), checktest.Reply(20 * ms), lost, checktest.Reply(60 * ms)}
	replies[3].OutOfOrder = true
	assert.Equal(t, []string{
		"CRITICAL - 192.0.2.1: rta 30.000ms, lost 25%, jitter 25.000ms, mos 1.546, score 28.45, out_of_order 1|" +
			"rta=30.000ms;200.000;500.000;0; pl=25%;40;80;; rtmax=60.000ms;;;; rtmin=10.000ms;;;; " +
			"jitter_avg=25.000ms;20.000;30.000;; jitter_max=40.000ms;;;; jitter_min=10.000ms;;;; mos=1.546;2;1;0;5 score=28.45;50;20;0;100 out_of_order=1;;1;; ",
		"192.0.2.1: jitter 25.000ms: a warning from 20.000ms on",
		"192.0.2.1: mos 1.546: a warning from 2 down",
		"192.0.2.1: score 28.45: a warning from 50 down",
		"192.0.2.1: out_of_order 1: critical from 1 on",
		"192.0.2.1: 1 reply out of order",
	}, lines(t, "-w 200,40% -J 20,30 -M 2,1 -S 50,20 -O 192.0.2.1 -n 4", replies))

	// Without -w and -c, the modes alone decide; the labels stay.
	assert.Equal(t, "OK - 192.0.2.1: rta 30.000ms, lost 25%, jitter 25.000ms|rta=30.000ms;;;0; pl=25%;;;; rtmax=60.000ms;;;; rtmin=10.000ms;;;; "+
		"jitter_avg=25.000ms;30.000;40.000;; jitter_max=40.000ms;;;; jitter_min=10.000ms;;;; ",
		lines(t, "-J 30,40 192.0.2.1 -n 4", replies)[0])
	assert.Equal(t, "WARNING - 192.0.2.1: rta 30.000ms, lost 25%|rta=30.000ms;;;0; pl=25%;20;30;; rtmax=60.000ms;;;; rtmin=10.000ms;;;; ",
		lines(t, "-P 20%,30% 192.0.2.1 -n 4", replies)[0])
	assert.Equal(t, "OK - 192.0.2.1: rta 30.000ms, lost 25%|rta=30.000ms;40.000;50.000;0; pl=25%;;;; rtmax=60.000ms;;;; rtmin=10.000ms;;;; ",
		lines(t, "-R 40,50 192.0.2.1 -n 4", replies)[0])
	dead := lines(t, "-J 30,40 192.0.2.1 -n 4", checktest.Many(4, lost))
	assert.Equal(t, "CRITICAL - 192.0.2.1: rta nan, lost 100%|rta=U;;;0; pl=100%;;;; rtmax=U;;;; rtmin=U;;;; jitter_avg=U;30.000;40.000;; jitter_max=U;;;; jitter_min=U;;;; ", dead[0])
	assert.Equal(t, "192.0.2.1: jitter nan: critical from 40.000ms on", dead[1])
}

func TestThresholdOutput(t *testing.T) {
	assert.Equal(t, []string{
		"WARNING - 192.0.2.1: rta 20.000ms, lost 0%, max 30.000ms|" +
			"rta=20.000ms;200.000;500.000;0; pl=0%;40;80;; rtmax=30.000ms;~:25;50;; rtmin=10.000ms;;;; p95=29.000ms;100;;; ttl=64;@65:66;;; duplicates=0;;0;; ",
		"192.0.2.1: max 30.000ms: a warning outside ~:25ms",
	}, lines(t, "--threshold max=~:25,0:0.05s --threshold p95=100ms, --threshold ttl=@65:66, --threshold duplicates=,0 192.0.2.1 -n 2",
		[]echo.Event{checktest.Reply(10 * ms), checktest.Reply(30 * ms)}))
}

// For its figure, --threshold stands in the place of -w, -c and the modes.
func TestThresholdReplaces(t *testing.T) {
	assert.Equal(t, "OK - 192.0.2.1: rta 300.000ms, lost 50%|rta=300.000ms;400;600;0; pl=50%;60;70;; rtmax=300.000ms;;;; rtmin=300.000ms;;;; ",
		lines(t, "--threshold rta=400,600 --threshold loss=60,70 -n 2 192.0.2.1", []echo.Event{checktest.Reply(300 * ms), lost})[0])
	assert.Equal(t, "OK - 192.0.2.1: rta 300.000ms, lost 50%|rta=300.000ms;;;0; pl=50%;60;70;; rtmax=300.000ms;;;; rtmin=300.000ms;;;; ",
		lines(t, "-P 10,20 --threshold loss=60,70 -n 2 192.0.2.1", []echo.Event{checktest.Reply(300 * ms), lost})[0])
}

func TestNoData(t *testing.T) {
	assert.Equal(t, "CRITICAL - 192.0.2.1: rta nan, lost 100%|pl=100%;40;80;; ", lines(t, "--no-data omit 192.0.2.1", checktest.Many(5, lost))[0])
	assert.Equal(t, "UNKNOWN - 192.0.2.1: refused by the local firewall (EPERM). rta nan, nothing sent",
		lines(t, "--no-data omit 192.0.2.1", checktest.Many(5, checktest.Unsent(icmpsock.Firewall)))[0])
}

// Beyond a certain number, the status line has no room for those that are well.
func TestManyHosts(t *testing.T) {
	var names []string
	var events [][]echo.Event
	for i := range 40 {
		names = append(names, netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}).String())
		switch {
		case i == 7:
			events = append(events, checktest.Many(5, lost))
		case i == 9:
			events = append(events, checktest.Many(5, checktest.Reply(300*ms)))
		default:
			events = append(events, checktest.Many(5, checktest.Reply(ms)))
		}
	}
	got := lines(t, strings.Join(names, " "), events...)
	text, perfdata, _ := strings.Cut(got[0], "|")
	assert.Equal(t, "CRITICAL - 40 hosts: 38 OK, 1 WARNING, 1 CRITICAL. 192.0.2.7: rta nan, lost 100% :: 192.0.2.9: rta 300.000ms, lost 0%", text)
	assert.Equal(t, 160, len(strings.Fields(perfdata)))
	for i := range events {
		events[i] = checktest.Many(5, lost)
	}
	text, _, _ = strings.Cut(lines(t, strings.Join(names, " "), events...)[0], "|")
	assert.True(t, strings.HasPrefix(text, "CRITICAL - 40 hosts: 40 CRITICAL. 192.0.2.0: "), text)
	assert.True(t, strings.HasSuffix(text, " :: 192.0.2.15: rta nan, lost 100% :: and 24 more"), text)
	for i := range events {
		events[i] = checktest.Many(5, checktest.Reply(ms))
	}
	text, _, _ = strings.Cut(lines(t, strings.Join(names, " "), events...)[0], "|")
	assert.Equal(t, "OK - 40 hosts: 40 OK", text)
}

// What the deadline left no time for is said, not left out in silence.
func TestDeadlineLeavesOut(t *testing.T) {
	const args = "--confirm 5 --trace-on-failure -t 1 192.0.2.1"
	said := func(end check.Ending, events []echo.Event) string {
		s, r := reported(t, end, args, events)
		return s.report(r).Text
	}
	dead := said(check.Ending{Deadline: true}, checktest.Many(5, checktest.Flying(500*ms)))
	assert.Contains(t, dead, "\n192.0.2.1: not confirmed by 5 packets more: the deadline came first\n")
	assert.Contains(t, dead, "\n192.0.2.1: path not looked for: the deadline came first\n")
	half := said(check.Ending{Deadline: true}, checktest.Join(checktest.Many(2, checktest.Reply(ms)), checktest.Many(3, lost)))
	assert.Contains(t, half, "not confirmed by 5 packets more")
	assert.NotContains(t, half, "path")
	for _, good := range []string{said(check.Ending{Deadline: true}, checktest.Many(5, checktest.Reply(ms))), said(check.Ending{}, checktest.Many(5, lost))} {
		assert.NotContains(t, good, "the deadline")
	}
}

// Whoever reads a form for machines gets it for bad options, too.
func TestBadOptionsInEveryForm(t *testing.T) {
	for _, args := range []string{"-w x a", "--hosts-file nofile", "", "-Z", "--extra-opts=@nofile a", "-t 0 a"} {
		for _, output := range []string{"--output json ", "--output=json "} {
			job, answer := Personality("devel")(t.Context(), strings.Fields(output+args))
			assert.Nil(t, job)
			var report struct {
				State, Error string
				Code         int `json:"exit_code"`
			}
			require.NoError(t, json.Unmarshal([]byte(answer.Text), &report), args)
			assert.Equal(t, "UNKNOWN", report.State)
			assert.NotEmpty(t, report.Error)
			assert.Equal(t, 3, report.Code)
		}
		for _, form := range []string{"influx", "prometheus"} {
			_, answer := Personality("devel")(t.Context(), strings.Fields("--output "+form+" "+args))
			assert.Regexp(t, `^# UNKNOWN - .+\n$`, answer.Text)
			assert.Equal(t, nagios.UNKNOWN, answer.Status)
		}
		_, answer := Personality("devel")(t.Context(), strings.Fields(args+" -- --output json"))
		assert.Regexp(t, "^UNKNOWN - ", answer.Text, "a host is no option")
	}
}

// Points of the same time need tags of their own.
func TestInfluxHostTwice(t *testing.T) {
	good := checktest.Many(5, checktest.Reply(ms))
	got := lines(t, "--output influx 192.0.2.1 192.0.2.2 192.0.2.1 192.0.2.1", good, good, good, good)
	var series []string
	for _, line := range got {
		tags, _, _ := strings.Cut(line, " ")
		series = append(series, tags)
	}
	assert.Equal(t, []string{"rawping,url=192.0.2.1", "rawping,url=192.0.2.2", "rawping,url=192.0.2.1,nr=2", "rawping,url=192.0.2.1,nr=3"}, series)
}

func TestVerbose(t *testing.T) {
	s, r := reportedOdd()
	s.verbosity = 3
	r.Hosts[0].Probes = []echo.Event{
		{Kind: echo.Reply, Number: 1, Seq: 7, RTT: ms, RTTSource: echo.KernelTime, From: router, Hops: 64, OutOfOrder: true},
		{Kind: echo.Lost, Number: 2, Seq: 8, Sent: 1, At: echo.Instant(1).Add(time.Second), Hops: -1},
		{Kind: echo.Refused, Number: 3, Seq: 9, RTT: 2 * ms, ICMP: echo.ICMPError{Type: 3, Code: 4, MTU: 1280, Router: router}, Addr: r.Hosts[0].Addr},
		{Kind: echo.NotSent, Number: 4, Seq: 10, Cause: icmpsock.Prohibited},
		{Kind: echo.Late, Number: 2, Seq: 8, RTT: 2 * time.Second, RTTSource: echo.UserTime, From: router, Hops: -1, Weak: true, Suspect: true},
	}
	r.Took, r.Resolved = 2*time.Second, ms
	r.Counters = echo.Counters{Sent: 8, NotSent: 1, Foreign: 3}
	text := s.report(r).Text
	assert.Contains(t, text, "\n192.0.2.1: 192.0.2.1, 8 packets sent, 4 received, min 10.000ms, median 15.000ms, p95 37.000ms, max 40.000ms, stddev 12.247ms, jitter 23.333ms, ttl 64, times by \n"+
		"192.0.2.1: packet 1 (icmp_seq 7): reply from 203.0.113.1 after 1.000ms (kernel time), ttl 64, out of order\n"+
		"192.0.2.1: packet 2 (icmp_seq 8): lost after 1000.000ms\n"+
		"192.0.2.1: packet 3 (icmp_seq 9): refused: fragmentation needed from 203.0.113.1 after 2.000ms, MTU 1280\n"+
		"192.0.2.1: packet 4 (icmp_seq 10): not sent: prohibited by a local route, or a broadcast address (EACCES)\n"+
		"192.0.2.1: packet 2 (icmp_seq 8): late from 203.0.113.1 after 2000.000ms (user time), suspect, without a token\n"+
		"names looked up after 1.000ms, all done after 2000.000ms of 10000.000ms, a reply may take 1000.000ms\n"+
		"sent 8, not sent 1, foreign messages 3, dropped by our own sockets 0, sends behind time by up to 0.000ms, steps of the wall clock 0\n")
}

func TestExplain(t *testing.T) {
	s, r := reported(t, check.Ending{}, "--confirm 2 --early-exit 192.0.2.1", checktest.Many(6, lost))
	h := r.Hosts[0]
	h.Packets = 7
	h.Path = []check.Hop{{Limit: 1, From: router, RTT: ms}, {Limit: 2}}
	assert.Equal(t, []string{
		"2 packets more to confirm what the first 5 said",
		"1 packet not sent: the verdict was certain",
		"path: 1 203.0.113.1 1.000ms; nothing answers from hop 2 on",
	}, s.explain(h, r.Ending))
}

// The JSON's packets add up.
func TestJSONPackets(t *testing.T) {
	s, r := reported(t, check.Ending{Deadline: true}, "-n 9 192.0.2.1", checktest.Join(
		checktest.Many(2, checktest.Reply(ms)), checktest.Many(1, lost), checktest.Many(3, checktest.Flying(ms)), checktest.Many(1, checktest.Unsent(2))))
	p := s.jsonHost(r.Hosts[0], r.Ending).Packets
	assert.Equal(t, []uint64{6, 2, 1, 0, 3, 1}, []uint64{p.Sent, p.Received, p.Lost, p.Refused, p.Abandoned, p.NotSent})
}

func TestJSON(t *testing.T) {
	s, r := reportedOdd()
	s.output = "json"
	r.Took = 1500 * time.Microsecond
	r.Notices = []string{"socket lost"}
	h := r.Hosts[0]
	h.Path = []check.Hop{{Limit: 1, From: router, RTT: ms, Refusal: &check.Refusal{Type: 3, Code: 1, Router: router}}, {Limit: 2}}
	h.Probes = []echo.Event{{Kind: echo.Reply, Number: 1, Seq: 7, RTT: ms, RTTSource: echo.KernelTime, From: router, Hops: 0}, {Kind: echo.Lost, Hops: -1}}
	r.Hosts = append(r.Hosts, &check.Host{Name: "nosuchhost.test", Err: errors.New("no\nname")})
	answer := s.report(r)
	assert.Equal(t, nagios.WARNING, answer.Status)
	assert.Equal(t, 1, strings.Count(answer.Text, "\n"))
	var got map[string]any
	require.NoError(t, json.Unmarshal([]byte(answer.Text), &got))
	assert.Equal(t, "WARNING", got["state"])
	assert.Equal(t, 1.0, got["exit_code"])
	assert.Equal(t, "WARNING - 192.0.2.1: rta 20.000ms, lost 50% :: nosuchhost.test: no name", got["text"])
	assert.Equal(t, 1.5, got["took_ms"])
	hosts := got["hosts"].([]any)
	first, second := hosts[0].(map[string]any), hosts[1].(map[string]any)
	assert.Equal(t, "no\nname", second["error"])
	assert.Equal(t, "UNKNOWN", second["state"])
	assert.Equal(t, 50.0, first["loss_percent"])
	assert.Equal(t, map[string]any{
		"min": 10.0, "mean": 20.0, "median": 15.0, "p90": 34.0, "p95": 37.0, "p99": 39.4, "max": 40.0, "stddev": 12.247449, "source": "",
	}, first["rtt_ms"])
	assert.Equal(t, map[string]any{
		"wanted": 9.0, "sent": 8.0, "received": 4.0, "lost": 3.0, "refused": 1.0, "not_sent": 1.0, "abandoned": 0.0, "late": 1.0, "late_refusals": 0.0,
		"duplicates": 1.0, "out_of_order": 1.0, "corrupt": 1.0, "wrong_source": 1.0, "suspect": 0.0, "longest_loss_run": 4.0, "consecutive_lost": 4.0,
	}, first["packets"])
	assert.Equal(t, []any{
		map[string]any{"metric": "rta", "value": 20.0, "unit": "ms", "warning": "200.000", "critical": "500.000", "state": "OK"},
		map[string]any{"metric": "loss", "value": 50.0, "unit": "%", "warning": "40", "critical": "80", "state": "WARNING"},
	}, first["thresholds"])
	assert.Equal(t, []any{
		map[string]any{"hop": 1.0, "from": "203.0.113.1", "rtt_ms": 1.0, "error": "host unreachable"}, map[string]any{"hop": 2.0},
	}, first["path"])
	assert.Equal(t, []any{
		map[string]any{"number": 1.0, "icmp_seq": 7.0, "event": "reply", "rtt_ms": 1.0, "rtt_source": "kernel", "from": "203.0.113.1", "ttl": 0.0},
		map[string]any{"number": 0.0, "icmp_seq": 0.0, "event": "lost"},
	}, first["probes"])

	failed := s.failed(errors.New("no right"))
	assert.JSONEq(t, `{"state":"UNKNOWN","exit_code":3,"text":"UNKNOWN - no right","error":"no right"}`, failed.Text)
}

// TestInfluxSchema holds the fields to those of the Telegraf plugin, which its
// README lists.
func TestInfluxSchema(t *testing.T) {
	readme, err := os.ReadFile("../../../plugins/inputs/rawping/README.md")
	require.NoError(t, err)
	_, listed, _ := strings.Cut(string(readme), "  - fields:\n")
	listed, _, _ = strings.Cut(listed, "\n- rawping, one for each bucket")
	want := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^    - (\w+) \((\w+)`).FindAllStringSubmatch(listed, -1) {
		want[m[1]] = m[2]
	}
	require.Greater(t, len(want), 20)
	for _, only := range []string{ // of the plugin, which has options, names and windows before this one
		"percentileN_ms", "resolve_ms", "resolve_error", "seconds_since_reply",
	} {
		delete(want, only)
	}

	s, r := reportedOdd()
	s.output = "influx"
	line := s.report(r).Text
	measurement, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	assert.Equal(t, "rawping,url=192.0.2.1", measurement)
	assert.Regexp(t, ` \d{19}$`, rest)
	got := map[string]string{}
	for _, m := range regexp.MustCompile(`(\w+)=("(?:[^"\\]|\\.)*"|[^, ]+)`).FindAllStringSubmatch(rest, -1) {
		name, value := m[1], m[2]
		switch {
		case strings.HasSuffix(value, "i"):
			got[name] = "int"
		case strings.HasPrefix(value, `"`):
			got[name] = "string"
		default:
			got[name] = "float"
		}
	}
	assert.Equal(t, want, got)
	assert.Contains(t, line, ",result_code=0i,")
	assert.Contains(t, line, ",percent_packet_loss=50,")
	assert.Contains(t, line, " average_response_ms=20,")
}

func TestInflux(t *testing.T) {
	for name, c := range map[string]struct {
		args   string
		events []echo.Event
		want   []string
	}{
		"silent":     {"192.0.2.1", checktest.Many(5, lost), []string{"result_code=3i", "percent_packet_loss=100", `ip="192.0.2.1"`}},
		"not sent":   {"192.0.2.1", checktest.Many(5, checktest.Unsent(icmpsock.Prohibited)), []string{"result_code=2i", "not_sent=5i"}},
		"no address": {"nosuchhost.test", nil, []string{"result_code=1i", "packets_transmitted=0i"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, r := reported(t, check.Ending{}, "--output influx "+c.args, c.events)
			text := s.report(r).Text
			for _, want := range c.want {
				assert.Contains(t, text, want)
			}
			assert.NotContains(t, text, "_response_ms")
		})
	}
	assert.Equal(t, `a\,b\=c\ d`, influxTag("a,b=c d"))
	assert.Equal(t, `a\\b\nc`, influxTag("a\\b\nc"))
	assert.Equal(t, `"a\"b\\c\nd, e"`, influxString("a\"b\\c\nd, e"))
	assert.Equal(t, "# UNKNOWN - no right\n", (&settings{outputSettings: outputSettings{output: "influx"}}).failed(errors.New("no right")).Text)
}

func TestPrometheus(t *testing.T) {
	s, r := reportedOdd()
	s.output = "prometheus"
	r.Took = 1500 * ms
	r.Hosts = append(r.Hosts, r.Hosts[0], &check.Host{Name: "nosuchhost.test", Err: errors.New("no name")})
	text, complete := strings.CutSuffix(s.report(r).Text, "\n# EOF\n")
	assert.True(t, complete)
	text += "\n"
	sample := regexp.MustCompile(`^([a-z_0-9]+)(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?[0-9.e+-]+$`)
	families, seen, current := map[string]bool{}, map[string]bool{}, ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if name, ok := strings.CutPrefix(line, "# TYPE "); ok {
			current = strings.TrimSuffix(name, " gauge")
			assert.False(t, families[current], "all samples of %s stand together", current)
			families[current] = true
			continue
		}
		if strings.HasPrefix(line, "# HELP ") {
			continue
		}
		m := sample.FindStringSubmatch(line)
		if !assert.NotNil(t, m, line) {
			continue
		}
		assert.Equal(t, current, m[1], line)
		assert.False(t, seen[m[1]+m[2]], "the sample is there twice: %s", line)
		seen[m[1]+m[2]] = true
	}
	for _, want := range []string{
		"rawping_check_state 1\n",
		"rawping_check_seconds 1.5\n",
		`rawping_host_state{host="192.0.2.1",address="192.0.2.1"} 1` + "\n",
		`rawping_host_state{host="nosuchhost.test"} 3` + "\n",
		`rawping_loss_ratio{host="192.0.2.1",address="192.0.2.1"} 0.5` + "\n",
		`rawping_rtt_seconds{host="192.0.2.1",address="192.0.2.1",figure="mean"} 0.02` + "\n",
		`rawping_packets{host="192.0.2.1",address="192.0.2.1",verdict="lost"} 3` + "\n",
		`rawping_facts{host="192.0.2.1",address="192.0.2.1",fact="duplicate"} 1` + "\n",
	} {
		assert.Contains(t, text, want)
	}
	assert.Equal(t, `a\"b\\c\n`, promEscape("a\"b\\c\n"))
}
