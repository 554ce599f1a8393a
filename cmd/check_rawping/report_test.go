package main

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/nagios"
)

var (
	router  = netip.MustParseAddr("203.0.113.1")
	router6 = netip.MustParseAddr("2001:db8::1")
)

// reported makes a report of hosts with these names and events, and the options.
func reported(t *testing.T, end ending, args string, events ...[]echo.Event) *report {
	t.Helper()
	s, err := parse(strings.Fields(args))
	require.NoError(t, err)
	r := newReport(s)
	r.ending = end
	for i, h := range r.list {
		if h.addr, err = netip.ParseAddr(h.name); err != nil {
			h.err = errors.New("name does not resolve")
		}
		if i < len(events) {
			for k := range events[i] {
				events[i][k].Number = uint64(k + 1)
				h.observe(&events[i][k])
			}
		}
	}
	r.settle()
	return r
}

func reply(rtt time.Duration) echo.Event {
	return echo.Event{Kind: echo.Reply, RTT: rtt, Hops: 64}
}

func unsent(cause icmpsock.Cause) echo.Event {
	return echo.Event{Kind: echo.NotSent, Cause: cause}
}

func refused(typ, code uint8, router netip.Addr) echo.Event {
	return echo.Event{Kind: echo.Refused, ICMP: echo.ICMPError{Type: typ, Code: code, Router: router}}
}

// flying is a packet that was in flight for so long when the run was ended.
func flying(waited time.Duration) echo.Event {
	return echo.Event{Kind: echo.Abandoned, Sent: 1, At: echo.Instant(1).Add(waited)}
}

func many(n int, ev echo.Event) []echo.Event {
	events := make([]echo.Event, n)
	for i := range events {
		events[i] = ev
	}
	return events
}

func join(lists ...[]echo.Event) (all []echo.Event) {
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}

var lost = echo.Event{Kind: echo.Lost}

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		name, args string
		end        ending
		events     []echo.Event
		want       nagios.Status
	}{
		{"below", "-w 10,40% -c 20,80%", ending{}, many(5, reply(10*ms-1)), nagios.OK},
		{"RTA at the warning", "-w 10,40% -c 20,80%", ending{}, many(5, reply(10*ms)), nagios.WARNING},
		{"RTA below the critical", "-w 10,40% -c 20,80%", ending{}, many(5, reply(20*ms-1)), nagios.WARNING},
		{"RTA at the critical", "-w 10,40% -c 20,80%", ending{}, many(5, reply(20*ms)), nagios.CRITICAL},
		{"the mean counts", "-w 10,40% -c 20,80%", ending{}, []echo.Event{reply(1 * ms), reply(18 * ms)}, nagios.OK},
		{"loss below the warning", "-w 10,40.001% -c 20,80%", ending{}, join(many(2, lost), many(3, reply(1))), nagios.OK},
		{"loss at the warning", "", ending{}, join(many(2, lost), many(3, reply(1))), nagios.WARNING},
		{"loss at the critical", "", ending{}, join(many(4, lost), many(1, reply(1))), nagios.CRITICAL},
		{"29 of 100 is 29%", "-w 10,29% -c 20,30%", ending{}, join(many(29, lost), many(71, reply(1))), nagios.WARNING},
		{"7 of 100 is 7%", "-w 10,7% -c 20,7%", ending{}, join(many(7, lost), many(93, reply(1))), nagios.CRITICAL},
		{"refused is loss", "", ending{}, join(many(2, refused(3, 1, router)), many(3, reply(1))), nagios.WARNING},
		{"silent", "-c 5000,100%", ending{}, many(5, lost), nagios.CRITICAL},
		{"not sent is no loss", "", ending{}, join(many(4, unsent(icmpsock.NoBuffers)), many(1, reply(1))), nagios.OK},
		{"no route", "", ending{}, many(5, unsent(icmpsock.NoRoute)), nagios.CRITICAL},
		{"unreachable", "", ending{}, many(5, unsent(icmpsock.Unreachable)), nagios.CRITICAL},
		{"prohibited", "", ending{}, many(5, unsent(icmpsock.Prohibited)), nagios.CRITICAL},
		{"blackhole", "", ending{}, many(5, unsent(icmpsock.Blackhole)), nagios.CRITICAL},
		{"firewall", "", ending{}, many(5, unsent(icmpsock.Firewall)), nagios.UNKNOWN},
		{"buffers", "", ending{}, many(5, unsent(icmpsock.NoBuffers)), nagios.UNKNOWN},
		{"socket", "", ending{}, many(5, unsent(icmpsock.SocketLost)), nagios.UNKNOWN},
		{"no route, then the firewall", "", ending{}, join(many(4, unsent(icmpsock.NoRoute)), many(1, unsent(icmpsock.Firewall))), nagios.UNKNOWN},
		{"socket lost in flight", "", ending{}, many(5, echo.Event{Kind: echo.Abandoned, Cause: icmpsock.SocketLost}), nagios.UNKNOWN},
		{"nothing at all", "", ending{deadline: true}, nil, nagios.UNKNOWN},
		{"deadline, nothing answered", "-c 5000,100%", ending{deadline: true}, many(2, flying(ms)), nagios.CRITICAL},
		{"deadline, answered before", "-c 5000,100%", ending{deadline: true}, join(many(1, reply(1)), many(4, flying(ms))), nagios.OK},
		{"deadline, waited in full", "", ending{deadline: true}, join(many(1, reply(1)), many(4, flying(time.Second))), nagios.CRITICAL},
		{"stopped", "", ending{signal: "SIGTERM"}, many(5, lost), nagios.UNKNOWN},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := reported(t, c.end, c.args+" 192.0.2.1", c.events)
			assert.Equal(t, c.want, r.judge())
		})
	}
}

