package standin

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/resolve"
	"github.com/rawping/rawping/internal/wire"
)

// leastInterval is what the engine grants an ordinary user.
const leastInterval = time.Millisecond

// makePlan says what to send. How it is paced depends on how many hosts there turn
// out to be.
func (c *icmp) makePlan() error {
	clamp(&c.warning, &c.critical)
	c.plan = &check.Plan{
		Packets: c.packets, Eager: true, Timeout: c.timeout, Size: c.size, Hops: c.hops,
		Resolved: c.resolved, After: c.after,
	}
	if err := c.setSource(); err != nil {
		return err
	}
	c.setTargets()
	if len(c.plan.Targets) == 0 {
		return errNoHosts
	}
	c.pace(len(c.plan.Targets))
	return nil
}

// setSource sets where packets come from: an address, or an interface.
func (c *icmp) setSource() error {
	if c.source == "" {
		return nil
	}
	source, err := netip.ParseAddr(c.source)
	if err != nil {
		if _, err := net.InterfaceByName(c.source); err != nil {
			return words(fmt.Sprintf("Cannot determine IP address of interface %s: No such device", c.source))
		}
		c.plan.Interface = c.source
		return nil
	}
	family := resolve.V4
	if wire.FamilyOf(source) == wire.V6 {
		family = resolve.V6
	}
	for _, name := range c.hosts {
		if addr, err := netip.ParseAddr(name); err == nil && wire.FamilyOf(addr) != wire.FamilyOf(source) {
			return c.cannotBind("Invalid argument")
		}
	}
	if c.family == resolve.Either {
		c.family = family
	}
	c.plan.Sources = []netip.Addr{source.Unmap()}
	return nil
}

func (c *icmp) cannotBind(why string) error {
	return words(fmt.Sprintf("Cannot bind to IP address %s: %s", c.source, why))
}

// setTargets sets what to look up. Of several names, all addresses: which family
// they are wanted of, the first host decides.
func (c *icmp) setTargets() {
	several := len(c.hosts) > 1 && c.family == resolve.Either
	for _, name := range c.hosts {
		if name == "0.0.0.0" || name == "255.255.255.255" {
			continue // without a word, as the original does
		}
		c.plan.Targets = append(c.plan.Targets, check.Target{Name: name, Family: c.family, All: several || c.allAddresses})
	}
}

// errUnused is why an address is not probed that was found, but is not wanted.
var errUnused = errors.New("not wanted")

// resolved decides which addresses are probed: each once and, unless all of a name
// are wanted, one for each name, all of one family. A host without one spoils it all.
func (c *icmp) resolved(hosts []*check.Host) error {
	var probed []*check.Host
	family := wire.FamilyOf(hosts[0].Addr)
	has := make([]bool, len(c.plan.Targets))
	for i, h := range hosts {
		number := h.Target
		switch {
		case h.Err != nil:
			return cannotResolve(h.Name, lookupWords(h))
		case !c.allAddresses && (has[number] || wire.FamilyOf(h.Addr) != family):
			h.Err = errUnused
		case slices.ContainsFunc(probed, func(o *check.Host) bool { return o.Addr == h.Addr }):
			h.Err = errUnused
			has[number] = true
		default:
			probed = append(probed, h)
			has[number] = true
		}
		last := i+1 == len(hosts) || hosts[i+1].Target != number
		if last && !has[number] {
			return cannotResolve(h.Name, otherFamily(h.Name))
		}
	}
	c.pace(len(probed))
	return nil
}

func cannotResolve(name, why string) error {
	return words(fmt.Sprintf("Failed to resolve %s: %s", name, why))
}

// pace sets the times for so many hosts. The next packet goes when nothing is in
// flight any more, or when it is due: after -I to the next host, after -i for each
// host to the first again. The time for it all is the original's, too.
func (c *icmp) pace(hosts int) {
	p, n, packets := c.plan, time.Duration(hosts), time.Duration(c.packets)
	rta := max(c.critical.rta, time.Millisecond)
	p.Stagger = c.targetInterval
	p.Interval = max(n*(c.interval+c.targetInterval), leastInterval)
	p.Probing = n*(packets*c.interval+c.targetInterval) + n*packets*rta + rta
	p.Wait = min(p.Probing, c.timeout)
	p.Patience = min(rta, time.Second)
}

// after stops what the original stops: a host that an ICMP error came from, and
// everything once check_host has its reply.
func (c *icmp) after(h *check.Host) check.Next {
	counts := h.Window.Counts()
	switch {
	case c.anyAddress && counts.Replies > 0:
		if c.first == nil {
			c.first = h
			c.firstRTT, _ = h.Window.Mean()
		}
		return check.RunDone
	case counts.Refused > 0:
		return check.HostDone
	}
	return check.GoOn
}
