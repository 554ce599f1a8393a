package native

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/nagios"
	"github.com/rawping/rawping/internal/wire"
)

const (
	// defaultTimeout is the least that the whole run is given if -t is not.
	defaultTimeout = 10 * time.Second

	// leastWait is the least that a reply is waited for if --packet-timeout is
	// not given.
	leastWait = time.Second

	// leastReply is the least that -t has to leave for the reply to the last packet.
	leastReply = 10 * time.Millisecond

	// mostInTurn is the longest that the whole run is given of itself if each
	// packet waits for the verdict on the one before.
	mostInTurn = 10 * time.Minute

	// courtesy is how far apart the packets to one host are that a user other than
	// root may send (package echo).
	courtesy = time.Millisecond

	// mostPackets keeps figures over all RTTs within a few megabytes.
	mostPackets = 1_000_000
)

// settings reads the values and checks that they fit each other.
func (o *options) settings(ctx context.Context) (*settings, error) {
	s := &settings{plan: &check.Plan{}, ordinary: icmpsock.OrdinaryUser()}
	readHosts := func(s *settings) error { return o.readHosts(ctx, s) }
	for _, step := range []func(*settings) error{
		o.readPackets, o.readSource, o.readMarks, o.readPacing, o.readVerdict, o.readOutput, o.readState, readHosts, o.readMinAlive, o.readTimes,
	} {
		if err := step(s); err != nil {
			return nil, err
		}
	}
	s.plan.Trace = o.Trace
	s.plan.KeepProbes = s.verbosity >= 2
	s.watch()
	return s, nil
}

func (o *options) readPackets(s *settings) (err error) {
	p := s.plan
	if p.Packets, err = number(string(o.Packets), 1, mostPackets); err != nil {
		return fmt.Errorf("option -n: %s is no number of packets; want 1 to %d, such as 5", quote(string(o.Packets)), mostPackets)
	}
	if o.given("confirm") {
		if s.confirm, err = number(string(o.Confirm), 1, mostPackets-p.Packets); err != nil {
			return fmt.Errorf("option --confirm: %s is no number of packets; want 1 to %d, such as 5", quote(string(o.Confirm)), mostPackets-p.Packets)
		}
	}
	most := wire.MaxPayload6
	if o.Only4 {
		most = wire.MaxPayload4
	}
	if p.Size, err = number(string(o.Bytes), 0, most); err != nil {
		return fmt.Errorf("option -b: %s is no number of bytes; want 0 to %d, such as 68", quote(string(o.Bytes)), most)
	}
	p.AnySource = o.AnySource
	if p.AnySource && p.Size < wire.TokenLen {
		return fmt.Errorf("option -b: %d leaves no room for the token that tells replies from any source (--any-source); want %d or more", p.Size, wire.TokenLen)
	}
	for _, what := range o.Accept {
		if what != "truncated" {
			return fmt.Errorf("option --accept: %s is unknown; want truncated", quote(string(what)))
		}
		p.AcceptTruncated = true
	}
	return nil
}

func (o *options) readSource(s *settings) error {
	p := s.plan
	for _, source := range o.Source {
		addr, err := netip.ParseAddr(string(source))
		addr = addr.Unmap()
		switch {
		case err == nil && (addr.IsUnspecified() || addr.IsMulticast()):
			return fmt.Errorf("option -s: %s is no host's address; want an address of this host, or an interface", quote(string(source)))
		case err == nil:
			for _, other := range p.Sources {
				if wire.FamilyOf(other) == wire.FamilyOf(addr) {
					return fmt.Errorf("option -s: %s and %s are both %s; want one address of each family at most", other, addr, wire.FamilyOf(addr))
				}
			}
			p.Sources = append(p.Sources, addr)
		case source == "" || strings.ContainsAny(string(source), ":/ \t\n|") || len(source) > 15: // IFNAMSIZ
			return fmt.Errorf("option -s: %s is neither an address nor the name of an interface; want one, such as 192.0.2.1 or eth0", quote(string(source)))
		case p.Interface != "":
			return fmt.Errorf("option -s: %s and %s are both interfaces; want one at most", quote(p.Interface), quote(string(source)))
		default:
			p.Interface = string(source)
		}
	}
	return nil
}

func (o *options) readMarks(s *settings) (err error) {
	p := s.plan
	p.DontFragment = o.Fragment
	if o.given("ttl") {
		if p.Hops, err = number(string(o.TTL), 1, 255); err != nil {
			return fmt.Errorf("option -l: %s is no time to live; want 1 to 255, such as 64", quote(string(o.TTL)))
		}
	}
	if o.given("dscp") {
		point, ok := dscp(string(o.DSCP))
		if !ok {
			return fmt.Errorf("option --dscp: %s is no code point; want 0 to 63, or CS0 to CS7, AF11 to AF43, EF, VA or LE", quote(string(o.DSCP)))
		}
		p.TrafficClass = point << 2
	}
	if o.given("fwmark") {
		mark, err := strconv.ParseUint(string(o.Mark), 0, 32)
		if err != nil || mark == 0 || strings.ContainsAny(string(o.Mark), "_+") {
			return fmt.Errorf("option --fwmark: %s is no firewall mark; want 1 to 4294967295, such as 10 or 0x0a", quote(string(o.Mark)))
		}
		p.Mark = uint32(mark)
	}
	return nil
}

