package echo

import (
	"fmt"

	"github.com/rawping/rawping/internal/icmpsock"
)

// prepare checks a target and turns it into a subject.
func (e *Engine) prepare(t Target) (*subject, error) {
	if err := t.Check(e.config.Ordinary); err != nil {
		return nil, err
	}
	s := newSubject(0, t)
	s.addr = t.Addr.Unmap().WithZone("")
	options := icmpsock.Options{Hops: t.Hops, TrafficClass: t.TrafficClass, Source: t.Source.Unmap().WithZone("")}
	if zone := t.Addr.Zone(); zone != "" {
		index, err := e.interfaces.index(zone)
		if err != nil {
			return nil, fmt.Errorf("address %s: %w", t.Addr, err)
		}
		if s.addr.IsLinkLocalUnicast() || s.addr.IsLinkLocalMulticast() {
			s.scope = index
		} else {
			options.Interface = index
		}
	}
	if t.Interface != "" {
		index, err := e.interfaces.index(t.Interface)
		if err != nil {
			return nil, err
		}
		options.Interface = index
	}
	s.options = e.intern(options)
	return s, nil
}

// intern returns one pointer for all options that are the same; nil for none.
func (e *Engine) intern(o icmpsock.Options) *icmpsock.Options {
	if o == (icmpsock.Options{}) {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	p := e.options[o]
	if p == nil {
		p = new(icmpsock.Options)
		*p = o
		e.options[o] = p
	}
	return p
}
