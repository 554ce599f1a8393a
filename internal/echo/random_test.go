package echo_test

import (
	"flag"
	"math/rand/v2"
	"net/netip"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/echo/echotest"
	"github.com/rawping/rawping/internal/icmpsock"
)

var seed = flag.Uint64("seed", 0, "seed of TestRandom and TestHardship; 0: a new one each time")

// TestRandom lets a network do anything to the probes of many targets, and
// compares every verdict with what the network knows it did.
func TestRandom(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) { newScenario(t, seed).run() })
}

// eachSeed runs a test in bubbles of its own, with a seed each, which it names.
func eachSeed(t *testing.T, run func(*testing.T, uint64)) {
	t.Helper()
	for range 20 {
		s := *seed
		if s == 0 {
			s = rand.Uint64()
		}
		t.Logf("-seed %d", s)
		synctest.Test(t, func(t *testing.T) { run(t, s) })
	}
}

// request names a probe as the network sees it.
type request struct {
	addr netip.Addr
	seq  uint16
}

// outcome is what a probe must come to.
type outcome struct {
	kind echo.Kind
	rtt  time.Duration
}

// scenario is a random network and what it did.
type scenario struct {
	t        *testing.T
	random   *rand.Rand
	timeout  time.Duration
	truth    map[request]outcome
	withheld map[request]error
	network  *echotest.Network
}

func newScenario(t *testing.T, seed uint64) *scenario {
	s := &scenario{t: t, random: rand.New(rand.NewPCG(seed, 1)), truth: map[request]outcome{}, withheld: map[request]error{}}
	s.timeout = time.Duration(200+s.random.IntN(1000)) * ms
	s.network = &echotest.Network{
		Facts: icmpsock.Facts{
			Raw: s.random.IntN(2) == 0, RecvStamps: true, SendStamps: s.random.IntN(4) > 0, StampQuotes: s.random.IntN(2) == 0,
		},
		Host:       func(netip.Addr) echotest.Host { return s.answer },
		SendError:  s.sendError,
		Withhold:   s.withhold,
		StampDelay: func(echotest.Request) time.Duration { return 0 },
	}
	s.network.Facts.SilentRefusal = !s.network.Facts.Raw && s.network.Facts.SendStamps
	if s.random.IntN(3) == 0 {
		s.network.Facts.RecvBuffer = 200 * 832 // so that sending must wait
	}
	return s
}

func (s *scenario) run() {
	targets := make([]echo.Target, 1+s.random.IntN(300))
	for i := range targets {
		addr := netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)})
		if s.random.IntN(2) == 0 {
			addr = netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 14: byte(i >> 8), 15: byte(i)})
		}
		target := to(addr, 1+s.random.IntN(12))
		target.Timeout = s.timeout
		target.Interval = time.Duration(s.random.IntN(300)) * ms
		target.Size = 16 + s.random.IntN(100)
		target.Eager = s.random.IntN(4) == 0
		targets[i] = target
	}
	r := &record{t: s.t}
	probing{network: s.network, config: echo.Config{Rate: float64(s.random.IntN(2) * 500)}, targets: targets}.start(s.t, r)
	for _, ev := range r.events {
		if !ev.Kind.Verdict() {
			continue
		}
		want, ok := s.truth[request{ev.Addr, ev.Seq}]
		require.True(s.t, ok, "a verdict on what was never sent: %v", tell(ev))
		require.Equal(s.t, want.kind, ev.Kind, "probe %d of %v: %v", ev.Number, ev.Addr, tell(ev))
		require.Equal(s.t, want.rtt, ev.RTT, "probe %d of %v: %v", ev.Number, ev.Addr, tell(ev))
		delete(s.truth, request{ev.Addr, ev.Seq})
	}
	require.Empty(s.t, s.truth, "probes without a verdict")
}

func (s *scenario) sendError(r echotest.Request) error {
	switch s.random.IntN(40) {
	case 0:
		s.truth[request{r.Dst, r.Seq()}] = outcome{kind: echo.NotSent}
		return syscall.EPERM
	case 1:
		return syscall.ENOBUFS // it will be tried again
	}
	return nil
}

// withhold throws some packets away, and tells sockets that ask.
func (s *scenario) withhold(r echotest.Request) error {
	key := request{r.Dst, r.Seq()}
	if err, asked := s.withheld[key]; asked {
		return err
	}
	s.withheld[key] = nil
	if s.random.IntN(40) == 0 {
		s.withheld[key] = errRefused
		s.truth[key] = outcome{kind: echo.Lost}
		if s.network.Facts.SilentRefusal {
			s.truth[key] = outcome{kind: echo.NotSent}
		}
	}
	return s.withheld[key]
}

// answer does up to four things to a request, and notes which of them counts.
func (s *scenario) answer(r echotest.Request) []echotest.Answer {
	var answers []echotest.Answer
	truth := outcome{kind: echo.Lost}
	for range s.random.IntN(5) {
		a, kind := s.one(r)
		// An odd number of nanoseconds: no two answers, and no deadline, fall together.
		a.After = time.Duration(s.random.Int64N(int64(2*s.timeout)))*2 + 1
		answers = append(answers, a)
		if kind != 0 && a.After <= s.timeout && (truth.rtt == 0 || a.After < truth.rtt) {
			truth = outcome{kind, a.After}
		}
	}
	s.truth[request{r.Dst, r.Seq()}] = truth
	return answers
}

// one returns an answer, and the verdict that it brings if it is the first in time.
func (s *scenario) one(r echotest.Request) (echotest.Answer, echo.Kind) {
	m := r.Echo()
	switch s.random.IntN(10) {
	case 0:
		return echotest.Answer{Error: &echotest.ICMPError{Type: s.unreachable(r), Quote: 8 + s.random.IntN(len(m)-7)}, From: router}, echo.Refused
	case 1:
		return echotest.Answer{Message: m, From: router}, 0
	case 2:
		m[8+s.random.IntN(len(m)-8)] ^= byte(1 + s.random.IntN(255))
		return echotest.Answer{Message: r.Sum(m)}, 0
	case 3:
		return echotest.Answer{Message: r.Sum(m[:s.random.IntN(len(m))])}, 0
	case 4:
		m[4+s.random.IntN(4)] ^= byte(1 + s.random.IntN(255)) // identifier or sequence number
		return echotest.Answer{Message: r.Sum(m)}, 0
	}
	return echotest.Answer{Message: m}, echo.Reply
}

func (s *scenario) unreachable(r echotest.Request) uint8 {
	if r.Dst.Is4() {
		return 3
	}
	return 1
}
