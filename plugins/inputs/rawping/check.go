package rawping

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/resolve"
	"github.com/rawping/rawping/internal/wire"
)

// Init checks the options, without a look at the network.
func (p *RawPing) Init() error {
	switch {
	case len(p.URLs) == 0:
		return errors.New(`urls is empty: name at least one host, as in urls = ["127.0.0.1"]`)
	case p.PingInterval <= 0:
		return fmt.Errorf(`ping_interval is %v: it must be more than 0, as in "1s"`, time.Duration(p.PingInterval))
	case p.Timeout <= 0:
		return fmt.Errorf(`timeout is %v: it must be more than 0, as in "1s"`, time.Duration(p.Timeout))
	}
	seen := make(map[string]bool, len(p.URLs))
	for _, url := range p.URLs {
		if err := p.checkURL(url); err != nil {
			return err
		}
		if seen[url] {
			return fmt.Errorf("urls: %q is there twice, and one would overwrite the other", url)
		}
		seen[url] = true
	}
	return nil
}

// checkURL refuses what can be no host. The option's name is that of
// inputs.ping, but it takes host names and addresses.
func (p *RawPing) checkURL(url string) error {
	if addr, err := netip.ParseAddr(url); err == nil {
		target := p.target(addr, nil)
		if err := target.Check(icmpsock.OrdinaryUser()); err != nil {
			return fmt.Errorf("urls: %q: %w", url, err)
		}
		return nil
	}
	if strings.Contains(url, "://") {
		return fmt.Errorf("urls: %q: a host name or an IP address is wanted, without scheme and path", url)
	}
	if err := resolve.Check(url); err != nil {
		return fmt.Errorf("urls: %w", err) // which names it
	}
	return nil
}

// Probe says whether this host permits the plugin to work at all, for Telegraf's
// startup_error_behavior = "probe". The error names what would help.
func (p *RawPing) Probe() error {
	network, err := p.network()
	if err != nil {
		return err
	}
	defer func() { _ = network.Close() }() // what it opened was for a trial only
	var failed error
	for _, family := range []wire.Family{wire.V4, wire.V6} {
		_, err := network.Open(icmpsock.Class{Family: family})
		if err == nil {
			return nil
		}
		if failed == nil {
			failed = err
		}
	}
	return failed
}
