package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
)

func noRoute(ev *echo.Event) { ev.Cause, ev.Sent = icmpsock.NoRoute, 0 }

func adminProhibited(ev *echo.Event) {
	ev.ICMP = echo.ICMPError{Type: 3, Code: 13, Router: target}
}

// after returns a host that has met the events.
func after(events ...echo.Event) *host {
	h := &host{name: "192.0.2.1", addr: target, literal: true}
	for _, ev := range events {
		h.take(&ev)
	}
	return h
}

const us = time.Microsecond

func TestSummaries(t *testing.T) {
	for _, test := range []struct {
		name    string
		events  []echo.Event
		summary string
		line    string
	}{
		{
			"all answered",
			[]echo.Event{reply(1, 19*us), reply(2, 25*us), reply(3, 31*us), reply(4, 25*us)},
			"4 packets transmitted, 4 received, 0% packet loss, time 3000ms\n" +
				"rtt min/avg/max/mdev = 0.019/0.025/0.031/0.004 ms, jitter 0.006 ms\n",
			"4/4/0%, min/avg/max = 0.019/0.025/0.031\n",
		},
		{
			"one reply has no jitter",
			[]echo.Event{reply(1, 1500*ms)},
			"1 packets transmitted, 1 received, 0% packet loss, time 1500ms\nrtt min/avg/max/mdev = 1500.000/1500.000/1500.000/0.000 ms\n",
			"1/1/0%, min/avg/max = 1500/1500/1500\n",
		},
		{
			"a third lost", // and no more digits than there are
			[]echo.Event{reply(1, ms), event(echo.Lost, 2), reply(3, 2*ms)},
			"3 packets transmitted, 2 received, 33.333% packet loss, time 2002ms\nrtt min/avg/max/mdev = 1.000/1.500/2.000/0.500 ms, jitter 1.000 ms\n",
			"3/2/33%, min/avg/max = 1.00/1.50/2.00\n",
		},
		{
			"silence",
			[]echo.Event{event(echo.Lost, 1), event(echo.Lost, 2)},
			"2 packets transmitted, 0 received, 100% packet loss, time 2000ms\n",
			"2/0/100%\n",
		},
		{
			"nothing sent is no loss",
			[]echo.Event{with(event(echo.NotSent, 1), noRoute)},
			"0 packets transmitted, 0 received, -% packet loss, time 0ms\nnot sent 1: no route to the host (ENETUNREACH)\n",
			"0/0/-%, not sent 1: no route to the host (ENETUNREACH)\n",
		},
		{
			"nothing at all",
			nil,
			"0 packets transmitted, 0 received, -% packet loss, time 0ms\n",
			"0/0/-%\n",
		},
		{
			"various reasons",
			[]echo.Event{
				with(event(echo.NotSent, 1), noRoute),
				with(event(echo.NotSent, 2), func(ev *echo.Event) { ev.Cause = icmpsock.Firewall }),
				with(event(echo.Refused, 3), unreachable), with(event(echo.Refused, 4), unreachable), with(event(echo.Refused, 5), adminProhibited),
			},
			"3 packets transmitted, 0 received, +3 errors, 100% packet loss, time 4000ms\n" +
				"refused 3: the last one communication administratively prohibited from 192.0.2.1\n" +
				"not sent 2: the last one refused by the local firewall (EPERM)\n",
			"3/0/100%, refused 3: the last one communication administratively prohibited from 192.0.2.1, not sent 2: the last one refused by the local firewall (EPERM)\n",
		},
		{
			"oddities",
			[]echo.Event{
				reply(1, ms), with(reply(1, 2*ms), func(ev *echo.Event) { ev.Kind = echo.Duplicate }),
				event(echo.Lost, 2), with(reply(2, 1503*ms), func(ev *echo.Event) { ev.Kind = echo.Late }),
				with(reply(3, ms), func(ev *echo.Event) { ev.Kind = echo.Corrupt }),
				with(reply(3, ms), func(ev *echo.Event) { ev.Kind = echo.WrongSource }),
				event(echo.Lost, 3), event(echo.Abandoned, 4),
				with(event(echo.Missed, 0), func(ev *echo.Event) { ev.Missed = 7 }),
			},
			"4 packets transmitted, 1 received, +1 duplicates, +1 corrupted, 66.667% packet loss, time 4000ms\n" +
				"sending times missed 7: this host is too busy, or the process was stopped\ngiven up undecided 1\nlate 1: up to 1503 ms\nfrom another address 1\n" +
				"rtt min/avg/max/mdev = 1.000/1.000/1.000/0.000 ms\n",
			"4/1/66%, min/avg/max = 1.00/1.00/1.00, sending times missed 7: this host is too busy, or the process was stopped, given up undecided 1, " +
				"late 1: up to 1503 ms, duplicates 1, corrupt 1, from another address 1\n",
		},
		{
			"how it was timed",
			[]echo.Event{reply(1, ms), with(reply(2, ms), func(ev *echo.Event) { ev.RTTSource = echo.MixedTime })},
			"2 packets transmitted, 2 received, 0% packet loss, time 1001ms\n" +
				"rtt min/avg/max/mdev = 1.000/1.000/1.000/0.000 ms, jitter 0.000 ms (mixed: only arrivals are stamped by the kernel)\n",
			"2/2/0%, min/avg/max = 1.00/1.00/1.00 (mixed: only arrivals are stamped by the kernel)\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := after(test.events...)
			require.Equal(t, "\n--- 192.0.2.1 ping statistics ---\n"+test.summary, string(appendSummary(nil, h)))
			require.Equal(t, "192.0.2.1 : xmt/rcv/%loss = "+test.line, string(appendLine(nil, h, 0)))
		})
	}
}

