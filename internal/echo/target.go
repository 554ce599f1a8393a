package echo

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/rawping/rawping/internal/wire"
)

// Longest is the most that an interval, a timeout or a delay may be: far more
// than anyone means, and far less than what an Instant can hold.
const Longest = 1000 * 24 * time.Hour

// TargetID names a target of one engine. It is never used again.
type TargetID uint64

// Spread is a Target's Delay that lets the engine choose when the first probe
// is due, so that the probes of many targets lie evenly over the interval.
const Spread time.Duration = -1

// Target says what to probe, and how.
type Target struct {
	Addr netip.Addr // with a zone if link-local; the zone is an interface's name or index

	Count    int           // probes to send; 0: endless
	Interval time.Duration // from one probe's due time to the next; 0: the next goes when the verdict is there
	Timeout  time.Duration // how long a reply may take
	Delay    time.Duration // from Add to the first probe; or Spread. None of the three is over 1,000 days

	// Eager targets wait for nothing: as soon as nothing is in flight to any
	// target, what they have next goes. Interval and Delay are then the most.
	Eager bool

	Size         int        // bytes of payload, 0 to 65507 (IPv4) or 65527 (IPv6); from 16 on it carries a token
	Hops         int        // TTL or hop limit; 0: the system's
	TrafficClass int        // the whole octet; 0: the system's
	Source       netip.Addr // source address; the zero value: the system's choice
	Interface    string     // name of the interface to leave by; "": the system's choice
	Mark         uint32     // fwmark; 0: none
	DontFragment bool       // ask routers not to fragment, and refuse to do so here

	AnySource       bool // a valid reply from another address counts as a reply (anycast, broadcast)
	AcceptTruncated bool // a reply with our token counts even if the rest is short or zeroed
	AllowBroadcast  bool // the address may be a broadcast or multicast address

	Ref any // the caller's own; comes back with every event
}

// Check says what is wrong with a target, by field and value, without a look at
// the network. If ordinary, it also holds the target to what a user who is not
// root may do to others.
func (t *Target) Check(ordinary bool) error {
	if err := t.checkAddress(); err != nil {
		return err
	}
	limit := wire.MaxPayload4
	if wire.FamilyOf(t.Addr) == wire.V6 {
		limit = wire.MaxPayload6
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
	case t.Interval > Longest:
		return fmt.Errorf("interval %v: must be at most %v", t.Interval, Longest)
	case t.Timeout > Longest:
		return fmt.Errorf("timeout %v: must be at most %v", t.Timeout, Longest)
	case t.Delay > Longest:
		return fmt.Errorf("delay %v: must be at most %v", t.Delay, Longest)
	case t.Size < 0 || t.Size > limit:
		return fmt.Errorf("size %d: must be 0 to %d bytes for %s", t.Size, limit, wire.FamilyOf(t.Addr))
	case t.Hops < 0 || t.Hops > 255:
		return fmt.Errorf("TTL %d: must be 1 to 255", t.Hops)
	case t.TrafficClass < 0 || t.TrafficClass > 255:
		return fmt.Errorf("traffic class %d: must be 0 to 255", t.TrafficClass)
	case t.AnySource && t.Size < wire.TokenLen:
		return fmt.Errorf("size %d: replies from any source are told by a token, which needs %d bytes", t.Size, wire.TokenLen)
	case ordinary && t.Interval > 0 && t.Interval < ordinaryInterval && !t.Addr.Unmap().IsLoopback():
		return fmt.Errorf("interval %v: only root may go below %v", t.Interval, ordinaryInterval)
	}
	return nil
}

func (t *Target) checkAddress() error {
	a := t.Addr.Unmap()
	switch {
	case !a.IsValid():
		return errors.New("no address")
	case a.IsUnspecified():
		return fmt.Errorf("address %s: is no host's", a)
	case (a.IsMulticast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255})) && !t.AllowBroadcast:
		return fmt.Errorf("address %s: is a broadcast or multicast address, which is probed only if replies from any source count", a)
	case a.Is6() && (a.IsLinkLocalUnicast() || a.IsLinkLocalMulticast()) && a.Zone() == "":
		return fmt.Errorf("address %s: is link-local; say which interface, as in %s%%eth0", a, a)
	case t.Source.IsValid() && wire.FamilyOf(t.Source) != wire.FamilyOf(a):
		return fmt.Errorf("source %s: cannot reach %s, which is %s", t.Source, a, wire.FamilyOf(a))
	}
	return nil
}
