package echo_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/echo/echotest"
	"github.com/rawping/rawping/internal/icmpsock"
)

func TestReplies(t *testing.T) {
	for name, facts := range map[string]icmpsock.Facts{"raw": best, "datagram": ping} {
		t.Run(name, func(t *testing.T) {
			r := probing{
				network: everywhere(facts, echotest.Replies(30*ms)),
				targets: []echo.Target{to(hostA, 3), to(host6, 2)},
			}.run(t)
			require.Equal(t, []string{
				"1 reply 30ms kernel", "1 reply 30ms kernel",
				"2 reply 30ms kernel", "2 reply 30ms kernel",
				"3 reply 30ms kernel",
			}, r.story())
			require.Equal(t, 230*ms, r.took)
		})
	}
}

func TestSilence(t *testing.T) {
	r := probing{
		network: everywhere(best, echotest.Silent),
		targets: []echo.Target{to(hostA, 2)},
	}.run(t)
	require.Equal(t, []string{"1 lost", "2 lost"}, r.story())
	require.Equal(t, 1100*ms+1, r.took, "judged one nanosecond after the last deadline: a reply at the deadline is in time")
	require.Equal(t, 1000*ms, r.events[0].At.Sub(r.events[0].Sent))
}

func TestReplyAtTheDeadline(t *testing.T) {
	for after, want := range map[time.Duration]string{
		1000 * ms:   "1 reply 1s kernel",
		1000*ms + 2: "1 lost",
	} {
		r := probing{
			network: everywhere(best, echotest.Replies(after)),
			targets: []echo.Target{to(hostA, 1)},
		}.run(t)
		require.Equal(t, []string{want}, r.story())
	}
}

func TestLateAndDuplicate(t *testing.T) {
	twice := echotest.Both(echotest.Replies(30*ms), echotest.Replies(40*ms))
	late := echotest.Both(echotest.Replies(1050*ms), echotest.Replies(1060*ms))
	r := probing{
		network: everywhere(best, echotest.Sometimes(1, 2, late, twice)),
		targets: []echo.Target{to(hostA, 12)},
	}.run(t)
	require.Equal(t, []string{
		"2 reply 30ms kernel", "2 duplicate 40ms kernel",
		"4 reply 30ms kernel", "4 duplicate 40ms kernel",
		"6 reply 30ms kernel", "6 duplicate 40ms kernel",
		"8 reply 30ms kernel", "8 duplicate 40ms kernel",
		"10 reply 30ms kernel", "10 duplicate 40ms kernel",
		"1 lost", "1 late 1.05s kernel", "1 duplicate 1.06s kernel",
	}, r.story()[:13])
}

// TestRemembered has a reply come just within the time for which a lost probe is
// remembered, and one just after it.
func TestRemembered(t *testing.T) {
	for after, want := range map[time.Duration]uint64{10_990 * ms: 0, 11_010 * ms: 1} {
		network := &echotest.Network{Facts: best, Host: func(dst netip.Addr) echotest.Host {
			if dst == hostA {
				return echotest.Replies(after)
			}
			return echotest.Replies(ms)
		}}
		awake := to(hostB, 1300)
		awake.Interval = 10 * ms
		r := probing{network: network, targets: []echo.Target{to(hostA, 1), awake}}.run(t)
		require.Equal(t, 1-want, r.engine.Counters().Late, after)
		require.Equal(t, want, r.engine.Counters().Foreign, after)
	}
}

func TestOutOfOrder(t *testing.T) {
	r := probing{
		network: everywhere(best, echotest.Sometimes(1, 2, echotest.Replies(150*ms), echotest.Replies(20*ms))),
		targets: []echo.Target{to(hostA, 3)},
	}.run(t)
	require.Equal(t, []string{
		"2 reply 20ms kernel", "1 reply 150ms kernel out of order", "3 reply 150ms kernel",
	}, r.story())
}

func TestRefused(t *testing.T) {
	unreachable := echotest.ICMPError{Type: 3, Code: 1}
	for name, facts := range map[string]icmpsock.Facts{"raw": best, "datagram": ping} {
		t.Run(name, func(t *testing.T) {
			r := probing{
				network: everywhere(facts, echotest.Refuses(5*ms, router, unreachable)),
				targets: []echo.Target{to(hostA, 2)},
			}.run(t)
			require.Equal(t, []string{
				"1 refused 5ms kernel 3/1 from 203.0.113.1", "2 refused 5ms kernel 3/1 from 203.0.113.1",
			}, r.story())
			require.Equal(t, 105*ms, r.took, "an error ends the wait at once")
		})
	}
	t.Run("IPv6, whole quote", func(t *testing.T) {
		r := probing{
			network: everywhere(best, echotest.Refuses(5*ms, host6, echotest.ICMPError{Type: 2, MTU: 1280, Quote: 64})),
			targets: []echo.Target{to(host6, 1)},
		}.run(t)
		require.Equal(t, []string{"1 refused 5ms kernel 2/0 from 2001:db8::10"}, r.story())
		require.Equal(t, uint32(1280), r.events[0].ICMP.MTU)
	})
	t.Run("after the verdict", func(t *testing.T) {
		quick := to(hostA, 1)
		slow := to(hostB, 4)
		slow.Interval = 1000 * ms
		r := probing{
			network: everywhere(best, echotest.Refuses(3100*ms, hostA, unreachable)),
			targets: []echo.Target{quick, slow},
		}.run(t)
		require.Contains(t, r.story(), "1 late refusal 3.1s kernel 3/1 from 192.0.2.10")
		require.Equal(t, uint64(0), r.engine.Counters().Refused)
	})
}

