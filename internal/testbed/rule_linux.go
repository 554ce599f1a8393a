package testbed

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"
)

// rule is a fault of a prefix.
type rule struct {
	prefix netip.Prefix
	fault  Fault
	hosts  map[netip.Addr]*host
}

// host is what a rule remembers of one destination.
type host struct {
	requests int
	rng      *rand.Rand
	held     *packet // waits to be overtaken
}

// Rule sets what becomes of the requests to a prefix, from the next request on;
// answers that wait already still leave. The first rule that matches decides:
// a new prefix comes after those that there are, one that has a rule keeps its
// place and begins anew. Requests without a rule are answered rightly. Rule
// panics on a prefix outside of [Addresses].Responder, and on a fault that makes
// no sense, both of which are mistakes of a test.
func (b *Bed) Rule(prefix netip.Prefix, f Fault) {
	all := b.Responder.V4
	if prefix.Addr().Is6() {
		all = b.Responder.V6
	}
	if !all.Contains(prefix.Addr()) || prefix.Bits() < all.Bits() {
		panic(fmt.Sprintf("testbed: no responder at %v, only at %v", prefix, all))
	}
	if err := f.check(prefix.Addr().Is6()); err != nil {
		panic(fmt.Sprintf("testbed: rule for %v: %v", prefix, err))
	}
	if f.ICMPError != nil {
		e := *f.ICMPError // the caller may change its own
		f.ICMPError = &e
	}
	r := b.responder
	r.mu.Lock()
	defer r.mu.Unlock()
	fresh := &rule{prefix: prefix.Masked(), fault: f, hosts: make(map[netip.Addr]*host)}
	if i := slices.IndexFunc(r.rules, func(r *rule) bool { return r.prefix == fresh.prefix }); i >= 0 {
		r.rules[i] = fresh
		return
	}
	r.rules = append(r.rules, fresh)
}

// Rules takes all rules away, so that every request is answered rightly.
func (b *Bed) Rules() {
	b.responder.mu.Lock()
	defer b.responder.mu.Unlock()
	b.responder.rules = nil
}

// rule returns the rule for a destination, and what it remembers of it. The
// caller has locked.
func (r *responder) rule(dst netip.Addr) (*Fault, *host) {
	for _, rule := range r.rules {
		if !rule.prefix.Contains(dst) {
			continue
		}
		h := rule.hosts[dst]
		if h == nil {
			h = &host{rng: stream(rule.fault.Seed, dst)}
			rule.hosts[dst] = h
		}
		h.requests++
		return &rule.fault, h
	}
	return &Fault{}, nil
}

// stream returns the random numbers of one destination.
func stream(seed uint64, dst netip.Addr) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write(dst.AsSlice())
	return rand.New(rand.NewPCG(seed, h.Sum64())) //nolint:gosec // G404: repeatable on purpose
}

// delay returns how long the answer to a request takes.
func (f *Fault) delay(h *host) time.Duration {
	if f.Jitter == 0 {
		return f.Delay
	}
	return f.Delay + time.Duration(h.rng.Int64N(int64(f.Jitter)+1))
}

// loses says whether a request gets no answer.
func (f *Fault) loses(h *host) bool {
	if f.Of > 0 && (h.requests-1)%f.Of < f.Lose {
		return true
	}
	return f.LoseRandom > 0 && h.rng.Float64()*100 < f.LoseRandom
}

// holds says whether a reply waits to be overtaken.
func (f *Fault) holds(h *host) bool { return f.Reorder > 0 && h.requests%f.Reorder == 0 }
