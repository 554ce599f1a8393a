package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo/echotest"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/wire"
)

// trial is a run of the program on a simulated network.
type trial struct {
	code           int
	stdout, stderr string
	took           time.Duration
}

// answers is a host that answers after a while; never, if that is 0.
func answers(after time.Duration) echotest.Host {
	if after == 0 {
		return nil
	}
	return func(r echotest.Request) []echotest.Answer {
		return []echotest.Answer{{After: after, Message: r.Echo()}}
	}
}

// try runs the program with args. Addresses that end in 9 are silent; names
// that begin with "no" do not resolve.
func try(t *testing.T, args string, change func(*session, *echotest.Network)) (result trial) {
	t.Helper()
	// The runtime's signal goroutine, which never ends, starts with the first
	// Notify: it must not belong to the bubble.
	warm := make(chan os.Signal, 1)
	signal.Notify(warm, os.Interrupt)
	signal.Stop(warm)

	synctest.Test(t, func(t *testing.T) {
		var stdout, stderr bytes.Buffer
		network := &echotest.Network{
			Facts: icmpsock.Facts{Raw: true, RecvStamps: true, SendStamps: true},
			Host: func(dst netip.Addr) echotest.Host {
				if strings.HasSuffix(dst.String(), "9") {
					return nil
				}
				return answers(2 * ms)
			},
		}
		set, err := parseOptions(strings.Fields(args), false)
		require.NoError(t, err)
		entries, err := readHosts(set, strings.NewReader("192.0.2.1\n192.0.2.9\n"))
		require.NoError(t, err)
		s := newSession(set, entries, &stdout, complainer{&stderr}, make(chan os.Signal, 1))
		s.open = func() (icmpsock.Network, error) { return network, nil }
		s.drop = func() error { return nil }
		s.lookup = func(_ context.Context, name string, family wire.Family) (netip.Addr, error) {
			time.Sleep(10 * ms)
			switch {
			case strings.HasPrefix(name, "no"):
				return netip.Addr{}, fmt.Errorf("%s: name does not resolve", name)
			case family == wire.V6:
				return netip.MustParseAddr("2001:db8::7"), nil
			}
			return netip.MustParseAddr("192.0.2.7"), nil
		}
		if change != nil {
			change(s, network)
		}
		began := time.Now()
		result.code = s.run()
		result.took = time.Since(began)
		result.stdout, result.stderr = stdout.String(), stderr.String()
	})
	return result
}

func TestReplyByReply(t *testing.T) {
	r := try(t, "-c 3 -i 0.2 192.0.2.1", nil)
	require.Equal(t, trial{code: exitAnswered, took: 402 * ms, stdout: `PING 192.0.2.1 (192.0.2.1) 56(84) bytes of data.
64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=2.00 ms
64 bytes from 192.0.2.1: icmp_seq=2 ttl=64 time=2.00 ms
64 bytes from 192.0.2.1: icmp_seq=3 ttl=64 time=2.00 ms

--- 192.0.2.1 ping statistics ---
3 packets transmitted, 3 received, 0% packet loss, time 402ms
rtt min/avg/max/mdev = 2.000/2.000/2.000/0.000 ms, jitter 0.000 ms
`}, r)
}

func TestSeveralHosts(t *testing.T) {
	r := try(t, "-c 1 -W 0.5 192.0.2.9 a.example 2001:db8::1", nil)
	require.Equal(t, exitUnanswered, r.code)
	require.Empty(t, r.stderr)
	require.Equal(t, `PING 192.0.2.9 (192.0.2.9) 56(84) bytes of data.
PING a.example (192.0.2.7) 56(84) bytes of data.
PING 2001:db8::1 (2001:db8::1) 56 data bytes
64 bytes from a.example (192.0.2.7): icmp_seq=1 ttl=64 time=2.00 ms
64 bytes from 2001:db8::1: icmp_seq=1 ttl=64 time=2.00 ms
no reply from 192.0.2.9: icmp_seq=1 timeout 0.5 s

--- 192.0.2.9 ping statistics ---
1 packets transmitted, 0 received, 100% packet loss, time 500ms

--- a.example ping statistics ---
1 packets transmitted, 1 received, 0% packet loss, time 2ms
rtt min/avg/max/mdev = 2.000/2.000/2.000/0.000 ms

--- 2001:db8::1 ping statistics ---
1 packets transmitted, 1 received, 0% packet loss, time 2ms
rtt min/avg/max/mdev = 2.000/2.000/2.000/0.000 ms
`, r.stdout)
}

func TestQuiet(t *testing.T) {
	r := try(t, "-q -c 2 -i 0 192.0.2.1", nil)
	require.Equal(t, `PING 192.0.2.1 (192.0.2.1) 56(84) bytes of data.

--- 192.0.2.1 ping statistics ---
2 packets transmitted, 2 received, 0% packet loss, time 4ms
rtt min/avg/max/mdev = 2.000/2.000/2.000/0.000 ms, jitter 0.000 ms
`, r.stdout)
	require.Equal(t, 4*ms, r.took, "the next follows on the reply")

	r = try(t, "-q -c 1 -f -", nil)
	require.Equal(t, exitUnanswered, r.code)
	require.Equal(t, `192.0.2.1 : xmt/rcv/%loss = 1/1/0%, min/avg/max = 2.00/2.00/2.00
192.0.2.9 : xmt/rcv/%loss = 1/0/100%
`, r.stdout)

	r = try(t, "-q -c 1 192.0.2.1 long.example", nil)
	require.Equal(t, exitAnswered, r.code)
	require.Equal(t, `192.0.2.1    : xmt/rcv/%loss = 1/1/0%, min/avg/max = 2.00/2.00/2.00
long.example : xmt/rcv/%loss = 1/1/0%, min/avg/max = 2.00/2.00/2.00
`, r.stdout)
}

