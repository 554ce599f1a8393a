package native

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/check/checktest"
	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/nagios"
)

var (
	router  = netip.MustParseAddr("203.0.113.1")
	router6 = netip.MustParseAddr("2001:db8::1")
)

// reported makes the results of hosts with these names and events, and the options.
func reported(t *testing.T, end check.Ending, args string, events ...[]echo.Event) (*settings, *check.Results) {
	t.Helper()
	s := parsed(t, args)
	return s, checktest.Results(s.plan, end, events...)
}

var lost = checktest.Lost()

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		name, args string
		end        check.Ending
		events     []echo.Event
		want       nagios.Status
	}{
		{"below", "-w 10,40% -c 20,80%", check.Ending{}, checktest.Many(5, checktest.Reply(10*ms-1)), nagios.OK},
		{"RTA at the warning", "-w 10,40% -c 20,80%", check.Ending{}, checktest.Many(5, checktest.Reply(10*ms)), nagios.WARNING},
		{"RTA below the critical", "-w 10,40% -c 20,80%", check.Ending{}, checktest.Many(5, checktest.Reply(20*ms-1)), nagios.WARNING},
		{"RTA at the critical", "-w 10,40% -c 20,80%", check.Ending{}, checktest.Many(5, checktest.Reply(20*ms)), nagios.CRITICAL},
		{"the mean counts", "-w 10,40% -c 20,80%", check.Ending{}, []echo.Event{checktest.Reply(1 * ms), checktest.Reply(18 * ms)}, nagios.OK},
		{"loss below the warning", "-w 10,40.001% -c 20,80%", check.Ending{}, checktest.Join(checktest.Many(2, lost), checktest.Many(3, checktest.Reply(1))), nagios.OK},
		{"loss at the warning", "", check.Ending{}, checktest.Join(checktest.Many(2, lost), checktest.Many(3, checktest.Reply(1))), nagios.WARNING},
		{"loss at the critical", "", check.Ending{}, checktest.Join(checktest.Many(4, lost), checktest.Many(1, checktest.Reply(1))), nagios.CRITICAL},
		{"29 of 100 is 29%", "-w 10,29% -c 20,30%", check.Ending{}, checktest.Join(checktest.Many(29, lost), checktest.Many(71, checktest.Reply(1))), nagios.WARNING},
		{"7 of 100 is 7%", "-w 10,7% -c 20,7%", check.Ending{}, checktest.Join(checktest.Many(7, lost), checktest.Many(93, checktest.Reply(1))), nagios.CRITICAL},
		{"refused is loss", "", check.Ending{}, checktest.Join(checktest.Many(2, checktest.Refused(3, 1, router)), checktest.Many(3, checktest.Reply(1))), nagios.WARNING},
		{"silent", "-c 5000,100%", check.Ending{}, checktest.Many(5, lost), nagios.CRITICAL},
		{"not sent is no loss", "", check.Ending{}, checktest.Join(checktest.Many(4, checktest.Unsent(icmpsock.NoBuffers)), checktest.Many(1, checktest.Reply(1))), nagios.OK},
		{"no route", "", check.Ending{}, checktest.Many(5, checktest.Unsent(icmpsock.NoRoute)), nagios.CRITICAL},
		{"unreachable", "", check.Ending{}, checktest.Many(5, checktest.Unsent(icmpsock.Unreachable)), nagios.CRITICAL},
		{"prohibited", "", check.Ending{}, checktest.Many(5, checktest.Unsent(icmpsock.Prohibited)), nagios.CRITICAL},
		{"blackhole", "", check.Ending{}, checktest.Many(5, checktest.Unsent(icmpsock.Blackhole)), nagios.CRITICAL},
		{"firewall", "", check.Ending{}, checktest.Many(5, checktest.Unsent(icmpsock.Firewall)), nagios.UNKNOWN},
		{"buffers", "", check.Ending{}, checktest.Many(5, checktest.Unsent(icmpsock.NoBuffers)), nagios.UNKNOWN},
		{"too big for the path", "--dont-fragment", check.Ending{}, checktest.Many(5, checktest.Unsent(icmpsock.TooBig)), nagios.CRITICAL},
		{"first a router says so", "--dont-fragment", check.Ending{}, checktest.Join(checktest.Many(1, checktest.Refused(3, 4, router)), checktest.Many(4, checktest.Unsent(icmpsock.TooBig))), nagios.CRITICAL},
		{"too big, and the firewall", "--dont-fragment", check.Ending{}, checktest.Join(checktest.Many(4, checktest.Unsent(icmpsock.TooBig)), checktest.Many(1, checktest.Unsent(icmpsock.Firewall))), nagios.UNKNOWN},
		{"too big for any packet", "-b 65527", check.Ending{}, checktest.Many(5, checktest.Unsent(icmpsock.TooBig)), nagios.UNKNOWN},
		{"socket", "", check.Ending{}, checktest.Many(5, checktest.Unsent(icmpsock.SocketLost)), nagios.UNKNOWN},
		{"no route, then the firewall", "", check.Ending{}, checktest.Join(checktest.Many(4, checktest.Unsent(icmpsock.NoRoute)), checktest.Many(1, checktest.Unsent(icmpsock.Firewall))), nagios.UNKNOWN},
		{"socket lost in flight", "", check.Ending{}, checktest.Many(5, echo.Event{Kind: echo.Abandoned, Cause: icmpsock.SocketLost}), nagios.UNKNOWN},
		{"nothing at all", "", check.Ending{Deadline: true}, nil, nagios.UNKNOWN},
		{"deadline, nothing answered", "-c 5000,100%", check.Ending{Deadline: true}, checktest.Many(2, checktest.Flying(ms)), nagios.CRITICAL},
		{"deadline, answered before", "-c 5000,100%", check.Ending{Deadline: true}, checktest.Join(checktest.Many(1, checktest.Reply(1)), checktest.Many(4, checktest.Flying(ms))), nagios.OK},
		{"deadline, waited in full", "", check.Ending{Deadline: true}, checktest.Join(checktest.Many(1, checktest.Reply(1)), checktest.Many(4, checktest.Flying(time.Second))), nagios.CRITICAL},
		{"stopped", "", check.Ending{Signal: "SIGTERM"}, checktest.Many(5, lost), nagios.UNKNOWN},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, r := reported(t, c.end, c.args+" 192.0.2.1", c.events)
			assert.Equal(t, c.want, s.judge(r))
		})
	}
}

