package check

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/resolve"
	"github.com/rawping/rawping/internal/wire"
)

// Measure carries a plan out: it opens the sockets, gives up the rights, looks
// up the names, and sends and receives until the last verdict, until the plan's
// timeout has passed since began, or until the context of [UntilStopped] ends. The
// error says why nothing was measured; what is wrong with a single host is in the
// results.
func Measure(ctx context.Context, plan *Plan, began time.Time) (*Results, error) {
	ctx, cancel := limited(ctx, plan.Timeout, began)
	defer cancel()
	network, err := icmpsock.System(icmpsock.Config{Broadcast: plan.AnySource})
	if err != nil {
		return nil, err
	}
	w := world{network: network, dropRights: icmpsock.DropRights, ordinary: icmpsock.OrdinaryUser()}
	return w.measure(ctx, plan, began)
}

// world is what a measurement touches.
type world struct {
	network    icmpsock.Network
	dropRights func() error
	ordinary   bool // a user who is not root
	resolver   resolve.Resolver
}

// measurement is a plan that is being carried out.
type measurement struct {
	world
	*Results
	engine *echo.Engine
	traces int // that were begun
}

func (w world) measure(ctx context.Context, plan *Plan, began time.Time) (*Results, error) {
	m := &measurement{world: w, Results: &Results{Plan: plan}}
	var err error
	m.engine, err = echo.New(echo.Config{
		Network:  w.network,
		Observe:  m.observe,
		Rate:     Rate,
		Ordinary: w.ordinary,
		Notice:   func(err error) { m.Notices = append(m.Notices, err.Error()) },
	})
	if err != nil {
		return nil, errors.Join(err, w.network.Close())
	}
	defer func() { _ = m.engine.Close() }() // what Run has not closed
	if err := m.open(); err != nil {
		return nil, err
	}
	m.resolve(ctx, began)
	m.Results.Resolved = time.Since(began)
	if plan.Resolved != nil {
		if err := plan.Resolved(m.Hosts); err != nil {
			return nil, err
		}
	}
	if plan.Probing > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, plan.Probing, stop{Deadline: true})
		defer cancel()
	}
	if m.add() {
		if err := m.engine.Run(ctx); err != nil {
			return nil, err
		}
	}
	m.Ending = endingOf(ctx)
	m.Took = time.Since(began)
	m.Counters = m.engine.Counters()
	m.settle()
	return m.Results, nil
}

// open opens every socket that the targets can need, and gives up the right to
// open more. A family that this host does not have is no error yet: perhaps no
// name needs it.
func (m *measurement) open() error {
	for _, family := range m.families() {
		for lane := range echo.Lanes(m.Plan.most(), m.Plan.Packets) {
			class := icmpsock.Class{Family: family, Mark: m.Plan.Mark, DontFragment: m.Plan.DontFragment, Lane: lane}
			if err := m.engine.Open(class); errors.Is(err, os.ErrPermission) {
				return err
			}
		}
	}
	err := m.dropRights()
	if errors.Is(err, icmpsock.ErrRightsKept) {
		return nil // nothing that could be done here would help
	}
	return err
}

// most returns how many targets the engine can get at once.
func (p *Plan) most() int {
	if p.Trace {
		return len(p.Targets) + mostTraces*mostHops
	}
	return len(p.Targets)
}

// families returns the families that the targets can turn out to be of.
func (m *measurement) families() []wire.Family {
	var families []wire.Family
	for _, f := range []struct {
		family wire.Family
		other  resolve.Family
	}{{wire.V4, resolve.V6}, {wire.V6, resolve.V4}} {
		if slices.ContainsFunc(m.Plan.Targets, func(t Target) bool {
			addr, err := netip.ParseAddr(t.Name)
			if err == nil {
				return wire.FamilyOf(addr) == f.family
			}
			return t.Family != f.other
		}) {
			families = append(families, f.family)
		}
	}
	return families
}

// add gives the engine the hosts that have an address, and reports whether
// there is one.
func (m *measurement) add() bool {
	some := false
	for i, h := range m.Hosts {
		if h.Err != nil {
			continue
		}
		h.Packets, h.keep, h.whole = m.Plan.Packets, m.Plan.KeepProbes, m.Plan.DontFragment
		h.probe = m.Plan.probe(h)
		h.probe.Delay = time.Duration(i) * m.Plan.Stagger
		h.id, h.Err = m.engine.Add(h.probe)
		some = some || h.Err == nil
	}
	return some
}

// probe returns what the engine is to do for a host.
func (p *Plan) probe(h *Host) echo.Target {
	return echo.Target{
		Addr: h.Addr, Count: p.Packets, Interval: p.Interval, Eager: p.Eager, Timeout: p.Wait,
		Size: p.Size, Hops: p.Hops, TrafficClass: p.TrafficClass,
		Source: p.source(h.Addr), Interface: p.Interface, Mark: p.Mark, DontFragment: p.DontFragment,
		AnySource: p.AnySource, AllowBroadcast: p.AnySource, AcceptTruncated: p.AcceptTruncated,
		Ref: h,
	}
}

// source returns the source address for packets to an address: one of its
// family or, so that the engine says what is wrong, any.
func (p *Plan) source(dst netip.Addr) netip.Addr {
	for _, s := range p.Sources {
		if wire.FamilyOf(s) == wire.FamilyOf(dst) {
			return s
		}
	}
	if len(p.Sources) > 0 {
		return p.Sources[0]
	}
	return netip.Addr{}
}

// observe takes an event of the engine's and does what the plan says to it.
func (m *measurement) observe(ev *echo.Event) {
	h, ok := ev.Ref.(*Host)
	if !ok {
		m.observeHop(ev)
		return
	}
	h.Observe(ev)
	if !ev.Kind.Verdict() || h.done {
		return
	}
	next := GoOn
	if m.Plan.After != nil {
		next = m.Plan.After(h)
	}
	switch {
	case next == GoOn:
	case next == RunDone:
		for _, other := range m.Hosts {
			m.finish(other)
		}
	case next == HostDone:
		m.finish(h)
	case int(next) != h.Packets:
		h.Packets, h.probe.Count = int(next), int(next)
		_ = m.engine.Change(h.id, h.probe) // it differs in nothing that could be wrong
	}
	if m.Plan.Trace && (h.done || h.Done() >= uint64(h.Packets)) { //nolint:gosec // no plan has a negative number
		m.trace(h)
	}
}

// finish sends nothing more to a host, and no longer waits for what it could
// answer.
func (m *measurement) finish(h *Host) {
	h.done = true
	m.engine.Remove(h.id)
}
