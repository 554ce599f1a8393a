package rawping

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/resolve"
)

const (
	lookups       = 32 // at a time
	lookupTimeout = firstSlack
	retryFirst    = time.Second
	retryMost     = time.Minute
)

// bringUp resolves the names of targets and hands these to the engine. It goes
// on, at growing distances, until the engine has them all.
func (s *session) bringUp(targets []*target) {
	wait := retryFirst
	for {
		targets = s.tryAll(targets)
		if len(targets) == 0 || s.ctx.Err() != nil {
			return
		}
		timer := time.NewTimer(wait)
		select {
		case <-s.ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		wait = min(2*wait, retryMost)
	}
}

// tryAll tries each target once and returns those that failed.
func (s *session) tryAll(targets []*target) (failed []*target) {
	var mu sync.Mutex
	var workers sync.WaitGroup
	next := make(chan *target)
	for range min(lookups, len(targets)) {
		workers.Go(func() {
			for t := range next {
				if s.try(t) {
					continue
				}
				mu.Lock()
				failed = append(failed, t)
				mu.Unlock()
			}
		})
	}
	for _, t := range targets {
		next <- t
	}
	close(next)
	workers.Wait()
	return failed
}

// try resolves a target's name, if it is one, and hands the target to the
// engine.
func (s *session) try(t *target) bool {
	if t.literal.IsValid() {
		return s.add(t, t.literal)
	}
	ctx, cancel := context.WithTimeout(s.ctx, lookupTimeout)
	defer cancel()
	addr, err := s.plugin.lookup(ctx, t.url)
	if s.ctx.Err() != nil {
		return false // says nothing of the name
	}
	if err != nil {
		if named, ok := errors.AsType[*resolve.Error](err); ok {
			err = named.Err // the log names the host already
		}
		s.heard(t.fail(unresolved, err))
		return false
	}
	return s.add(t, addr)
}

func (p *RawPing) systemNetwork() (icmpsock.Network, error) {
	return icmpsock.System(icmpsock.Config{Broadcast: p.AnySource})
}

func systemLookup(ctx context.Context, host string) (netip.Addr, error) {
	return resolve.Resolver{}.First(ctx, host, resolve.Either)
}
