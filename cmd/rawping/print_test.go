package main

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
)

const ms = time.Millisecond

var (
	target = netip.MustParseAddr("192.0.2.1")
	router = netip.MustParseAddr("203.0.113.1")
)

// reply is an event as a healthy host causes it.
func reply(number uint64, rtt time.Duration) echo.Event {
	sent := echo.Instant(time.Duration(number) * time.Second)
	return echo.Event{
		Kind: echo.Reply, Number: number, Sent: sent, At: sent.Add(rtt), RTT: rtt, RTTSource: echo.KernelTime,
		Addr: target, From: target, Hops: 64, TrafficClass: -1, Size: 64,
	}
}

// event is one without an answer.
func event(kind echo.Kind, number uint64) echo.Event {
	sent := echo.Instant(time.Duration(number) * time.Second)
	return echo.Event{Kind: kind, Number: number, Sent: sent, At: sent.Add(time.Second), Hops: -1, TrafficClass: -1}
}

// with returns ev changed.
func with(ev echo.Event, change func(*echo.Event)) echo.Event {
	change(&ev)
	return ev
}

func unreachable(ev *echo.Event) {
	ev.ICMP = echo.ICMPError{Type: 3, Code: 1, Router: router}
	ev.From = router
}

func TestLines(t *testing.T) {
	for want, ev := range map[string]echo.Event{
		"64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=0.031 ms": reply(1, 31*time.Microsecond),
		"64 bytes from 192.0.2.1: icmp_seq=2 time=1.50 ms":         with(reply(2, 1500*time.Microsecond), func(ev *echo.Event) { ev.Hops = -1 }),
		"64 bytes from 192.0.2.1: icmp_seq=3 ttl=64 time=12.3 ms (out of order)": with(reply(3, 12345*time.Microsecond),
			func(ev *echo.Event) { ev.OutOfOrder = true }),
		"64 bytes from 192.0.2.1: icmp_seq=4 ttl=64 time=123 ms (suspect: our own socket dropped packets)": with(reply(4, 123*ms),
			func(ev *echo.Event) { ev.Suspect = true }),
		"64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=2.00 ms (DUP!)":                    with(reply(1, 2*ms), func(ev *echo.Event) { ev.Kind = echo.Duplicate }),
		"64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=1500 ms (late: lost already)":      with(reply(1, 1500*ms), func(ev *echo.Event) { ev.Kind = echo.Late }),
		"64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=2.00 ms (corrupt: does not count)": with(reply(1, 2*ms), func(ev *echo.Event) { ev.Kind = echo.Corrupt }),
		"64 bytes from 203.0.113.1: icmp_seq=1 ttl=64 time=2.00 ms (wrong source: does not count)": with(reply(1, 2*ms),
			func(ev *echo.Event) { ev.Kind, ev.From = echo.WrongSource, router }),
		// With --any-source: whoever it was that answered.
		"64 bytes from 203.0.113.1: icmp_seq=1 ttl=64 time=2.00 ms":        with(reply(1, 2*ms), func(ev *echo.Event) { ev.From = router }),
		"64 bytes from 203.0.113.1: icmp_seq=1 ttl=64 time=2.00 ms (DUP!)": with(reply(1, 2*ms), func(ev *echo.Event) { ev.Kind, ev.From = echo.Duplicate, router }),
		"no reply from 192.0.2.1: icmp_seq=2 timeout 1 s":                  event(echo.Lost, 2),
		"no reply from 192.0.2.1: icmp_seq=2 timeout 1 s (suspect: our own socket dropped packets)": with(event(echo.Lost, 2),
			func(ev *echo.Event) { ev.Suspect = true }),
		"From 203.0.113.1 icmp_seq=3 Host unreachable":                      with(event(echo.Refused, 3), unreachable),
		"From 203.0.113.1 icmp_seq=3 Host unreachable (late: lost already)": with(event(echo.LateRefusal, 3), unreachable),
		"From 203.0.113.1 icmp_seq=3 Fragmentation needed (mtu = 1280)": with(event(echo.Refused, 3),
			func(ev *echo.Event) { ev.ICMP = echo.ICMPError{Type: 3, Code: 4, MTU: 1280, Router: router} }),
		"not sent to 192.0.2.1: icmp_seq=4 no route to the host (ENETUNREACH)": with(event(echo.NotSent, 4),
			func(ev *echo.Event) { ev.Cause, ev.Err = icmpsock.NoRoute, syscall.ENETUNREACH }),
		"not sent to 192.0.2.1: icmp_seq=4 local send error: odd weather": with(event(echo.NotSent, 4),
			func(ev *echo.Event) { ev.Cause, ev.Err = icmpsock.OtherCause, errors.New("odd\nweather") }),
		"not sent to 192.0.2.1: icmp_seq=4 packet too big for the path MTU of 1280 bytes (EMSGSIZE)": with(event(echo.NotSent, 4),
			func(ev *echo.Event) { ev.Cause, ev.Err = icmpsock.TooBig, &icmpsock.TooBigError{MTU: 1280} }),
		"given up on 192.0.2.1: icmp_seq=5 socket lost (EBADF): bad file descriptor": with(event(echo.Abandoned, 5),
			func(ev *echo.Event) { ev.Cause, ev.Err = icmpsock.SocketLost, syscall.EBADF }),
		"not sent to 192.0.2.1: 3 sending times passed by: this host is too busy, or the process was stopped": with(event(echo.Missed, 0),
			func(ev *echo.Event) { ev.Missed = 3 }),
	} {
		h := host{name: "a.example", addr: target}
		require.Equal(t, want+"\n", string(printer{timeout: time.Second}.appendEvent(nil, &h, &ev)))
	}
}

