package rawping

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/rawping/rawping/internal/resolve"
)

// lookupTimeout bounds the look-up of a name, in both families together.
const lookupTimeout = firstSlack

// name is what is known of a host's name.
type name struct {
	lookup
	logged state // the journal's
}

// lookup is how the last look-up of a name went.
type lookup struct {
	done   bool // there has been one
	took   time.Duration
	err    string           // why it failed; "": it did not
	failed []resolve.Family // those that it failed for
}

// failedFor reports whether the look-up of an address's family failed; that of an
// address that is not known is the one that did.
func (l *lookup) failedFor(addr netip.Addr) bool {
	return slices.ContainsFunc(l.failed, func(family resolve.Family) bool { return !addr.IsValid() || within(family, addr) })
}

// within reports whether an address is of a family, which is not Both.
func within(family resolve.Family, addr netip.Addr) bool {
	return family == resolve.Either || addr.Is4() == (family == resolve.V4)
}

// found is what a look-up, or two for both families, brought.
type found struct {
	addrs  []netip.Addr
	failed []resolve.Family // of these nothing is known
	err    error
}

// lookUp asks for the addresses of a host.
func (s *session) lookUp(h *host) (f found) {
	if addr, ok := h.literal(); ok {
		return found{addrs: []netip.Addr{addr}}
	}
	ctx, cancel := context.WithTimeout(s.ctx, lookupTimeout)
	defer cancel()
	families := []resolve.Family{h.how.wanted()}
	if families[0] == resolve.Both {
		families = []resolve.Family{resolve.V4, resolve.V6}
	}
	began := time.Now()
	for _, family := range families {
		addrs, err := s.ask(ctx, h, family)
		if err != nil {
			f.failed = append(f.failed, family)
			if f.err != nil {
				err = fmt.Errorf("%w; %w", f.err, err)
			}
			f.err = err
		}
		f.addrs = append(f.addrs, addrs...)
	}
	if s.ctx.Err() != nil {
		return f // what was given up says nothing of the name
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.name.lookup = lookup{done: true, took: time.Since(began), failed: f.failed}
	if f.err != nil {
		h.name.err = oneLine(f.err)
	}
	return f
}

// ask looks a host up in one family.
func (s *session) ask(ctx context.Context, h *host, family resolve.Family) (addrs []netip.Addr, err error) {
	if h.how.all {
		addrs, err = s.plugin.resolver.All(ctx, h.url, family)
	} else {
		var addr netip.Addr
		addr, err = s.plugin.resolver.Again(ctx, h.url, family, h.current(family))
		addrs = []netip.Addr{addr}
	}
	if err == nil {
		return addrs, nil
	}
	if named, ok := errors.AsType[*resolve.Error](err); ok {
		err = named.Err // the log and the metric name the host already
	}
	return nil, err
}
