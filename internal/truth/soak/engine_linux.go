package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/testbed"
	"github.com/rawping/rawping/internal/wire"
)

// kind is one of the four that are probed with.
type kind struct {
	raw    bool
	family wire.Family
}

func (k kind) String() string {
	if k.raw {
		return fmt.Sprintf("raw %v", k.family)
	}
	return fmt.Sprintf("datagram %v", k.family)
}

// prober is an engine, its targets, and what was heard of them.
type prober struct {
	kind
	run    *run
	engine *echo.Engine
	ended  chan error

	mu      sync.Mutex
	rng     *rand.Rand // of who changes the targets
	slots   []*slot
	byAddr  map[netip.Addr]*slot // those that the responder plays
	total   [32]uint64           // events by kind
	missed  uint64
	ooo     uint64 // replies out of order
	suspect uint64
	matched uint64        // verdicts that were held against the log
	tardy   uint64        // losses of which the log says that the answer left too late
	behind  time.Duration // how long a request took to the responder, at most

	stalls *rand.Rand // of the observer alone
}

// newProber opens an engine and adds its targets.
func newProber(r *run, k kind, seed uint64) (*prober, error) {
	p := &prober{
		kind: k, run: r, ended: make(chan error, 1), byAddr: map[netip.Addr]*slot{},
		rng: repeatable(seed, 1), stalls: repeatable(seed, 2),
	}
	config := icmpsock.Config{Policy: icmpsock.RawOnly}
	if !k.raw {
		config.Policy = icmpsock.DatagramOnly
	}
	network, err := r.bed.Client.Network(config)
	if err != nil {
		return nil, err
	}
	p.engine, err = echo.New(echo.Config{
		Network: network, Observe: p.observe, Clock: r.clock, Endless: true, Rate: 20_000,
		Notice: func(err error) { r.say("%v: %v", k, err) },
	})
	if err != nil {
		return nil, err
	}
	for _, h := range plan(r.bed, k) {
		s := &slot{host: h}
		p.slots = append(p.slots, s)
		if h.want.logged {
			p.byAddr[h.addr], p.byAddr[h.other] = s, s
		}
		if err := p.add(s); err != nil {
			return nil, err
		}
	}
	return p, p.engine.Open()
}

// repeatable returns random numbers of which the seed decides.
func repeatable(seed, stream uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, stream)) //nolint:gosec // G404: repeatable on purpose
}

// start runs the engine until the context ends.
func (p *prober) start(ctx context.Context) {
	go func() {
		p.ended <- p.run.bed.Client.Do(func() error { return p.engine.Run(ctx) })
	}()
}

// intervals, of which each is as frequent as it stands here.
var intervals = []time.Duration{
	20 * ms, 50 * ms, 50 * ms, 100 * ms, 100 * ms, 100 * ms, 250 * ms, 250 * ms, 250 * ms, 250 * ms,
	250 * ms, 250 * ms, 250 * ms, 500 * ms, 500 * ms, 500 * ms, 500 * ms, 500 * ms, time.Second, time.Second,
	time.Second, time.Second, time.Second, time.Second,
}

// pick returns one of several.
func pick[T any](rng *rand.Rand, of []T) T { return of[rng.IntN(len(of))] }

// settings returns a target for a slot, with settings that nobody has chosen.
// The caller has locked.
func (p *prober) settings(s *slot) echo.Target {
	return echo.Target{
		Addr: s.addr, Interval: pick(p.rng, intervals), Timeout: pick(p.rng, s.timeouts), Delay: echo.Spread,
		Size: pick(p.rng, s.sizes), Hops: s.hops, DontFragment: s.whole,
	}
}

// add puts a target into an empty slot. The caller has locked, or is alone.
func (p *prober) add(s *slot) error {
	l := &life{slot: s, target: p.settings(s), numbers: numbers{next: 1, ahead: map[uint64]struct{}{}}}
	l.target.Ref = l
	id, err := p.engine.Add(l.target)
	if err != nil {
		return fmt.Errorf("%v: add %v: %w", p.kind, s, err)
	}
	l.id, s.life = id, l
	return nil
}

// quarantine is how long a slot stays empty: until the log of the target that
// was there has been read, even if the responder is behind by seconds.
const quarantine = 20 * time.Second

// meddle adds, changes or removes a target, or leaves one alone.
func (p *prober) meddle() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := pick(p.rng, p.slots)
	switch {
	case s.steady:
		return nil
	case s.life == nil:
		if time.Since(s.ended) < quarantine {
			return nil
		}
		p.bury(s)
		return p.add(s)
	case p.rng.IntN(3) == 0:
		p.engine.Remove(s.life.id)
		s.life, s.ended = nil, time.Now()
		return nil
	}
	t := p.settings(s)
	t.Ref = s.life
	if s.other.IsValid() && p.rng.IntN(2) == 0 {
		s.addr, s.other = s.other, s.addr
		t.Addr = s.addr
	}
	s.life.target = t
	return p.engine.Change(s.life.id, t)
}

// bury looks at what a target that was removed has left. The caller has locked.
func (p *prober) bury(s *slot) {
	for i, c := range s.cells {
		if s.unseen(c) {
			p.breach("verdict on a request that the responder never saw", "%v: %v, sequence number %d", s, c.kind, c.seq)
		}
		s.cells[i] = cell{}
	}
}

// drain asks for no more probes, and waits until those in flight are decided.
func (p *prober) drain() error {
	p.mu.Lock()
	for _, s := range p.slots {
		if s.life == nil {
			continue
		}
		t := s.life.target
		t.Count = 1
		if err := p.engine.Change(s.life.id, t); err != nil {
			p.mu.Unlock()
			return err
		}
	}
	p.mu.Unlock()
	// A target that was added just now still sends its one.
	time.Sleep(2 * time.Second)
	for range 100 {
		if p.engine.Counters().InFlight == 0 {
			return nil
		}
		time.Sleep(100 * ms)
	}
	p.breach("probes without a verdict", "%+v", p.engine.Counters())
	return nil
}

// rules returns the addresses whose rules change.
func (p *prober) rules() []netip.Prefix {
	var all []netip.Prefix
	for _, s := range p.slots {
		if s.group == changing {
			all = append(all, netip.PrefixFrom(s.addr, s.addr.BitLen()), netip.PrefixFrom(s.other, s.other.BitLen()))
		}
	}
	return all
}

// changeRule sets another rule for one of those addresses.
func changeRule(bed *testbed.Bed, rng *rand.Rand, prefixes []netip.Prefix) {
	prefix := pick(rng, prefixes)
	f := wire.V4
	if prefix.Addr().Is6() {
		f = wire.V6
	}
	bed.Rule(prefix, pick(rng, testbed.Standard()).Fault(f))
}