func TestWorstHost(t *testing.T) {
	good, slow, dead := many(5, reply(1)), many(5, reply(300*ms)), many(5, lost)
	const three = "192.0.2.1 192.0.2.2 nosuchhost.test"
	assert.Equal(t, nagios.UNKNOWN, reported(t, ending{}, three, good, good).judge())
	assert.Equal(t, nagios.WARNING, reported(t, ending{}, three, good, slow).judge())
	assert.Equal(t, nagios.CRITICAL, reported(t, ending{}, three, slow, dead).judge())
}

func TestRender(t *testing.T) {
	const noFigures = "rta=U;200.000;500.000;0; pl=U;40;80;; rtmax=U;;;; rtmin=U;;;; \n"
	const allLost = "rta=U;200.000;500.000;0; pl=100%;40;80;; rtmax=U;;;; rtmin=U;;;; \n"
	for _, c := range []struct {
		name, args string
		end        ending
		events     []echo.Event
		want       string
	}{
		{
			"replies", "192.0.2.1",
			ending{},
			[]echo.Event{reply(4 * time.Microsecond), reply(29 * time.Microsecond), reply(9 * time.Microsecond)},
			"OK - 192.0.2.1: rta 0.014ms, lost 0%|rta=0.014ms;200.000;500.000;0; pl=0%;40;80;; rtmax=0.029ms;;;; rtmin=0.004ms;;;; \n",
		},
		{
			"loss has three decimals", "-w 200.5,12.5% 192.0.2.1",
			ending{},
			join(many(1, lost), many(2, reply(ms))),
			"WARNING - 192.0.2.1: rta 1.000ms, lost 33.333%|rta=1.000ms;200.500;500.000;0; pl=33.333%;12.5;80;; rtmax=1.000ms;;;; rtmin=1.000ms;;;; \n",
		},
		{
			"silence", "192.0.2.1",
			ending{},
			many(5, lost),
			"CRITICAL - 192.0.2.1: rta nan, lost 100%|" + allLost,
		},
		{
			"refused by two routers", "192.0.2.1",
			ending{},
			join(many(1, refused(11, 0, router6)), many(3, refused(3, 1, router)), many(1, lost)),
			"CRITICAL - 192.0.2.1: Host unreachable @ 203.0.113.1. rta nan, lost 100%|" + allLost +
				"192.0.2.1: 1 packet refused: time to live exceeded from 2001:db8::1\n" +
				"192.0.2.1: 3 packets refused: host unreachable from 203.0.113.1\n",
		},
		{
			"refused after the timeout", "192.0.2.1",
			ending{},
			join(many(1, lost),
				many(1, echo.Event{Kind: echo.LateRefusal, ICMP: echo.ICMPError{Type: 3, Code: 13, Router: router}})),
			"CRITICAL - 192.0.2.1: Prohibited by filter (firewall) @ 203.0.113.1. rta nan, lost 100%|" + allLost +
				"192.0.2.1: 1 packet refused after the timeout: communication administratively prohibited from 203.0.113.1\n",
		},
		{
			"refused, IPv6", "2001:db8::7",
			ending{},
			many(2, refused(1, 3, router6)),
			"CRITICAL - 2001:db8::7: Address unreachable @ 2001:db8::1. rta nan, lost 100%|" + allLost +
				"2001:db8::7: 2 packets refused: address unreachable from 2001:db8::1\n",
		},
		{
			"no route", "192.0.2.1",
			ending{},
			many(2, unsent(icmpsock.NoRoute)),
			"CRITICAL - 192.0.2.1: no route to the host (ENETUNREACH). rta nan, nothing sent|" + noFigures +
				"192.0.2.1: 2 packets not sent: no route to the host (ENETUNREACH)\n",
		},
		{
			"the system's own words", "192.0.2.1",
			ending{},
			many(1, echo.Event{Kind: echo.NotSent, Cause: icmpsock.SocketLost, Err: errors.New("IPv6 is switched\noff | here")}),
			"UNKNOWN - 192.0.2.1: IPv6 is switched off / here. rta nan, nothing sent|" + noFigures +
				"192.0.2.1: 1 packet not sent: IPv6 is switched off / here\n",
		},
		{
			"everything odd", "-n 12 192.0.2.1",
			ending{},
			join(
				[]echo.Event{{Kind: echo.Reply, RTT: ms, OutOfOrder: true}, {Kind: echo.Reply, RTT: ms, Suspect: true}, lost, lost}, many(1, unsent(icmpsock.Firewall)),
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
			ending{signal: "SIGTERM"},
			join(many(1, reply(ms)), many(2, flying(ms))),
			"UNKNOWN - stopped by SIGTERM. 192.0.2.1: rta 1.000ms, lost 0%|rta=1.000ms;200.000;500.000;0; pl=0%;40;80;; rtmax=1.000ms;;;; rtmin=1.000ms;;;; \n" +
				"192.0.2.1: 2 packets in flight at SIGTERM, left out\n" +
				"192.0.2.1: 2 packets not sent before SIGTERM\n",
		},
		{
			"stopped with nothing decided", "-n 1 192.0.2.1",
			ending{signal: "SIGINT"},
			many(1, flying(ms)),
			"UNKNOWN - stopped by SIGINT. 192.0.2.1: rta nan, nothing decided|" + noFigures +
				"192.0.2.1: 1 packet in flight at SIGINT, left out\n",
		},
		{
			"no address", "nosuchhost.test",
			ending{},
			nil,
			"UNKNOWN - nosuchhost.test: name does not resolve|" + noFigures,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := reported(t, c.end, c.args, c.events)
			assert.Equal(t, c.want, r.render(r.judge()))
		})
	}
}

