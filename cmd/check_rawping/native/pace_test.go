package native

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/check/checktest"
	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
)

// paced plays the measuring of hosts to which this happens, a packet to each in
// turn, and returns how many packets each got.
func paced(t *testing.T, args string, fates ...[]echo.Event) (packets []int, s *settings) {
	t.Helper()
	s = parsed(t, args)
	r := checktest.Results(s.plan, check.Ending{})
	if s.plan.Resolved != nil {
		require.NoError(t, s.plan.Resolved(r.Hosts))
	}
	packets = make([]int, len(r.Hosts))
	done := make([]bool, len(r.Hosts))
	for round, more := 0, true; more; round++ {
		more = false
		for i, h := range r.Hosts {
			if done[i] || h.Err != nil || round >= h.Packets {
				continue
			}
			more = true
			ev := fates[i][min(round, len(fates[i])-1)]
			ev.Number = uint64(round + 1)
			h.Observe(&ev)
			packets[i]++
			if s.plan.After == nil {
				continue
			}
			switch next := s.plan.After(h); next {
			case check.GoOn:
			case check.HostDone:
				done[i] = true
			case check.RunDone:
				return packets, s
			default:
				h.Packets = int(next)
			}
		}
	}
	return packets, s
}

func TestConfirm(t *testing.T) {
	good, dead := []echo.Event{checktest.Reply(ms)}, []echo.Event{lost}
	for _, c := range []struct {
		name, args string
		fates      [][]echo.Event
		want       []int
	}{
		{"off", "", [][]echo.Event{good, dead}, []int{5, 5}},
		{"only the bad one", "--confirm 3", [][]echo.Event{good, dead}, []int{5, 8}},
		{"once only", "--confirm 3 -n 1", [][]echo.Event{dead, dead}, []int{4, 4}},
		{"good in the end", "--confirm 5 -n 1", [][]echo.Event{{lost, checktest.Reply(ms)}, good}, []int{6, 1}},
		{"unsent is not OK", "--confirm 2", [][]echo.Event{{checktest.Unsent(icmpsock.Firewall)}, good}, []int{7, 5}},
		{"early", "--confirm 4 --early-exit", [][]echo.Event{dead, good}, []int{8, 5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			packets, _ := paced(t, c.args+" 192.0.2.1 192.0.2.2", c.fates...)
			assert.Equal(t, c.want, packets)
		})
	}
}

func TestEarlyExit(t *testing.T) {
	good, dead, slow := []echo.Event{checktest.Reply(ms)}, []echo.Event{lost}, []echo.Event{checktest.Reply(300 * ms)}
	const loose = "--early-exit -n 10 -w 3000,80% -c 5000,100% --packet-timeout 1s "
	for _, c := range []struct {
		name, args string
		fates      [][]echo.Event
		want       []int
	}{
		{"three of ten answered", loose + "192.0.2.1", [][]echo.Event{good}, []int{3}},
		{"dead to the end", loose + "192.0.2.1", [][]echo.Event{dead}, []int{10}},
		{"hardly any way back", "--early-exit -n 10 -c 500,40% 192.0.2.1", [][]echo.Event{dead}, []int{4}},
		{"one is critical for sure, so all are", "--early-exit -n 10 -c 500,40% 192.0.2.1 192.0.2.2", [][]echo.Event{dead, good}, []int{4, 3}},
		{"the slow one decides", "--early-exit -n 10 -c 250,80% --packet-timeout 300ms 192.0.2.1", [][]echo.Event{slow}, []int{9}},
		{"one alive is enough", loose + "-m 1 192.0.2.1 192.0.2.2 192.0.2.3", [][]echo.Event{dead, good, good}, []int{3, 3, 2}},
		{"two alive are not to be had", "--early-exit -n 10 -c 500,40% -m 2 192.0.2.1 192.0.2.2", [][]echo.Event{dead, good}, []int{4, 3}},
		{"nobody answers for a name", loose + "nosuchhost.test 192.0.2.2", [][]echo.Event{nil, good}, []int{0, 3}},
		{"nor if that is critical", loose + "--dns-failure critical nosuchhost.test 192.0.2.2", [][]echo.Event{nil, good}, []int{0, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			packets, _ := paced(t, c.args, c.fates...)
			assert.Equal(t, c.want, packets)
		})
	}
}
