package standin

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/check/checktest"
	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
)

const ms = time.Millisecond

// say returns what a plugin says of hosts that met these events.
func say(t *testing.T, p check.Personality, args string, end check.Ending, events ...[]echo.Event) check.Answer {
	t.Helper()
	job, answer := p(t.Context(), strings.Fields(args))
	if answer != nil {
		return *answer
	}
	results := checktest.Results(job.Plan, end, events...)
	for _, h := range results.Hosts { // what the plan does between two packets
		if job.Plan.After != nil && h.Err == nil {
			job.Plan.After(h)
		}
	}
	return job.Report(results)
}

// replies are packets that were answered, with these RTTs in milliseconds.
func replies(rtts ...float64) (events []echo.Event) {
	for _, rtt := range rtts {
		events = append(events, checktest.Reply(time.Duration(rtt*float64(ms))))
	}
	return events
}

// The modes are those of check_icmp 2.4, which is not in Debian: the lines are what its
// source prints.
func TestModes(t *testing.T) {
	lost := checktest.Many(5, checktest.Lost())
	some := checktest.Join(replies(10, 30), checktest.Many(3, checktest.Lost()))
	disorder := replies(10, 12)
	disorder[1].OutOfOrder = true
	for _, c := range []struct {
		args   string
		events [][]echo.Event
		want   string
		code   int
	}{
		{"-R 100,200 192.0.2.1", [][]echo.Event{replies(10, 20)}, "OK - 192.0.2.1 rta 15.000ms|rta=15.000ms;100.000;200.000;0; rtmax=20.000ms;;;; rtmin=10.000ms;;;; ", 0},
		{"-R 15ms,200ms 192.0.2.1", [][]echo.Event{replies(10, 20)}, "WARNING - 192.0.2.1 rta 15.000ms > 15.000ms|rta=15.000ms;15.000;200.000;0; rtmax=20.000ms;;;; rtmin=10.000ms;;;; ", 1},
		{"-R 300,15.5 192.0.2.1", [][]echo.Event{replies(10, 21)}, "CRITICAL - 192.0.2.1 rta 15.500ms > 15.500ms|rta=15.500ms;15.500;15.500;0; rtmax=21.000ms;;;; rtmin=10.000ms;;;; ", 2},
		{"-R 100 192.0.2.1", [][]echo.Event{lost}, "CRITICAL - 192.0.2.1: rta nan, lost 100%|rta=U;;;; rtmax=U;;;; rtmin=U;;;; ", 2},
		{"-P 40%,80% 192.0.2.1", [][]echo.Event{some}, "WARNING - 192.0.2.1 lost 60% > 40%|pl=60%;40;80;0;100 ", 1},
		{"-P 40,60 192.0.2.1", [][]echo.Event{some}, "CRITICAL - 192.0.2.1 lost 60% > 60%|pl=60%;40;60;0;100 ", 2},
		{"-P 40,80 192.0.2.1", [][]echo.Event{lost}, "CRITICAL - 192.0.2.1: rta nan, lost 100%|pl=100%;40;80;0;100 ", 2},
		{"-R 100,200 -P 40,80 192.0.2.1", [][]echo.Event{some}, "WARNING - 192.0.2.1 lost 60% > 40%|rta=20.000ms;100.000;200.000;0; rtmax=30.000ms;;;; rtmin=10.000ms;;;; pl=60%;40;80;0;100 ", 1},
		{"-J 20,40 192.0.2.1", [][]echo.Event{replies(10, 30, 15)}, "OK - 192.0.2.1 jitter 17.500ms|jitter_avg=17.500ms;20.000;40.000;0; jitter_max=20.000ms;;;; jitter_min=15.000ms;;;; ", 0},
		{"-J 17.5,40 192.0.2.1", [][]echo.Event{replies(10, 30, 15)}, "WARNING - 192.0.2.1 jitter 17.500ms > 17.500ms|jitter_avg=17.500ms;17.500;40.000;0; jitter_max=20.000ms;;;; jitter_min=15.000ms;;;; ", 1},
		{"-J 50,40 192.0.2.1", [][]echo.Event{lost}, "CRITICAL - 192.0.2.1: rta nan, lost 100%|jitter_avg=U;;;; jitter_max=U;;;; jitter_min=U;;;; ", 2},
		{"-M 4,3 192.0.2.1", [][]echo.Event{replies(10, 10, 10)}, "OK - 192.0.2.1 MOS 4.4|mos=4.4;4.0;3.0;0;5 ", 0},
		{"-M 3.5,3.0 192.0.2.1", [][]echo.Event{some}, "CRITICAL - 192.0.2.1 MOS 1.0 < 3.0|mos=1.0;3.5;3.0;0;5 ", 2},
		{"-M 3.5,3.0 192.0.2.1", [][]echo.Event{replies(10)}, "CRITICAL - 192.0.2.1 MOS 0.0 < 3.0|mos=0.0;3.5;3.0;0;5 ", 2},
		{"-S 80,70 192.0.2.1", [][]echo.Event{replies(10, 10, 10)}, "OK - 192.0.2.1 Score 92|score=92;80;70;0;100 ", 0},
		{"-S 95,70 192.0.2.1", [][]echo.Event{replies(10, 10, 10)}, "WARNING - 192.0.2.1 Score 92 < 95|score=92;95;70;0;100 ", 1},
		{"-S 80,70 192.0.2.1", [][]echo.Event{lost}, "CRITICAL - 192.0.2.1: rta nan, lost 100%|score=U;;;; ", 2},
		{"-O 192.0.2.1", [][]echo.Event{replies(10, 12)}, "OK - 192.0.2.1 Packets in order", 0},
		{"-O 192.0.2.1", [][]echo.Event{disorder}, "CRITICAL - 192.0.2.1 Packets out of order", 2},
		{"-O 192.0.2.1", [][]echo.Event{lost}, "CRITICAL - 192.0.2.1: rta nan, lost 100%", 2},
		{
			"-R 100,200 -P 40,80 -J 30,40 -M 3.5,3 -S 80,70 -O 192.0.2.1",
			[][]echo.Event{replies(10, 10)},
			"OK - 192.0.2.1 rta 10.000ms lost 0% jitter 0.000ms MOS 4.4 Score 92 Packets in order|rta=10.000ms;100.000;200.000;0; rtmax=10.000ms;;;; rtmin=10.000ms;;;; pl=0%;40;80;0;100 jitter_avg=0.000ms;30.000;40.000;0; jitter_max=0.000ms;;;; jitter_min=0.000ms;;;; mos=4.4;3.5;3.0;0;5 score=92;80;70;0;100 ", 0,
		},
		{
			"-R 15,200 192.0.2.1 192.0.2.2",
			[][]echo.Event{replies(10), replies(20)},
			"WARNING - 192.0.2.1 rta 10.000ms :: 192.0.2.2 rta 20.000ms > 15.000ms|192.0.2.1rta=10.000ms;15.000;200.000;0; 192.0.2.1rtmax=10.000ms;;;; 192.0.2.1rtmin=10.000ms;;;; 192.0.2.2rta=20.000ms;15.000;200.000;0; 192.0.2.2rtmax=20.000ms;;;; 192.0.2.2rtmin=20.000ms;;;; ", 1,
		},
		{"-R 10, 192.0.2.1", nil, "check_icmp: Failed to parse RTA threshold", 3},
		{"-J x,3 192.0.2.1", nil, "check_icmp: Failed to parse jitter threshold", 3},
		{"-S -1,3 192.0.2.1", nil, "check_icmp: Failed to parse score threshold", 3},
		{"-P 10,20x 192.0.2.1", nil, "check_icmp: Failed to parse packet loss threshold", 3},
		{"-M 3,,4 192.0.2.1", nil, "check_icmp: Failed to parse MOS threshold", 3},
	} {
		answer := say(t, ICMP("0"), c.args, check.Ending{}, c.events...)
		assert.Equal(t, c.want+"\n", answer.Text, c.args)
		assert.Equal(t, c.code, int(answer.Status), c.args)
	}
}