func TestTheEndOfTheRunHasNoLine(t *testing.T) {
	ev := event(echo.Abandoned, 1)
	require.Empty(t, printer{}.appendEvent(nil, &host{addr: target}, &ev))
}

func TestLinesOfSeveralHostsNameThem(t *testing.T) {
	p := printer{several: true, timeout: 200 * ms}
	named, bare := host{name: "a.example", addr: target}, host{name: "192.0.2.1", addr: target, literal: true}
	for want, ev := range map[string]echo.Event{
		"64 bytes from NAME: icmp_seq=1 ttl=64 time=0.031 ms": reply(1, 31*time.Microsecond),
		"no reply from NAME: icmp_seq=2 timeout 0.2 s":        event(echo.Lost, 2),
		"not sent to NAME: icmp_seq=4 no route to the host (ENETUNREACH)": with(event(echo.NotSent, 4),
			func(ev *echo.Event) { ev.Cause = icmpsock.NoRoute }),
	} {
		require.Equal(t, strings.ReplaceAll(want, "NAME", "a.example (192.0.2.1)")+"\n", string(p.appendEvent(nil, &named, &ev)))
		require.Equal(t, strings.ReplaceAll(want, "NAME", "192.0.2.1")+"\n", string(p.appendEvent(nil, &bare, &ev)))
	}
	ev := with(reply(3, 2*ms), func(ev *echo.Event) { ev.From = router })
	require.Equal(t, "64 bytes from 203.0.113.1: icmp_seq=3 ttl=64 time=2.00 ms (asked: a.example)\n", string(p.appendEvent(nil, &named, &ev)))
	ev = with(event(echo.Refused, 3), unreachable)
	require.Equal(t, "From 203.0.113.1 icmp_seq=3 Host unreachable (asked: a.example)\n", string(p.appendEvent(nil, &named, &ev)))
}

func TestHeader(t *testing.T) {
	set := settings{size: 56}
	require.Equal(t, "PING localhost (127.0.0.1) 56(84) bytes of data.\n",
		string(appendHeader(nil, &host{name: "localhost", addr: netip.MustParseAddr("127.0.0.1")}, &set)))
	require.Equal(t, "PING ::1 (::1) 56 data bytes\n",
		string(appendHeader(nil, &host{name: "::1", addr: netip.IPv6Loopback()}, &set)))
}

func TestTimes(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                           "0.000",
		-1:                          "0.000",
		499:                         "0.000",
		500:                         "0.001",
		31_400:                      "0.031",
		999_499:                     "0.999",
		999_500:                     "1.00",
		1_234_567:                   "1.23",
		9_994 * 1000:                "9.99",
		9_995 * 1000:                "10.0",
		12_345_678:                  "12.3",
		99_949 * 1000:               "99.9",
		99_950 * 1000:               "100",
		1_500_000_000:               "1500",
		24 * time.Hour:              "86400000",
		math.MaxInt64 - time.Second: "9223372035855",
	} {
		require.Equal(t, want, string(appendShort(nil, d)), "%d", d)
	}
	for d, want := range map[time.Duration]string{0: "0.000", 25_499: "0.025", 1_234_567: "1.235", 3 * time.Second: "3000.000"} {
		require.Equal(t, want, string(appendMS(nil, d)))
	}
	for us := range 120_000 { // as ping prints them
		want := fmt.Sprintf("%.3f", float64(us)/1000)
		switch {
		case us >= 100_000-50:
			want = fmt.Sprintf("%d", (us+500)/1000)
		case us >= 10_000-5:
			want = fmt.Sprintf("%d.%01d", (us+50)/1000, ((us+50)%1000)/100)
		case us >= 1000:
			want = fmt.Sprintf("%d.%02d", (us+5)/1000, ((us+5)%1000)/10)
		}
		require.Equal(t, want, string(appendShort(nil, time.Duration(us)*time.Microsecond)))
	}
}

func BenchmarkLine(b *testing.B) {
	h := host{name: "192.0.2.1", addr: target, literal: true}
	ev := reply(1, 31*time.Microsecond)
	p := printer{several: true, timeout: time.Second}
	line := make([]byte, 0, 128)
	b.ReportAllocs()
	for b.Loop() {
		line = p.appendEvent(line[:0], &h, &ev)
	}
}