// dscp returns the code point that a number or a name stands for (RFC 2474, 2597,
// 3246, 5865, 8622).
func dscp(s string) (point int, ok bool) {
	if n, err := number(s, 0, 63); err == nil {
		return n, true
	}
	name := strings.ToUpper(s)
	switch {
	case name == "EF":
		return 46, true
	case name == "VA":
		return 44, true
	case name == "LE":
		return 1, true
	case len(name) == 3 && name[:2] == "CS" && name[2] >= '0' && name[2] <= '7':
		return 8 * int(name[2]-'0'), true
	case len(name) == 4 && name[:2] == "AF" && name[2] >= '1' && name[2] <= '4' && name[3] >= '1' && name[3] <= '3':
		return 8*int(name[2]-'0') + 2*int(name[3]-'0'), true
	}
	return 0, false
}

func (o *options) readPacing(s *settings) (err error) {
	p := s.plan
	if p.Interval, err = nagios.ParseDuration(string(o.Interval), time.Millisecond); err != nil {
		return fmt.Errorf("option -i: %w", err)
	}
	if p.Stagger, err = nagios.ParseDuration(string(o.Target), time.Millisecond); err != nil {
		return fmt.Errorf("option -I: %w", err)
	}
	return nil
}

// readTimes comes last: what is to be sent, and what makes a reply too late, is
// known by then.
func (o *options) readTimes(s *settings) (err error) {
	p := s.plan
	span := s.span()
	if span == math.MaxInt64 {
		return fmt.Errorf("option -i: %s is too long for %d packets to %d hosts (-I %s); want less",
			quote(string(o.Interval)), p.Packets+s.confirm, len(p.Targets), o.Target)
	}
	wait := max(leastWait, s.slowest)
	if o.given("packet-timeout") {
		if wait, err = nagios.ParseDuration(string(o.PacketWait), time.Millisecond); err != nil {
			return fmt.Errorf("option --packet-timeout: %w", err)
		}
		if wait == 0 {
			return fmt.Errorf("option --packet-timeout: %s leaves no time for a reply; want more, such as 1s", quote(string(o.PacketWait)))
		}
	}
	if !o.given("timeout") {
		if !o.given("packet-timeout") {
			wait = min(wait, defaultTimeout)
		}
		p.Wait = wait
		rounds := time.Duration(1)
		if s.confirm > 0 {
			rounds++ // it begins when the last packet before it is lost
		}
		if o.Trace {
			rounds++
		}
		if wait > math.MaxInt64/8 || span > math.MaxInt64/8 {
			return fmt.Errorf("option --packet-timeout: %s is too long; want less", quote(string(o.PacketWait)))
		}
		p.Timeout = max(defaultTimeout, span+rounds*wait, s.inTurn(rounds))
		return nil
	}
	if p.Timeout, err = nagios.ParseDuration(string(o.Timeout), time.Second); err != nil {
		return fmt.Errorf("option -t: %w", err)
	}
	switch {
	case p.Timeout == 0:
		return fmt.Errorf("option -t: %s leaves no time to check anything; want more, such as 10", quote(string(o.Timeout)))
	case p.Timeout <= span:
		return fmt.Errorf("option -t: %s is too short, sending alone takes %v; want more than that, fewer packets (-n) or a shorter interval (-i)",
			quote(string(o.Timeout)), span)
	case p.Timeout-check.Margin(p.Timeout)-span < min(wait, leastReply):
		return fmt.Errorf("option -t: %s is too short, it leaves no time for a reply to the last packet, which is sent after %v; want %v more than that at least",
			quote(string(o.Timeout)), span, 2*leastReply)
	case o.given("packet-timeout") && wait > p.Timeout:
		return fmt.Errorf("option --packet-timeout: %s is longer than -t %s; want at most that", quote(string(o.PacketWait)), quote(string(o.Timeout)))
	}
	p.Wait = min(wait, p.Timeout)
	return nil
}

// span returns how long sending takes at least.
func (s *settings) span() time.Duration {
	all := *s.plan
	all.Packets += s.confirm
	if s.ordinary && slices.ContainsFunc(all.Targets, faraway) {
		all.Interval = max(all.Interval, courtesy)
	}
	return all.Span(len(all.Targets))
}

// faraway reports whether a target is surely not this host itself.
func faraway(t check.Target) bool {
	addr, err := netip.ParseAddr(strings.Trim(t.Name, "[]"))
	return err == nil && !addr.Unmap().IsLoopback()
}

// inTurn returns how long it takes at most, within bounds, if each packet to a
// host waits for the verdict on the one before, and rounds-1 waits come besides.
func (s *settings) inTurn(rounds time.Duration) time.Duration {
	p := s.plan
	if p.Interval > 0 {
		return 0
	}
	waits := time.Duration(p.Packets+s.confirm) + rounds - 1
	if p.Wait > mostInTurn/waits {
		return mostInTurn
	}
	return waits * p.Wait
}

// number reads a whole number within bounds. It takes no sign, no spaces and no
// other base.
func number(s string, least, most int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most || strings.Trim(s, "0123456789") != "" {
		return 0, errors.New("not a number within bounds")
	}
	return n, nil
}