// TestForgedErrors takes from a right ICMP error what makes it ours, one thing at a
// time: a probe is not refused by an error that is not about it.
func TestForgedErrors(t *testing.T) {
	const identifier, token = 20 + 4, 20 + 8 // in the quoted packet
	for name, c := range map[string]struct {
		change func(quote, message []byte)
		want   []string
	}{
		"right":       {func(_, _ []byte) {}, []string{"1 refused 5ms kernel 3/1 from 203.0.113.1"}},
		"checksum":    {func(_, m []byte) { m[2] ^= 1 }, []string{"1 lost"}},
		"identifier":  {func(q, _ []byte) { q[identifier] ^= 1 }, []string{"1 lost"}},
		"number":      {func(q, _ []byte) { q[identifier+2] ^= 1 }, []string{"1 lost"}},
		"token":       {func(q, _ []byte) { q[token] ^= 1 }, []string{"1 lost"}},
		"destination": {func(q, _ []byte) { q[19] ^= 1 }, []string{"1 lost"}},
		"request":     {func(q, _ []byte) { q[20] = 0 }, []string{"1 lost"}},
	} {
		t.Run(name, func(t *testing.T) {
			host := func(r echotest.Request) []echotest.Answer {
				quote := make([]byte, 20, 20+len(r.Message))
				quote[0], quote[9] = 0x45, 1
				copy(quote[16:], r.Dst.AsSlice())
				quote = append(quote, r.Message...)
				c.change(quote, make([]byte, 8))
				message := r.Sum(append([]byte{3, 1, 0, 0, 0, 0, 0, 0}, quote...))
				c.change(make([]byte, len(quote)), message)
				return []echotest.Answer{{After: 5 * ms, From: router, Message: message}}
			}
			r := probing{network: everywhere(best, host), targets: []echo.Target{to(hostA, 1)}}.run(t)
			require.Equal(t, c.want, r.story())
			require.Equal(t, uint64(1), r.engine.Counters().Lost+r.engine.Counters().Refused)
			require.Equal(t, r.engine.Counters().Lost, r.engine.Counters().Foreign)
		})
	}
}

func TestForeign(t *testing.T) {
	flip := func(offset int) func(echotest.Request, []byte) []byte {
		return func(r echotest.Request, m []byte) []byte {
			m[offset] ^= 0x40
			return r.Sum(m)
		}
	}
	right := echotest.Replies(10 * ms)
	for name, host := range map[string]echotest.Host{
		"identifier":               echotest.Altered(right, flip(4)),
		"sequence number":          echotest.Altered(right, flip(6)),
		"error about another host": echotest.Altered(right, func(echotest.Request, []byte) []byte { return []byte{3, 1, 0, 0} }),
		"rubbish":                  echotest.Altered(right, func(echotest.Request, []byte) []byte { return []byte{0} }),
	} {
		t.Run(name, func(t *testing.T) {
			r := probing{network: everywhere(best, host), targets: []echo.Target{to(hostA, 1)}}.run(t)
			require.Equal(t, []string{"1 lost"}, r.story())
			require.Equal(t, uint64(1), r.engine.Counters().Foreign)
		})
	}
}

func TestCorrupt(t *testing.T) {
	right := echotest.Replies(10 * ms)
	for name, change := range map[string]func(echotest.Request, []byte) []byte{
		"token":    func(r echotest.Request, m []byte) []byte { m[20] ^= 1; return r.Sum(m) },
		"pattern":  func(r echotest.Request, m []byte) []byte { m[60] ^= 1; return r.Sum(m) },
		"checksum": func(_ echotest.Request, m []byte) []byte { m[2] ^= 1; return m },
		"short":    func(r echotest.Request, m []byte) []byte { return r.Sum(m[:40]) },
		"long":     func(r echotest.Request, m []byte) []byte { return r.Sum(append(m, 0)) },
		"code":     func(r echotest.Request, m []byte) []byte { m[1] = 1; return r.Sum(m) },
		"no token": func(r echotest.Request, m []byte) []byte { return r.Sum(m[:8]) },
	} {
		t.Run(name, func(t *testing.T) {
			r := probing{network: everywhere(best, echotest.Altered(right, change)), targets: []echo.Target{to(hostA, 1)}}.run(t)
			require.Equal(t, []string{"1 corrupt 10ms kernel", "1 lost"}, r.story())
		})
	}
	t.Run("longer than any buffer", func(t *testing.T) {
		host := echotest.Each(right, func(a *echotest.Answer) { a.Longer = true })
		r := probing{network: everywhere(best, host), targets: []echo.Target{to(hostA, 1)}}.run(t)
		require.Equal(t, []string{"1 corrupt 10ms kernel", "1 lost"}, r.story())
	})
	t.Run("a right reply may follow", func(t *testing.T) {
		host := echotest.Both(echotest.Altered(right, func(r echotest.Request, m []byte) []byte { m[60] ^= 1; return r.Sum(m) }), echotest.Replies(20*ms))
		r := probing{network: everywhere(best, host), targets: []echo.Target{to(hostA, 1)}}.run(t)
		require.Equal(t, []string{"1 corrupt 10ms kernel", "1 reply 20ms kernel"}, r.story())
	})
}