func TestWorstHost(t *testing.T) {
	good, slow, dead := checktest.Many(5, checktest.Reply(1)), checktest.Many(5, checktest.Reply(300*ms)), checktest.Many(5, lost)
	for _, c := range []struct {
		first, second []echo.Event
		want          nagios.Status
	}{
		{good, good, nagios.UNKNOWN},
		{good, slow, nagios.WARNING},
		{slow, dead, nagios.CRITICAL},
	} {
		s, r := reported(t, check.Ending{}, "192.0.2.1 192.0.2.2 nosuchhost.test", c.first, c.second)
		assert.Equal(t, c.want, s.judge(r))
	}
}

func TestRender(t *testing.T) {
	const noFigures = "rta=U;200.000;500.000;0; pl=U;40;80;; rtmax=U;;;; rtmin=U;;;; \n"
	const allLost = "rta=U;200.000;500.000;0; pl=100%;40;80;; rtmax=U;;;; rtmin=U;;;; \n"
	for _, c := range []struct {
		name, args string
		end        check.Ending
		events     []echo.Event
		want       string
	}{
		{
			"replies", "192.0.2.1",
			check.Ending{},
			[]echo.Event{checktest.Reply(4 * time.Microsecond), checktest.Reply(29 * time.Microsecond), checktest.Reply(9 * time.Microsecond)},
			"OK - 192.0.2.1: rta 0.014ms, lost 0%|rta=0.014ms;200.000;500.000;0; pl=0%;40;80;; rtmax=0.029ms;;;; rtmin=0.004ms;;;; \n",
		},
		{
			"loss has three decimals", "-w 200.5,12.5% 192.0.2.1",
			check.Ending{},
			checktest.Join(checktest.Many(1, lost), checktest.Many(2, checktest.Reply(ms))),
			"WARNING - 192.0.2.1: rta 1.000ms, lost 33.333%|rta=1.000ms;200.500;500.000;0; pl=33.333%;12.5;80;; rtmax=1.000ms;;;; rtmin=1.000ms;;;; \n",
		},
		{
			"silence", "192.0.2.1",
			check.Ending{},
			checktest.Many(5, lost),
			"CRITICAL - 192.0.2.1: rta nan, lost 100%|" + allLost,
		},
		{
			"refused by two routers", "192.0.2.1",
			check.Ending{},
			checktest.Join(checktest.Many(1, checktest.Refused(11, 0, router6)), checktest.Many(3, checktest.Refused(3, 1, router)), checktest.Many(1, lost)),
			"CRITICAL - 192.0.2.1: Host unreachable @ 203.0.113.1. rta nan, lost 100%|" + allLost +
				"192.0.2.1: 1 packet refused: time to live exceeded from 2001:db8::1\n" +
				"192.0.2.1: 3 packets refused: host unreachable from 203.0.113.1\n",
		},
		{
			"refused after the timeout", "192.0.2.1",
			check.Ending{},
			checktest.Join(checktest.Many(1, lost),
				checktest.Many(1, echo.Event{Kind: echo.LateRefusal, ICMP: echo.ICMPError{Type: 3, Code: 13, Router: router}})),
			"CRITICAL - 192.0.2.1: Prohibited by filter (firewall) @ 203.0.113.1. rta nan, lost 100%|" + allLost +
				"192.0.2.1: 1 packet refused after the timeout: communication administratively prohibited from 203.0.113.1\n",
		},
		{
			"refused, IPv6", "2001:db8::7",
			check.Ending{},
			checktest.Many(2, checktest.Refused(1, 3, router6)),
			"CRITICAL - 2001:db8::7: Address unreachable @ 2001:db8::1. rta nan, lost 100%|" + allLost +
				"2001:db8::7: 2 packets refused: address unreachable from 2001:db8::1\n",
		},
		{
			"no route", "192.0.2.1",
			check.Ending{},
			checktest.Many(2, checktest.Unsent(icmpsock.NoRoute)),
			"CRITICAL - 192.0.2.1: no route to the host (ENETUNREACH). rta nan, nothing sent|" + noFigures +
				"192.0.2.1: 2 packets not sent: no route to the host (ENETUNREACH)\n",
		},
		{
			"the system's own words", "192.0.2.1",
			check.Ending{},
			checktest.Many(1, echo.Event{Kind: echo.NotSent, Cause: icmpsock.SocketLost, Err: errors.New("IPv6 is switched\noff | here")}),
			"UNKNOWN - 192.0.2.1: IPv6 is switched off / here. rta nan, nothing sent|" + noFigures +
				"192.0.2.1: 1 packet not sent: IPv6 is switched off / here\n",
		},
		{
			"everything odd", "-n 12 192.0.2.1",
			check.Ending{},
			checktest.Join(
				[]echo.Event{{Kind: echo.Reply, RTT: ms, OutOfOrder: true}, {Kind: echo.Reply, RTT: ms, Suspect: true}, lost, lost}, checktest.Many(1, checktest.Unsent(icmpsock.Firewall)),
				[]echo.Event{
					{Kind: echo.Late, RTT: 1100 * ms},
					{Kind: echo.Late, RTT: 1200 * ms},
					{Kind: echo.Duplicate},
					{Kind: echo.Corrupt},
					{Kind: echo.Corrupt},
					{Kind: echo.WrongSource, From: router},
					{Kind: echo.Abandoned, Cause: icmpsock.SocketLost},
				}),
			"WARNING - 192.0.2.1: rta 1.000ms, lost 50%|rta=1.000ms;200.000;500.000;0; pl=50%;40;80;; rtmax=1.000ms;;;; rtmin=1.000ms;;;; \n" +
				"192.0.2.1: 1 packet not sent: refused by the local firewall (EPERM)\n" +
				"192.0.2.1: 1 packet given up: socket lost (EBADF)\n" +
				"192.0.2.1: 2 late replies, up to 1200.000ms\n" +
				"192.0.2.1: 1 duplicate reply\n" +
				"192.0.2.1: 2 corrupt replies\n" +
				"192.0.2.1: 1 reply from another address: 203.0.113.1\n" +
				"192.0.2.1: 1 reply out of order\n" +
				"192.0.2.1: 1 packet suspect: our own socket dropped messages meanwhile\n",
		},
		{
			"stopped", "192.0.2.1",
			check.Ending{Signal: "SIGTERM"},
			checktest.Join(checktest.Many(1, checktest.Reply(ms)), checktest.Many(2, checktest.Flying(ms))),
			"UNKNOWN - stopped by SIGTERM. 192.0.2.1: rta 1.000ms, lost 0%|rta=1.000ms;200.000;500.000;0; pl=0%;40;80;; rtmax=1.000ms;;;; rtmin=1.000ms;;;; \n" +
				"192.0.2.1: 2 packets in flight at SIGTERM, left out\n" +
				"192.0.2.1: 2 packets not sent before SIGTERM\n",
		},
		{
			"stopped with nothing decided", "-n 1 192.0.2.1",
			check.Ending{Signal: "SIGINT"},
			checktest.Many(1, checktest.Flying(ms)),
			"UNKNOWN - stopped by SIGINT. 192.0.2.1: rta nan, nothing decided|" + noFigures +
				"192.0.2.1: 1 packet in flight at SIGINT, left out\n",
		},
		{
			"no address", "nosuchhost.test",
			check.Ending{},
			nil,
			"UNKNOWN - nosuchhost.test: name does not resolve|" + noFigures,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, r := reported(t, c.end, c.args, c.events)
			assert.Equal(t, c.want, s.report(r).Text)
		})
	}
}