func TestLossIsNeverRoundedAway(t *testing.T) {
	h := after()
	for n := range uint64(200_000) {
		ev := reply(n+1, ms)
		h.take(&ev)
	}
	ev := event(echo.Lost, 200_001)
	h.take(&ev)
	require.Contains(t, string(appendSummary(nil, h)), "200001 packets transmitted, 200000 received, 0.001% packet loss")
	require.Contains(t, string(appendLine(nil, h, 0)), "200001/200000/1%")
}

func TestLinesAlign(t *testing.T) {
	h := after(reply(1, ms))
	require.Equal(t, "192.0.2.1    : xmt/rcv/%loss = 1/1/0%, min/avg/max = 1.00/1.00/1.00\n", string(appendLine(nil, h, 12)))
}

func TestStatus(t *testing.T) {
	require.Equal(t, "0/0 packets, -% loss", string(appendStatus(nil, after())))
	require.Equal(t, "1/2 packets, 50% loss, min/avg/max = 1.00/1.00/1.00 ms", string(appendStatus(nil, after(reply(1, ms), event(echo.Lost, 2)))))
}

func BenchmarkHostLine(b *testing.B) {
	h := after(reply(1, 31*us))
	line := make([]byte, 0, 128)
	b.ReportAllocs()
	for b.Loop() {
		line = appendLine(line[:0], h, 15)
	}
}

// BenchmarkTake is what a host's count of one reply costs.
func BenchmarkTake(b *testing.B) {
	h := after()
	h.window.MaxRTTs = 1
	ev := reply(1, 31*us)
	b.ReportAllocs()
	for b.Loop() {
		h.take(&ev)
		ev.Number++
	}
}

func TestLateness(t *testing.T) {
	require.Empty(t, lateness(echo.Counters{Sent: 10, LatenessMax: 999 * time.Millisecond, LatenessSum: time.Second}))
	require.Empty(t, lateness(echo.Counters{LatenessMax: 2 * time.Second}))
	require.Equal(t, "packets left late, by 150 ms on average and 1500 ms at most: this host is too busy, or the process was stopped",
		lateness(echo.Counters{Sent: 10, LatenessMax: 1500 * time.Millisecond, LatenessSum: 1500 * time.Millisecond}))
}