// The figures that matter for the pace are those of the original's formulas.
func TestPace(t *testing.T) {
	for _, c := range []struct {
		p                                      check.Personality
		args                                   string
		packets                                int
		interval, stagger, probing, timeout, w time.Duration
	}{
		{ICMP(""), "192.0.2.1", 5, 80 * ms, 0, 3400 * ms, 10 * time.Second, 3400 * ms},
		{ICMP(""), "-w 3000,80% -c 5000,100% 192.0.2.1", 5, 80 * ms, 0, 30400 * ms, 10 * time.Second, 10 * time.Second},
		{ICMP(""), "-n 2 -i 100 -I 200 -t 20 192.0.2.1 192.0.2.2 192.0.2.3", 2, 900 * ms, 200 * ms, 4700 * ms, 20 * time.Second, 4700 * ms},
		{ICMP(""), "-n 1 -i 0 -c 0us,100% 192.0.2.1", 1, ms, 0, 2 * ms, 10 * time.Second, 2 * ms},
		{Host(""), "192.0.2.1", 5, time.Second, 0, 11 * time.Second, 10 * time.Second, 10 * time.Second},
		{RTAMulti(""), "192.0.2.1", 5, 50 * ms, 0, 3250 * ms, 10 * time.Second, 3250 * ms},
		{Ping(""), "-w 100,20% -c 200,40% -H 192.0.2.1", 11, time.Second, 500 * ms * 2, 0, 10 * time.Second, 10 * time.Second},
		{Ping(""), "-w 3000,80% -c 5000,100% 192.0.2.1", 31, time.Second, time.Second, 0, 30 * time.Second, 30 * time.Second},
		{Ping(""), "-w 1,80% -c 2,100% -t 0 -p 1 192.0.2.1", 2, time.Second, 500 * ms, 0, time.Second, time.Second},
		{Ping(""), "-w 1,80% -c 2,100% -t 4 -H 192.0.2.1,192.0.2.2,192.0.2.3,192.0.2.4", 6, time.Second, 625 * ms, 0, 5 * time.Second, 5 * time.Second},
		{FPing(""), "192.0.2.1", 1, time.Second, 0, 0, 11 * time.Second, time.Second},
		{FPing(""), "192.0.2.1 -n 3 -i 5000", 3, 5 * time.Second, 0, 0, 22 * time.Second, 2 * time.Second},
		{FPing(""), "192.0.2.1 -n 3 -i 100 -T 700", 3, 100 * ms, 0, 0, 10900 * ms, 700 * ms},
	} {
		job, answer := c.p(t.Context(), strings.Fields(c.args))
		require.Nil(t, answer, c.args)
		p := job.Plan
		assert.Equal(t, c.packets, p.Packets, c.args)
		assert.Equal(t, c.interval, p.Interval, c.args)
		assert.Equal(t, c.stagger, p.Stagger, c.args)
		assert.Equal(t, c.probing, p.Probing, c.args)
		assert.Equal(t, c.timeout, p.Timeout, c.args)
		assert.Equal(t, c.w, p.Wait, c.args)
	}
}

