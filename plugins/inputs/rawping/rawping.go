// Package rawping is the Telegraf input that sends ICMP echo requests all the
// time, to all its targets through one engine, and reports at each interval what
// became of them.
package rawping

import (
	"context"
	_ "embed"
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/plugins/inputs"

	"github.com/rawping/rawping/internal/icmpsock"
)

//go:embed sample.conf
var sampleConfig string

// firstSlack is how much longer than one probe the first Gather may wait: a
// name's resolution is bounded by it too.
const firstSlack = 5 * time.Second

// RawPing is the plugin. Its exported fields are the options that a user sets.
type RawPing struct {
	URLs         []string        `toml:"urls"`
	PingInterval config.Duration `toml:"ping_interval"`
	Timeout      config.Duration `toml:"timeout"`

	AnySource       bool `toml:"any_source"`
	AcceptTruncated bool `toml:"accept_truncated"`

	Log telegraf.Logger `toml:"-"`

	// The way out, which tests replace.
	network func() (icmpsock.Network, error)
	lookup  func(ctx context.Context, host string) (netip.Addr, error)

	mu      sync.Mutex
	session *session // nil while stopped
}

var (
	_ telegraf.ServiceInput = (*RawPing)(nil)
	_ telegraf.Initializer  = (*RawPing)(nil)
	_ telegraf.ProbePlugin  = (*RawPing)(nil)
)

// SampleConfig returns the documented configuration block.
func (*RawPing) SampleConfig() string { return sampleConfig }

// Start begins to probe. That names do not resolve yet, or that there is no
// right to open a socket, is no error: it is reported as data, logged once, and
// tried again.
func (p *RawPing) Start(acc telegraf.Accumulator) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.session != nil {
		return errors.New("already started")
	}
	s, err := p.newSession(acc)
	if err != nil {
		return err
	}
	s.begin()
	p.session = s
	return nil
}

// Gather reports what was decided since the last time. It waits for nothing,
// but for the first time: until there is something to tell of every target, so
// that --test and --once show data.
func (p *RawPing) Gather(acc telegraf.Accumulator) error {
	p.mu.Lock()
	s := p.session
	p.mu.Unlock()
	if s == nil {
		return errors.New("not started")
	}
	s.awaitFirst(time.Duration(p.PingInterval) + time.Duration(p.Timeout) + firstSlack)
	s.report(acc, false)
	return nil
}

// Stop ends the probing and reports what was decided since the last Gather. No
// goroutine and no socket is left when it returns.
func (p *RawPing) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.session == nil {
		return
	}
	p.session.end()
	p.session = nil
}

func init() {
	inputs.Add("rawping", func() telegraf.Input {
		p := &RawPing{
			PingInterval: config.Duration(time.Second),
			Timeout:      config.Duration(time.Second),
			lookup:       systemLookup,
		}
		p.network = p.systemNetwork
		return p
	})
}