func TestNamesThatDoNotResolve(t *testing.T) {
	r := try(t, "-q -c 1 none nobody 192.0.2.1", nil)
	require.Equal(t, trial{
		code: exitError, took: 12 * ms,
		stdout: "192.0.2.1 : xmt/rcv/%loss = 1/1/0%, min/avg/max = 2.00/2.00/2.00\n",
		stderr: "rawping: host none: name does not resolve\nrawping: host nobody: name does not resolve\n",
	}, r)

	r = try(t, "-c 1 nobody", nil)
	require.Equal(t, trial{code: exitError, took: 10 * ms, stderr: "rawping: host nobody: name does not resolve\n"}, r)
}

func TestLookupsGoSideBySide(t *testing.T) {
	args := "-q -c 1" + strings.Repeat(" a.example", 3*lookupsAtOnce)
	r := try(t, args, nil)
	require.Equal(t, exitAnswered, r.code)
	require.Less(t, r.took, 100*ms)
}

func TestRate(t *testing.T) {
	r := try(t, "-q -c 1 --rate 100"+strings.Repeat(" 192.0.2.1", 164), nil)
	require.Equal(t, exitAnswered, r.code)
	require.InDelta(t, time.Second+2*ms, r.took, float64(ms), "64 at once, then 100 in one second")
}

func TestEndlessIsSpread(t *testing.T) {
	r := try(t, "-c 2 192.0.2.1 192.0.2.2", nil)
	require.Equal(t, exitAnswered, r.code)
	require.Greater(t, r.took, 1500*ms)
}

func TestNoRight(t *testing.T) {
	r := try(t, "-c 1 192.0.2.1", func(_ *session, n *echotest.Network) {
		n.OpenError = func(icmpsock.Class) error { return &os.SyscallError{Syscall: "socket", Err: os.ErrPermission} }
	})
	require.Equal(t, trial{code: exitError, stderr: "rawping: socket: permission denied\n"}, r)
}

func TestClasses(t *testing.T) {
	var opened []icmpsock.Class
	see := func(_ *session, n *echotest.Network) {
		opened = nil
		n.OpenError = func(c icmpsock.Class) error { opened = append(opened, c); return nil }
	}
	v4, v6 := icmpsock.Class{Family: wire.V4}, icmpsock.Class{Family: wire.V6}
	for args, want := range map[string][]icmpsock.Class{
		"-c 1 192.0.2.1":                 {v4},
		"-c 1 2001:db8::1":               {v6},
		"-c 1 a.example":                 {v4, v6},
		"-c 1 -4 a.example":              {v4},
		"-c 1 -6 a.example":              {v6},
		"-c 1 --dont-fragment 192.0.2.1": {{Family: wire.V4, DontFragment: true}},
		"-q -c 2 -i 0.001" + strings.Repeat(" 192.0.2.1", 200): {v4, {Family: wire.V4, Lane: 1}},
		"-q -c 1" + strings.Repeat(" 192.0.2.1", 200):          {v4},
	} {
		require.Equal(t, exitAnswered, try(t, args, see).code, args)
		require.Equal(t, want, opened, "opened before the rights are given up, and none later: %s", args)
	}
}

func TestOneFamilyIsEnough(t *testing.T) {
	r := try(t, "-c 1 a.example", func(_ *session, n *echotest.Network) {
		n.OpenError = func(c icmpsock.Class) error {
			if c.Family == wire.V6 {
				return errors.New("IPv6 is switched off on this host")
			}
			return nil
		}
	})
	require.Equal(t, exitAnswered, r.code)
	require.Empty(t, r.stderr)
}

func TestBadTargets(t *testing.T) {
	for args, want := range map[string]string{
		"-c 1 fe80::1":                       "rawping: host fe80::1: address fe80::1: is link-local; say which interface, as in fe80::1%eth0\n",
		"-c 1 -s 65508 192.0.2.1":            "rawping: host 192.0.2.1: size 65508: must be 0 to 65507 bytes for IPv4\n",
		"-c 1 192.0.2.1 fe80::1%nosuchzone1": "rawping: host fe80::1%nosuchzone1: address fe80::1%nosuchzone1: interface \"nosuchzone1\": no such network interface",
	} {
		r := try(t, args, nil)
		require.Equal(t, exitError, r.code)
		require.Empty(t, r.stdout, "no header: nothing will be sent")
		require.Contains(t, r.stderr, want)
		require.Equal(t, 1, strings.Count(r.stderr, "\n"))
	}
}

func TestSmallPayloadIsSaid(t *testing.T) {
	r := try(t, "-q -c 1 -s 8 192.0.2.1 192.0.2.2", nil)
	require.Equal(t, exitAnswered, r.code)
	require.Equal(t, "rawping: size 8: leaves no room for a token of 16 bytes: replies are known by address, identifier and number alone\n", r.stderr)
}

func TestALostSocketIsSaid(t *testing.T) {
	r := try(t, "-c 3 -i 1 192.0.2.1", func(_ *session, n *echotest.Network) {
		go func() {
			time.Sleep(500 * ms)
			n.Kill()
		}()
	})
	require.Equal(t, exitAnswered, r.code)
	require.Contains(t, r.stderr, "rawping: IPv4 socket lost, opening it anew: ")
	require.Contains(t, r.stderr, "rawping: IPv4 socket opened anew\n")
	require.Contains(t, r.stdout, "3 packets transmitted, 3 received, 0% packet loss")
}
