package echo

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"

	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/wire"
)

// prepare checks a target and turns it into a subject.
func (e *Engine) prepare(t Target) (*subject, error) {
	if err := e.check(&t); err != nil {
		return nil, err
	}
	s := newSubject(0, t)
	s.addr = t.Addr.Unmap().WithZone("")
	s.class = icmpsock.Class{Family: wire.FamilyOf(s.addr), Mark: t.Mark, DontFragment: t.DontFragment}
	options := icmpsock.Options{Hops: t.Hops, TrafficClass: t.TrafficClass, Source: t.Source.Unmap()}
	if zone := t.Addr.Zone(); zone != "" {
		index, err := e.interfaceIndex(zone)
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
		index, err := e.interfaceIndex(t.Interface)
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
	if p := e.options[o]; p != nil {
		return p
	}
	e.options[o] = &o
	return &o
}

func (e *Engine) interfaceIndex(name string) (int, error) {
	if index, err := strconv.Atoi(name); err == nil && index > 0 {
		return index, nil
	}
	index, err := e.config.InterfaceIndex(name)
	if err != nil {
		return 0, fmt.Errorf("interface %q: %w", name, err)
	}
	return index, nil
}

func (e *Engine) check(t *Target) error {
	if err := checkAddress(t); err != nil {
		return err
	}
	limit := 65507 // RFC 791: 65535 less 20 and 8
	if wire.FamilyOf(t.Addr) == wire.V6 {
		limit = 65527 // RFC 8200 section 4.5: 65535 less 8
	}
	switch {
	case t.Count < 0:
		return fmt.Errorf("count %d: must be at least 1, or 0 for endless", t.Count)
	case t.Interval < 0:
		return fmt.Errorf("interval %v: must not be negative", t.Interval)
	case t.Timeout <= 0:
		return fmt.Errorf("timeout %v: must be more than 0", t.Timeout)
	case t.Delay < 0 && t.Delay != Spread:
		return fmt.Errorf("delay %v: must not be negative", t.Delay)
	case t.Size < 0 || t.Size > limit:
		return fmt.Errorf("size %d: must be 0 to %d bytes for %s", t.Size, limit, wire.FamilyOf(t.Addr))
	case t.Hops < 0 || t.Hops > 255:
		return fmt.Errorf("TTL %d: must be 1 to 255", t.Hops)
	case t.TrafficClass < 0 || t.TrafficClass > 255:
		return fmt.Errorf("traffic class %d: must be 0 to 255", t.TrafficClass)
	case t.AnySource && t.Size < wire.TokenLen:
		return fmt.Errorf("size %d: replies from any source are told by a token, which needs %d bytes", t.Size, wire.TokenLen)
	case e.config.Ordinary && t.Interval > 0 && t.Interval < ordinaryInterval && !t.Addr.Unmap().IsLoopback():
		return fmt.Errorf("interval %v: only root may go below %v", t.Interval, ordinaryInterval)
	}
	return nil
}

func checkAddress(t *Target) error {
	a := t.Addr.Unmap()
	switch {
	case !a.IsValid():
		return errors.New("no address")
	case a.IsUnspecified():
		return fmt.Errorf("address %s: is no host's", a)
	case (a.IsMulticast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255})) && !t.AllowBroadcast:
		return fmt.Errorf("address %s: is a broadcast or multicast address, which must be allowed expressly", a)
	case a.Is6() && (a.IsLinkLocalUnicast() || a.IsLinkLocalMulticast()) && a.Zone() == "":
		return fmt.Errorf("address %s: is link-local; say which interface, as in %s%%eth0", a, a)
	case t.Source.IsValid() && wire.FamilyOf(t.Source) != wire.FamilyOf(a):
		return fmt.Errorf("source %s: cannot reach %s, which is %s", t.Source, a, wire.FamilyOf(a))
	}
	return nil
}
