package rawping

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"time"

	"github.com/influxdata/telegraf/config"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/resolve"
)

// Probing are the options that a target may have of its own. What is not set is
// as for all targets, and what is not set there has its default.
type Probing struct {
	PingInterval    *config.Duration `toml:"ping_interval"`
	Timeout         *config.Duration `toml:"timeout"`
	Size            *config.Size     `toml:"size"`
	TTL             *int             `toml:"ttl"`
	DSCP            *int             `toml:"dscp"`
	DontFragment    *bool            `toml:"dont_fragment"`
	Fwmark          *uint32          `toml:"fwmark"`
	Source          *string          `toml:"source"`
	Interface       *string          `toml:"interface"`
	Family          *string          `toml:"family"`
	Resolve         *string          `toml:"resolve"`
	AnySource       *bool            `toml:"any_source"`
	AcceptTruncated *bool            `toml:"accept_truncated"`
}

// settings say how a target is probed. Targets that are probed alike share one.
type settings struct {
	interval, timeout time.Duration
	size              int
	hops              int
	trafficClass      int
	mark              uint32
	source            netip.Addr // invalid: the system's choice
	device            string     // "": the system's choice
	family            family
	all               bool // addresses of a name
	dontFragment      bool
	anySource         bool
	acceptTruncated   bool
}

func defaultSettings() settings {
	return settings{interval: time.Second, timeout: time.Second, size: 56, family: anyFamily}
}

// family is a value of the option of that name.
type family string

const (
	anyFamily    family = "any"
	ipv4Family   family = "ipv4"
	ipv6Family   family = "ipv6"
	bothFamilies family = "both"
)

