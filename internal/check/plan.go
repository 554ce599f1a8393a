package check

import (
	"math"
	"net/netip"
	"time"

	"github.com/rawping/rawping/internal/resolve"
)

// Plan says what to send to whom, and how long all may take. It says nothing
// of what the results mean.
type Plan struct {
	Targets []Target

	Packets  int           // to each host, at least 1
	Interval time.Duration // from one packet to a host to the next; 0: the next goes when the verdict is there
	Eager    bool          // as soon as nothing is in flight to any host, what is next goes: Interval and Stagger are the most
	Stagger  time.Duration // from the first packet of one host to that of the next
	Wait     time.Duration // how long a reply may take, more than 0
	Patience time.Duration // how long a packet in flight at the end must have waited to be lost, if no reply took longer; 0: Wait
	Timeout  time.Duration // how long all may take, names included
	Probing  time.Duration // how long it may take from the look-ups on; 0: until the timeout

	Size         int          // bytes of payload
	Hops         int          // TTL or hop limit; 0: the system's
	TrafficClass int          // the whole octet; 0: the system's
	Sources      []netip.Addr // source addresses, one of a family at most; none: the system's choice
	Interface    string       // name of the interface to leave by; "": the system's choice
	Mark         uint32       // fwmark; 0: none
	DontFragment bool

	AnySource       bool // replies from other addresses count; broadcast is allowed
	AcceptTruncated bool // replies that are short, or zeroed after our token, count

	Trace      bool // to a host that answers nothing, find out how far the path answers
	KeepProbes bool // keep what is known of each packet

	// Resolved, if set, sees all hosts after the look-ups, before anything is
	// sent. It may set Err of those that are not to be probed, and change how the
	// others are paced. Its error ends the measurement.
	Resolved func([]*Host) error

	// After, if set, is asked after each verdict on a packet how to go on with
	// its host. It runs between two packets and must not block.
	After func(*Host) Next
}

// Target is a name to look up, or an address. It may stand for several hosts.
type Target struct {
	Name   string
	Family resolve.Family
	All    bool // every address of the name is a host to probe; otherwise the best one, or one of each family if those are asked for
}

// Next says how a measurement goes on: if positive, with so many packets to the
// host in all, but not fewer than it has got.
type Next int

// The others.
const (
	GoOn     Next = 0  // as before
	HostDone Next = -1 // nothing more is sent to the host, or waited for
	RunDone  Next = -2 // nor to any other
)

// Rate is how many packets per second leave this host at most.
const Rate = 5000

// Span returns the time from the first packet to the last to so many hosts, if
// none has to wait for a reply; the greatest duration if that is too long to
// count.
func (p *Plan) Span(hosts int) time.Duration {
	gaps, others := time.Duration(p.Packets-1), time.Duration(max(hosts, 1)-1)
	const most = math.MaxInt64 / 4
	if gaps > 0 && p.Interval > most/gaps || others > 0 && p.Stagger > most/others {
		return math.MaxInt64
	}
	all := time.Duration(hosts*p.Packets-1) * (time.Second / Rate)
	return max(gaps*p.Interval+others*p.Stagger, all)
}
