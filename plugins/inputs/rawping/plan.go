package rawping

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/resolve"
)

// bufferLimit is the default of the agent's metric_buffer_limit: how many metrics
// an output keeps. More than that in one interval overwrite each other.
const bufferLimit = 10_000

// plan is what Init made of the options.
type plan struct {
	general settings // for targets that have none of their own, and for waiting
	fixed   []*entry // from urls and target tables
	files   *targetFiles
	targets []*entry // those of this agent, as of the last look at the files
	shard   shard
	figures figures // that a metric has
	count   int     // probes in a burst; 0: continuous
	deadline,
	resolveInterval time.Duration
	maxRate int
}

// collect takes the targets of this agent's shard, those of files included. Of
// several with the same tags all but the first are left out, and the errors name
// those: only a file's can be.
func (p *plan) collect() (twice []error) {
	p.targets = nil
	seen := make(map[string]bool, len(p.fixed))
	take := func(e *entry) bool {
		id := e.identity()
		if seen[id] {
			return false
		}
		seen[id] = true
		if p.shard.owns(e.url, e.name()) {
			p.targets = append(p.targets, e)
		}
		return true
	}
	for _, e := range p.fixed {
		take(e) // Init has seen that they differ
	}
	for _, path := range p.files.paths {
		file := p.files.files[path]
		for i, e := range file.entries {
			if !take(e) {
				twice = append(twice, fmt.Errorf("%s:%d: %w", path, file.lines[i], equalTags(e)))
			}
		}
	}
	return twice
}

func equalTags(e *entry) error {
	return fmt.Errorf("%s is there twice with equal tags, and one would overwrite the other", e)
}

// Demand says what a configuration asks for.
type Demand struct {
	Targets int     // as configured; a name may have several addresses
	Names   int     // of these, to be looked up
	IPv4    int     // of these, addresses
	IPv6    int     // of these, addresses
	Rows    int     // metrics in an interval, at least
	Rate    float64 // packets per second, at least
	Marks   []uint32
}

// Demand says what the configuration asks for, once Init has found it good.
func (p *RawPing) Demand() (Demand, error) {
	if p.plan == nil {
		return Demand{}, errors.New("not initialized")
	}
	return p.plan.demand(), nil
}

func (p *plan) demand() Demand {
	d := Demand{Targets: len(p.targets)}
	marks := map[uint32]bool{0: true}
	for _, e := range p.targets {
		rows := 1
		switch addr, literal := e.literal(); {
		case !literal:
			d.Names++
			if e.how.wanted() == resolve.Both {
				rows = 2
			}
		case addr.Is4():
			d.IPv4++
		default:
			d.IPv6++
		}
		d.Rows += rows * (1 + len(p.figures.buckets))
		d.Rate += float64(rows) / e.how.interval.Seconds()
		if mark := e.how.mark; !marks[mark] {
			marks[mark] = true
			d.Marks = append(d.Marks, mark)
		}
	}
	return d
}

// checkRate refuses a limit that the targets cannot keep.
func (p *plan) checkRate(d Demand) error {
	if p.maxRate > 0 && d.Rate > float64(p.maxRate)*(1+1e-9) {
		return fmt.Errorf("max_rate is %d, but %d targets at their ping_interval need %.0f packets per second", p.maxRate, d.Targets, math.Ceil(d.Rate))
	}
	return nil
}

// sending returns how long it takes to send what a target gets at a time: one
// probe, or a burst.
func (p *plan) sending() time.Duration {
	return times(max(1, p.burst(p.general.interval)), p.general.interval)
}

// times multiplies, up to what is far more than anyone waits for.
func times(n int, d time.Duration) time.Duration {
	const most = math.MaxInt64 / 4
	if time.Duration(n) > most/d {
		return most
	}
	return time.Duration(n) * d
}

// burst returns how many probes are in a target's burst: those that are due
// before the deadline. 0: there are no bursts.
func (p *plan) burst(interval time.Duration) int {
	deadline := p.deadline
	if deadline == 0 {
		deadline = echo.Longest
	}
	due := int64((deadline + interval - 1) / interval)
	return int(min(int64(p.count), due))
}

// broadcast reports whether a target may be a broadcast address.
func (p *plan) broadcast() bool {
	return p.general.anySource || slices.ContainsFunc(p.fixed, func(e *entry) bool { return e.how.anySource })
}