// over returns base with what o sets in its place.
func (o *Probing) over(base settings) (settings, error) {
	s := base
	set(&s.interval, (*time.Duration)(o.PingInterval))
	set(&s.timeout, (*time.Duration)(o.Timeout))
	set(&s.hops, o.TTL)
	set(&s.dontFragment, o.DontFragment)
	set(&s.mark, o.Fwmark)
	set(&s.anySource, o.AnySource)
	set(&s.acceptTruncated, o.AcceptTruncated)
	set(&s.family, (*family)(o.Family))
	if o.Size != nil {
		s.size = int(*o.Size)
	}
	if o.DSCP != nil {
		if *o.DSCP < 0 || *o.DSCP > 63 {
			return s, fmt.Errorf("dscp is %d: it must be 0 to 63", *o.DSCP)
		}
		s.trafficClass = *o.DSCP << 2 // RFC 2474 section 3: the upper six bits
	}
	if o.Resolve != nil {
		if *o.Resolve != "first" && *o.Resolve != "all" {
			return s, fmt.Errorf(`resolve is %q: it must be "first" or "all"`, *o.Resolve)
		}
		s.all = *o.Resolve == "all"
	}
	if err := o.setWay(&s); err != nil {
		return s, err
	}
	return s, s.check()
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// setWay sets what says by which way packets leave: interface is a device or, as
// with inputs.ping, a source address.
func (o *Probing) setWay(s *settings) error {
	if o.Source != nil {
		s.source = netip.Addr{}
		if *o.Source != "" {
			addr, err := netip.ParseAddr(*o.Source)
			if err != nil || addr.Zone() != "" || addr.IsUnspecified() {
				return fmt.Errorf(`source is %q: it must be an address of this host, as in "192.0.2.1"`, *o.Source)
			}
			s.source = addr.Unmap()
		}
	}
	if o.Interface == nil {
		return nil
	}
	s.device = *o.Interface
	addr, err := netip.ParseAddr(*o.Interface)
	if err != nil {
		return checkDevice(*o.Interface)
	}
	if o.Source != nil && *o.Source != "" {
		return fmt.Errorf("source is %q, and interface is the address %q: set one of them", *o.Source, *o.Interface)
	}
	s.device, s.source = "", addr.Unmap()
	return nil
}

// maxDevice is the longest name of a Linux interface (IFNAMSIZ, netdevice(7)).
const maxDevice = 15

// checkDevice refuses what can be no interface's name. Whether it is there is
// not asked: it may come later.
func checkDevice(name string) error {
	if runtime.GOOS == "linux" && (len(name) > maxDevice || strings.ContainsAny(name, "/: \t\n")) {
		return fmt.Errorf(`interface is %q: it must be the name of a network interface, as in "eth0", or an address of this host`, name)
	}
	return nil
}

// check refuses what no target could be probed with.
func (s *settings) check() error {
	switch {
	case s.interval <= 0:
		return fmt.Errorf(`ping_interval is %v: it must be more than 0, as in "1s"`, s.interval)
	case s.timeout <= 0:
		return fmt.Errorf(`timeout is %v: it must be more than 0, as in "1s"`, s.timeout)
	case s.interval > echo.Longest:
		return fmt.Errorf(`ping_interval is %v: it must be at most %v`, s.interval, echo.Longest)
	case s.timeout > echo.Longest:
		return fmt.Errorf(`timeout is %v: it must be at most %v`, s.timeout, echo.Longest)
	case s.hops < 0 || s.hops > 255:
		return fmt.Errorf("ttl is %d: it must be 1 to 255, or 0 for the system's", s.hops)
	}
	switch s.family {
	case anyFamily, ipv4Family, ipv6Family:
	case bothFamilies:
		if s.source.IsValid() {
			return fmt.Errorf(`source is %s, but family is "both": one address cannot reach both`, s.source)
		}
	default:
		return fmt.Errorf(`family is %q: it must be "any", "ipv4", "ipv6" or "both"`, s.family)
	}
	wanted := s.wanted()
	if s.source.IsValid() && s.source.Is4() != (wanted == resolve.V4) {
		return fmt.Errorf("source is %s, but family is %q", s.source, s.family)
	}
	// The rest is the engine's to say, of any address that there could be.
	example := netip.MustParseAddr("192.0.2.1")
	if wanted == resolve.V6 {
		example = netip.MustParseAddr("2001:db8::1")
	}
	t := s.target(example, nil)
	return t.Check(icmpsock.OrdinaryUser())
}

// wanted returns the family of addresses that a name is looked up for.
func (s *settings) wanted() resolve.Family {
	switch {
	case s.family == ipv4Family, s.source.Is4():
		return resolve.V4
	case s.family == ipv6Family, s.source.Is6():
		return resolve.V6
	case s.family == bothFamilies:
		return resolve.Both
	}
	return resolve.Either
}

// several reports whether a name may have more than one target.
func (s *settings) several() bool { return s.all || s.family == bothFamilies }

// target returns what the engine is asked to probe.
func (s *settings) target(addr netip.Addr, ref any) echo.Target {
	return echo.Target{
		Addr:         addr,
		Interval:     s.interval,
		Timeout:      s.timeout,
		Size:         s.size,
		Hops:         s.hops,
		TrafficClass: s.trafficClass,
		Source:       s.source,
		Interface:    s.device,
		Mark:         s.mark,
		DontFragment: s.dontFragment,
		Ref:          ref,

		AnySource:       s.anySource,
		AllowBroadcast:  s.anySource,
		AcceptTruncated: s.acceptTruncated,
	}
}

// general returns the settings of all targets that have none of their own. The
// options ipv4 and ipv6 are those of inputs.ping.
func (p *RawPing) general() (settings, error) {
	base := defaultSettings()
	switch {
	case p.IPv4 == p.IPv6: // both: whichever there is
	case p.Family != nil:
		return base, errors.New("family is set beside ipv4 or ipv6: set one of them")
	case p.IPv4:
		base.family = ipv4Family
	case p.IPv6:
		base.family = ipv6Family
	}
	return p.over(base)
}
