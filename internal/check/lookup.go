package check

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/rawping/rawping/internal/resolve"
	"github.com/rawping/rawping/internal/wire"
)

const (
	// parallelLookups keeps the files that lookups open within what a process
	// may have open.
	parallelLookups = 200

	// leastWait is what a lookup leaves for a reply.
	leastWait = time.Second
)

// resolve finds the addresses of all targets. Names are looked up side by side,
// and not so long that no time would be left to probe the others.
func (m *measurement) resolve(ctx context.Context, began time.Time) {
	p := m.Plan
	spare := p.Timeout - p.Span(len(p.Targets)) - min(p.Wait, leastWait)
	ctx, cancel := context.WithDeadline(ctx, began.Add(max(spare, p.Timeout/2)))
	defer cancel()
	found := make([][]*Host, len(p.Targets))
	var lookups sync.WaitGroup
	room := make(chan struct{}, parallelLookups)
	for i, t := range p.Targets {
		if _, err := netip.ParseAddr(t.Name); err == nil {
			found[i] = m.hosts(ctx, i, t)
			continue
		}
		lookups.Go(func() {
			room <- struct{}{}
			found[i] = m.hosts(ctx, i, t)
			<-room
		})
	}
	lookups.Wait()
	m.Hosts = slices.Concat(found...)
}

// hosts returns the hosts that the target with a number stands for: at least
// one, even if that is only there to say why.
func (m *measurement) hosts(ctx context.Context, number int, t Target) (hosts []*Host) {
	failed := func(err error) []*Host { return []*Host{{Name: t.Name, Target: number, Err: err}} }
	defer func() {
		if r := recover(); r != nil { // nobody else can catch it on this goroutine
			hosts = failed(fmt.Errorf("internal error, please report it: %v", r))
		}
	}()
	addrs, err := m.addresses(ctx, t)
	if err != nil {
		return failed(err)
	}
	for _, addr := range addrs {
		hosts = append(hosts, &Host{Name: t.Name, Target: number, Addr: addr})
	}
	return hosts
}

// addresses returns what a target's name stands for: all that it has, the best
// one, or one of each family.
func (m *measurement) addresses(ctx context.Context, t Target) ([]netip.Addr, error) {
	if !t.All && t.Family != resolve.Both {
		addr, err := m.resolver.First(ctx, t.Name, t.Family)
		return []netip.Addr{addr}, err
	}
	all, err := m.resolver.All(ctx, t.Name, t.Family)
	if t.All || err != nil {
		return all, err
	}
	var one []netip.Addr
	for _, addr := range all {
		if !slices.ContainsFunc(one, func(a netip.Addr) bool { return wire.FamilyOf(a) == wire.FamilyOf(addr) }) {
			one = append(one, addr)
		}
	}
	return one, nil
}

// Why returns why a host is not probed, without the host's name: that stands
// before it. It is nil for a host that is.
func (h *Host) Why() error {
	if failure := (*resolve.Error)(nil); errors.As(h.Err, &failure) {
		return failure.Err
	}
	return h.Err
}
