package echo_test

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/echo/echotest"
	"github.com/rawping/rawping/internal/icmpsock"
)

// TestHardship has an engine short of everything (rate, buffers, sockets) while its
// targets come, change and go. It must come to an end, with a verdict on every probe
// that was asked for, keep to the rate, and not spin.
func TestHardship(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) { newHardship(t, seed).run() })
}

// hardship is a random shortage.
type hardship struct {
	t        *testing.T
	engines  *rand.Rand // used on the engine's goroutine
	others   *rand.Rand // used on the one that changes targets
	mortal   bool       // sockets die
	began    time.Time
	trouble  time.Duration // how long sends may fail
	config   echo.Config
	network  *echotest.Network
	asked    map[echo.TargetID]echo.Target
	sent     []packet
	tries    int
	clocks   sync.Mutex // guards what follows: whoever adds a target reads the clock, too
	readings int        // of the clock
	at       time.Time  // of the last reading
	since    int        // readings since then
}

// packet is one that left.
type packet struct {
	at    time.Time
	local bool
}

func newHardship(t *testing.T, seed uint64) *hardship {
	r := rand.New(rand.NewPCG(seed, 1))
	h := &hardship{
		t: t, engines: r, others: rand.New(rand.NewPCG(seed, 2)), began: time.Now(), asked: map[echo.TargetID]echo.Target{},
		mortal: r.IntN(3) == 0, trouble: time.Duration(r.IntN(12_000)) * ms,
	}
	h.network = &echotest.Network{Facts: best, Host: h.host, SendError: h.sendError, OpenError: h.openError}
	h.network.Facts.SendStamps = r.IntN(4) > 0
	if r.IntN(2) == 0 {
		h.network.Facts.RecvBuffer = (1 + r.IntN(300)) * 2 * 832
	}
	h.config = echo.Config{
		Clock:    h.clock(),
		Rate:     []float64{0, 1, 5, 64, 200, 1000, 5000, 20_000}[r.IntN(8)],
		Ordinary: r.IntN(3) == 0,
		Coalesce: max(0, time.Duration(r.IntN(20)-15)*ms),
	}
	return h
}

// clock counts its readings: a turn of the engine's loop takes one at least.
func (h *hardship) clock() echo.Clock {
	system := echo.SystemClock()
	return func() (echo.Instant, int64) {
		h.clocks.Lock()
		defer h.clocks.Unlock()
		if now := time.Now(); now != h.at {
			h.at, h.since = now, 0
		}
		h.readings++
		h.since++
		require.Less(h.t, h.since, 100_000, "the engine spins")
		return system()
	}
}

func (h *hardship) host(addr netip.Addr) echotest.Host {
	switch last := addr.AsSlice(); last[len(last)-1] % 4 {
	case 0:
		return echotest.Silent
	case 1:
		return echotest.Refuses(ms, router, echotest.ICMPError{Type: 3})
	case 2:
		return echotest.Sometimes(1, 4, echotest.Replies(ms), echotest.Silent)
	}
	return echotest.Replies(time.Duration(1+h.engines.IntN(1500)) * ms)
}

func (h *hardship) openError(icmpsock.Class) error {
	if h.mortal && time.Since(h.began) < h.trouble && h.engines.IntN(5) == 0 {
		return syscall.EMFILE
	}
	return nil
}

// sendError has now this send buffer full and now that, no room for now these
// packets and now those, and some more errors.
func (h *hardship) sendError(r echotest.Request) error {
	h.tries++
	if since := time.Since(h.began); since < h.trouble {
		part := int(since / (500 * ms))
		last := int(r.Message[7]) // of the sequence number
		switch {
		case (part+int(r.Family)+int(r.Lane))%7 == 0:
			return syscall.EAGAIN
		case (part+last)%5 == 0:
			return syscall.ENOBUFS
		case h.engines.IntN(100) == 0:
			return syscall.EPERM
		case h.mortal && h.engines.IntN(3000) == 0:
			return syscall.EBADF
		}
	}
	h.sent = append(h.sent, packet{time.Now(), r.Dst.IsLoopback()})
	return nil
}