// What the network does not easily do on request.
func TestOddAnswers(t *testing.T) {
	router := netip.MustParseAddr("203.0.113.9")
	refused := func(typ, code uint8) []echo.Event { return []echo.Event{checktest.Refused(typ, code, router)} }
	const limits = "-w 100,20% -c 200,40% "
	for _, c := range []struct {
		p      check.Personality
		args   string
		end    check.Ending
		events []echo.Event
		want   string
		code   int
	}{
		{ICMP(""), "192.0.2.1", check.Ending{}, refused(3, 77), "CRITICAL - 192.0.2.1: Destination unreachable, code 77 @ 203.0.113.9. rta nan, lost 100%|", 2},
		{ICMP(""), "192.0.2.1", check.Ending{Signal: "SIGINT"}, replies(10), "UNKNOWN - stopped by SIGINT. 192.0.2.1: rta 10.000ms, lost 0%|", 3},
		{ICMP(""), "192.0.2.1", check.Ending{}, checktest.Many(5, checktest.Unsent(icmpsock.SocketFull)), "UNKNOWN - 192.0.2.1: send buffer full (EAGAIN). rta nan, nothing sent|rta=0.000ms;200.000;500.000;0; pl=U;40;80;; ", 3},
		{ICMP(""), "192.0.2.1", check.Ending{}, checktest.Many(5, checktest.Unsent(icmpsock.NoSource)), "check_icmp: Cannot bind to IP address : Cannot assign requested address", 3},
		{
			ICMP(""), "-t 3 -c 5000,80% 192.0.2.1",
			check.Ending{Deadline: true},
			append(replies(10), checktest.Flying(990*ms), checktest.Flying(1010*ms)),
			"WARNING - 192.0.2.1: rta 10.000ms, lost 50%|", 1,
		},
		{Host(""), "192.0.2.1", check.Ending{Signal: "SIGTERM"}, nil, "UNKNOWN - stopped by SIGTERM. 192.0.2.1: rta nan, nothing decided|", 3},

		{Ping(""), limits + "192.0.2.1", check.Ending{}, refused(3, 11), "CRITICAL - Network Unreachable (192.0.2.1)\n", 2},
		{Ping(""), limits + "192.0.2.1", check.Ending{}, refused(3, 12), "CRITICAL - Host Unreachable (192.0.2.1)\n", 2},
		{Ping(""), limits + "192.0.2.1", check.Ending{}, refused(3, 5), "PING CRITICAL - Packet loss = 100%| rta=U;100.000000;200.000000;; pl=100%;20;40;0;\n", 2},
		{Ping(""), limits + "192.0.2.1", check.Ending{}, refused(11, 1), "PING CRITICAL - Packet loss = 100%|", 2},
		{Ping(""), limits + "2001:db8::1", check.Ending{}, refused(1, 2), "CRITICAL - Destination Unreachable (2001:db8::1)\n", 2},
		{Ping(""), limits + "2001:db8::1", check.Ending{}, refused(2, 0), "PING CRITICAL - Packet loss = 100%|", 2},
		{
			Ping(""), limits + "192.0.2.1",
			check.Ending{Deadline: true},
			append(replies(10), checktest.Many(4, checktest.Flying(time.Second))...),
			"PING CRITICAL - Packet loss = 80%, RTA = 10.00 ms|rta=10.000000ms;100.000000;200.000000;0.000000 pl=80%;20;40;0;\n", 2,
		},
		{Ping(""), limits + "192.0.2.1", check.Ending{}, []echo.Event{checktest.Unsent(icmpsock.LinkDown)}, "PING UNKNOWN - network interface down or gone (ENETDOWN)| rta=U;", 3},
		{Ping(""), limits + "-H 192.0.2.1,192.0.2.2", check.Ending{Signal: "SIGTERM"}, nil, "PING UNKNOWN - stopped by SIGTERM. nothing decided| rta=U;", 3},

		{FPing(""), "192.0.2.1 -w 100,20% -c 200,40%", check.Ending{}, replies(100, 100), "FPING OK - 192.0.2.1 (loss=0%, rta=100.000000 ms)|loss=0%;20;40;0;100 rta=0.100000s;0.100000;0.200000;0.000000\n", 0},
		{FPing(""), "192.0.2.1 -w 100,20% -c 200,40%", check.Ending{}, replies(200.001), "FPING CRITICAL - 192.0.2.1 (loss=0%, rta=200.001000 ms)|", 2},
		{FPing(""), "192.0.2.1 -a", check.Ending{}, append([]echo.Event{checktest.Lost()}, replies(10)...), "FPING OK - 192.0.2.1 (loss=50%, rta=10.000000 ms)|loss=50%;;;0;100 rta=0.010000s;;;0.000000\n", 0},
		{FPing(""), "192.0.2.1", check.Ending{Signal: "SIGTERM"}, nil, "FPING UNKNOWN - stopped by SIGTERM. 192.0.2.1 (nothing decided)|loss=U;;;0;100\n", 3},
	} {
		answer := say(t, c.p, c.args, c.end, c.events)
		assert.True(t, strings.HasPrefix(answer.Text, c.want), "%s\n%s", c.args, answer.Text)
		assert.Equal(t, c.code, int(answer.Status), c.args)
	}
}