func TestLabels(t *testing.T) {
	var list []*host
	for _, name := range []string{"192.0.2.1", "web.example", "::1", "fe80::1%eth0", "2001:db8::a:0:b", "0:0:0:0:0:0:0:1", "::ffff:192.0.2.1", "web.example", "[2001:db8::1]"} {
		list = append(list, &host{name: name})
	}
	assert.Equal(t, []string{
		"192.0.2.1", "web.example", "0:0:0:0:0:0:0:1", "fe80:0:0:0:0:0:0:1%eth0", "2001:db8:0:0:0:a:0:b",
		"0:0:0:0:0:0:0:1#2", "192.0.2.1#2", "web.example#2", "2001:db8:0:0:0:0:0:1",
	}, labelPrefixes(list))
	assert.Equal(t, []string{""}, labelPrefixes(list[:1]))
}

// panicking panics at the first write and keeps what comes after.
type panicking struct {
	tried bool
	text  string
}

func (p *panicking) Write(b []byte) (int, error) {
	if !p.tried {
		p.tried = true
		panic("no\nway")
	}
	p.text += string(b)
	return len(b), nil
}

func TestPanicIsOneLine(t *testing.T) {
	var out panicking
	assert.Equal(t, 3, run([]string{"-V"}, &out))
	assert.Equal(t, "UNKNOWN - internal error, please report it: no way\n", out.text)
}