// target returns a random target. Both rates and counts are small, or neither is.
func (h *hardship) target() echo.Target {
	r := h.others
	i := r.IntN(400)
	addr := netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)})
	switch r.IntN(5) {
	case 0, 1:
		addr = netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 14: byte(i >> 8), 15: byte(i)})
	case 2:
		addr = netip.AddrFrom4([4]byte{127, 0, 0, byte(i)})
	}
	most := 40
	if h.config.Rate > 0 && h.config.Rate < 50 {
		most = 2
	}
	target := to(addr, 1+r.IntN(most))
	target.Timeout = time.Duration(100+r.IntN(1000)) * ms
	target.Interval = []time.Duration{0, ms, 10 * ms, 100 * ms, 1000 * ms}[r.IntN(5)]
	target.Delay = max(0, time.Duration(r.IntN(4000)-2000)*ms)
	target.Eager = r.IntN(3) == 0
	target.Mark = uint32(max(0, r.IntN(50)-48))
	return target
}

func (h *hardship) run() {
	targets := make([]echo.Target, []int{1, 5, 50, 400}[h.engines.IntN(4)])
	for i := range targets {
		targets[i] = h.target()
		h.asked[echo.TargetID(i+1)] = targets[i]
	}
	ctx, cancel := context.WithTimeout(h.t.Context(), 2*time.Hour)
	defer cancel()
	r := &record{t: h.t}
	probing{network: h.network, config: h.config, targets: targets, ctx: ctx, during: h.change}.start(h.t, r)
	require.NoError(h.t, ctx.Err(), "no end: %+v", r.engine.Counters())
	last := map[echo.TargetID]uint64{}
	for _, ev := range r.events {
		last[ev.Target] = max(last[ev.Target], ev.Number)
	}
	for id, target := range h.asked {
		require.GreaterOrEqual(h.t, last[id], uint64(target.Count), "target %d", id)
	}
	h.keptTo(h.config.Rate, func(packet) bool { return true })
	if h.config.Ordinary {
		h.keptTo(5000, func(p packet) bool { return !p.local })
	}
	most := 2000 + 12*(h.tries+len(r.events)) + int(r.took/(5*ms))
	require.Less(h.t, h.readings, most, "the engine spins")
}

// change changes, removes and adds targets for a while.
func (h *hardship) change(r *record) {
	next := echo.TargetID(len(h.asked) + 1)
	for range h.others.IntN(300) {
		time.Sleep(time.Duration(h.others.IntN(50)) * ms)
		id, fresh := 1+echo.TargetID(h.others.IntN(int(next)-1)), h.target()
		target, asked := h.asked[id]
		switch h.others.IntN(12) {
		case 0:
			r.engine.Remove(id)
			delete(h.asked, id)
			continue
		case 1:
			if id, err := r.engine.Add(fresh); err == nil {
				h.asked[id], next = fresh, id+1
			}
			continue
		case 2:
			if h.mortal && h.others.IntN(10) == 0 {
				h.network.Kill()
			}
			continue
		case 3, 4:
			target.Count = fresh.Count
		case 5, 6:
			target.Interval = fresh.Interval
		case 7, 8:
			target.Addr = fresh.Addr
		case 9:
			target.Mark, target.Timeout = fresh.Mark, fresh.Timeout
		default:
			target = fresh
		}
		if asked && r.engine.Change(id, target) == nil {
			h.asked[id] = target
		}
	}
}

// keptTo asserts that no more left in any span of time than a bucket allows.
func (h *hardship) keptTo(rate float64, counts func(packet) bool) {
	depth := max(64, rate*0.05)
	tokens, at := depth, h.began
	for _, p := range h.sent {
		if rate == 0 || !counts(p) {
			continue
		}
		tokens = min(depth, tokens+p.at.Sub(at).Seconds()*rate) - 1
		at = p.at
		require.Greater(h.t, tokens, -0.01, "more than %v packets per second", rate)
	}
}
