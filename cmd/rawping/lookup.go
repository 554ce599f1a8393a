package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/rawping/rawping/internal/resolve"
	"github.com/rawping/rawping/internal/wire"
)

const (
	lookupsAtOnce = 64
	lookupTime    = 15 * time.Second // for one name; resolv.conf's default gives up after 10 s
)

// lookup finds an address for a name; family 0 is either. An error begins with
// the name.
type lookup func(ctx context.Context, name string, family wire.Family) (netip.Addr, error)

// systemLookup asks the system.
func systemLookup(ctx context.Context, name string, family wire.Family) (netip.Addr, error) {
	var system resolve.Resolver
	return system.First(ctx, name, policy(family))
}

func policy(family wire.Family) resolve.Family {
	switch family {
	case wire.V4:
		return resolve.V4
	case wire.V6:
		return resolve.V6
	}
	return resolve.Either
}

// errAsked says that a host is a name: it would have to be looked up.
var errAsked = errors.New("asked")

// spelled reads a host without looking anything up: it returns an address, if
// it is one in any spelling that there is, the zero Addr for a name, or what is
// wrong with it.
func spelled(host string, family wire.Family) (netip.Addr, error) {
	speller := resolve.Resolver{Lookup: func(context.Context, string, string) ([]netip.Addr, error) { return nil, errAsked }}
	addr, err := speller.First(context.Background(), host, policy(family))
	if errors.Is(err, errAsked) {
		return netip.Addr{}, nil
	}
	if bad, ok := errors.AsType[*resolve.Error](err); ok && bad.Kind == resolve.BadName {
		return addr, fmt.Errorf("host %w; want a name or an IP address", err)
	}
	if err != nil {
		return addr, fmt.Errorf("host %w", err)
	}
	return addr, nil
}

// lookUp looks up the names among the entries. What has no address is named on
// standard error and left out; unknown is how many.
func (s *session) lookUp() (unknown int) {
	errs := map[int]error{}
	var mu sync.Mutex // guards errs
	var busy sync.WaitGroup
	slots := make(chan struct{}, lookupsAtOnce)
	for i := range s.entries {
		e := &s.entries[i]
		if e.addr.IsValid() {
			continue
		}
		slots <- struct{}{}
		busy.Go(func() {
			defer func() { <-slots }()
			ctx, cancel := context.WithTimeout(context.Background(), lookupTime)
			defer cancel()
			addr, err := s.lookup(ctx, e.name, s.set.family)
			if err == nil {
				e.addr = addr
				return
			}
			mu.Lock()
			errs[i] = err
			mu.Unlock()
		})
	}
	busy.Wait()
	for _, i := range slices.Sorted(maps.Keys(errs)) {
		s.complain.error(s.entries[i].place.wrap(fmt.Errorf("host %w", errs[i])))
	}
	s.entries = slices.DeleteFunc(s.entries, func(e entry) bool { return !e.addr.IsValid() })
	return len(errs)
}