func TestAcceptTruncated(t *testing.T) {
	right := echotest.Replies(10 * ms)
	accepting := to(hostA, 1)
	accepting.AcceptTruncated = true
	for name, c := range map[string]struct {
		change func(echotest.Request, []byte) []byte
		want   []string
	}{
		"short":   {func(r echotest.Request, m []byte) []byte { return r.Sum(m[:40]) }, []string{"1 reply 10ms kernel truncated"}},
		"zeroed":  {func(r echotest.Request, m []byte) []byte { clear(m[24:]); return r.Sum(m) }, []string{"1 reply 10ms kernel truncated"}},
		"altered": {func(r echotest.Request, m []byte) []byte { m[60] ^= 1; return r.Sum(m) }, []string{"1 corrupt 10ms kernel", "1 lost"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := probing{network: everywhere(best, echotest.Altered(right, c.change)), targets: []echo.Target{accepting}}.run(t)
			require.Equal(t, c.want, r.story())
		})
	}
}

func TestWrongSource(t *testing.T) {
	elsewhere := echotest.Each(echotest.Replies(10*ms), func(a *echotest.Answer) { a.From = hostB })
	strict := to(hostA, 1)
	lenient := strict
	lenient.AnySource = true
	r := probing{network: everywhere(best, elsewhere), targets: []echo.Target{strict}}.run(t)
	require.Equal(t, []string{"1 wrong source 10ms kernel", "1 lost"}, r.story())
	r = probing{network: everywhere(best, elsewhere), targets: []echo.Target{lenient}}.run(t)
	require.Equal(t, []string{"1 reply 10ms kernel"}, r.story())
	require.Equal(t, hostB, r.events[0].From)
}

func TestWithoutToken(t *testing.T) {
	small := to(hostA, 2)
	small.Size = 8
	r := probing{
		network: everywhere(best, echotest.Both(echotest.Replies(10*ms), echotest.Replies(20*ms))),
		targets: []echo.Target{small},
	}.run(t)
	require.Equal(t, []string{"1 reply 10ms kernel weak", "1 duplicate 20ms kernel weak", "2 reply 10ms kernel weak"}, r.story())
}

func TestZone(t *testing.T) {
	linkLocal := to(mustAddr("fe80::1%7"), 1)
	right := echotest.Replies(10 * ms)
	other := echotest.Each(right, func(a *echotest.Answer) { a.From, a.Scope = mustAddr("fe80::1"), 8 })
	r := probing{network: everywhere(best, right), targets: []echo.Target{linkLocal}}.run(t)
	require.Equal(t, []string{"1 reply 10ms kernel"}, r.story())
	require.Equal(t, "fe80::1%7", r.events[0].Addr.String())
	r = probing{network: everywhere(best, other), targets: []echo.Target{linkLocal}}.run(t)
	require.Equal(t, []string{"1 wrong source 10ms kernel", "1 lost"}, r.story())
}

// TestWeakBesideProven: a reply without room for a token answers the probe that it
// fits, whichever probes of another target with the same address have its number too.
func TestWeakBesideProven(t *testing.T) {
	network := everywhere(best, func(r echotest.Request) []echotest.Answer {
		if len(r.Echo()) > 8+8 {
			return nil
		}
		return []echotest.Answer{{After: 10 * ms, Message: r.Echo()}}
	})
	network.Facts.RecvBuffer = 1 << 30
	small, large := to(hostA, 50), to(hostA, 65_000) // nearly all numbers are in flight
	small.Size, small.Delay = 8, 1000*ms
	large.Interval, large.Timeout = 10*time.Microsecond, 10_000*ms
	r := probing{network: network, targets: []echo.Target{small, large}}.run(t)
	c := r.engine.Counters()
	require.Equal(t, uint64(50), c.Replies)
	require.Equal(t, uint64(65_000), c.Lost)
	require.Zero(t, c.Corrupt)
}
