package echo

import (
	"net/netip"
	"time"
)

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
	Delay    time.Duration // from Add to the first probe; or Spread

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