func TestLabels(t *testing.T) {
	_, r := reported(t, check.Ending{}, "192.0.2.1 web.example ::1 2001:db8::a:0:b 0:0:0:0:0:0:0:1 ::ffff:192.0.2.1 web.example [2001:db8::1]")
	r.Hosts = append(r.Hosts, &check.Host{Name: "fe80::1%eth0"})
	assert.Equal(t, []string{
		"192.0.2.1", "web.example", "0:0:0:0:0:0:0:1", "2001:db8:0:0:0:a:0:b",
		"0:0:0:0:0:0:0:1#2", "192.0.2.1#2", "web.example#2", "2001:db8:0:0:0:0:0:1", "fe80:0:0:0:0:0:0:1%eth0",
	}, labelPrefixes(r))
	r.Hosts = r.Hosts[:1]
	assert.Equal(t, []string{""}, labelPrefixes(r))

	_, r = reported(t, check.Ending{}, "--resolve all web.example 192.0.2.1")
	web := *r.Hosts[0]
	web.Addr, web.Err = router6, nil
	r.Hosts[0] = &web
	assert.Equal(t, []string{"web.example/2001:db8:0:0:0:0:0:1", "192.0.2.1"}, labelPrefixes(r))
	assert.Equal(t, []string{"web.example (2001:db8::1)", "192.0.2.1"}, displayNames(r))
	r.Hosts = r.Hosts[:1]
	assert.Equal(t, []string{"web.example/2001:db8:0:0:0:0:0:1"}, labelPrefixes(r), "tomorrow it may have two")
}
