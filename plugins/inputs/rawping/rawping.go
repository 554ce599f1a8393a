// Package rawping is the Telegraf input that sends ICMP echo requests all the
// time, to all its targets through one engine, and reports at each interval what
// became of them.
//
// A target is asked for once (entry), looked up (host), and probed at one or more
// addresses (target). What lives from Start to Stop is a session.
package rawping

//go:generate go test -run ^TestReadmeHasTheSample$ . -update

import (
	_ "embed"
	"errors"
	"sync"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/plugins/inputs"
	"github.com/influxdata/telegraf/selfstat"

	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/resolve"
)

//go:embed sample.conf
var sampleConfig string

// RawPing is the plugin. Its exported fields are the options that a user sets.
type RawPing struct {
	URLs        []string `toml:"urls"`
	Targets     []Target `toml:"target"`
	TargetsFile []string `toml:"targets_file"`
	Shard       string   `toml:"shard"`

	Probing
	IPv4            bool            `toml:"ipv4"`
	IPv6            bool            `toml:"ipv6"`
	ResolveInterval config.Duration `toml:"resolve_interval"`
	MaxRate         int             `toml:"max_rate"`

	Count    int              `toml:"count"`
	Deadline *config.Duration `toml:"deadline"`

	IPTag         bool     `toml:"ip_tag"`
	Percentiles   []number `toml:"percentiles"`
	Histogram     []number `toml:"histogram"`
	EngineMetrics bool     `toml:"engine_metrics"`

	// Those of inputs.ping that have no meaning here.
	Method     string   `toml:"method"`
	Binary     string   `toml:"binary"`
	Arguments  []string `toml:"arguments"`
	Privileged *bool    `toml:"privileged"`

	Log        telegraf.Logger     `toml:"-"`
	Statistics *selfstat.Collector `toml:"-"` // nil where no agent offers it

	// The way out, which tests replace.
	network  func() (icmpsock.Network, error)
	resolver resolve.Resolver

	plan *plan // what Init made of the options

	mu      sync.Mutex
	session *session // nil while stopped
}

// Target is a table [[inputs.rawping.target]].
type Target struct {
	URL  string            `toml:"url"`
	Name string            `toml:"name"`
	Tags map[string]string `toml:"tags"`
	Probing
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
	if p.plan == nil {
		return errors.New("not initialized")
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
	s.gather(acc)
	return nil
}

// Stop ends the probing, and a Gather that waits, and reports what was decided
// since the last Gather. No goroutine and no socket is left when it returns.
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
			ResolveInterval: config.Duration(5 * time.Minute),
		}
		p.network = p.systemNetwork
		return p
	})
}
