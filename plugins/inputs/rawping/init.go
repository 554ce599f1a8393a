package rawping

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
)

// Init checks the options, without a look at the network.
func (p *RawPing) Init() error {
	general, err := p.general()
	if err != nil {
		return err
	}
	plan := &plan{general: general, count: p.Count, maxRate: p.MaxRate, resolveInterval: time.Duration(p.ResolveInterval), deadline: defaultDeadline}
	set(&plan.deadline, (*time.Duration)(p.Deadline))
	switch {
	case p.Count < 0:
		return fmt.Errorf("count is %d: it must be at least 1, or 0 to probe all the time", p.Count)
	case p.Count > maxCount:
		return fmt.Errorf("count is %d: it must be at most %d; 0 is to probe all the time", p.Count, maxCount)
	case plan.deadline < 0:
		return fmt.Errorf(`deadline is %v: it must not be negative; "0s" is none`, plan.deadline)
	case plan.deadline > echo.Longest:
		return fmt.Errorf(`deadline is %v: it must be at most %v; "0s" is none`, plan.deadline, echo.Longest)
	case p.MaxRate < 0:
		return fmt.Errorf("max_rate is %d: it must be more than 0 packets per second, or 0 for no limit", p.MaxRate)
	case p.ResolveInterval < 0:
		return fmt.Errorf(`resolve_interval is %v: it must not be negative; "0s" looks each name up once`, plan.resolveInterval)
	}
	if plan.shard, err = parseShard(p.Shard); err != nil {
		return err
	}
	if plan.figures, err = newFigures(p.Percentiles, p.Histogram); err != nil {
		return err
	}
	if err := p.planTargets(plan); err != nil {
		return err
	}
	p.plan = plan
	p.remark()
	return nil
}

// defaultDeadline is that of inputs.ping.
const defaultDeadline = 10 * time.Second

// maxCount bounds count: far more than anyone needs, and no sum of times overflows.
const maxCount = 1_000_000

// planTargets takes the targets from where they are.
func (p *RawPing) planTargets(plan *plan) (err error) {
	if len(p.URLs) == 0 && len(p.Targets) == 0 && len(p.TargetsFile) == 0 {
		return errors.New(`urls is empty: name at least one host, as in urls = ["127.0.0.1"], in a target table or a targets_file`)
	}
	seen := map[string]bool{}
	add := func(where string, e *entry, err error) error {
		if err == nil && seen[e.identity()] {
			err = equalTags(e)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		seen[e.identity()] = true
		plan.fixed = append(plan.fixed, e)
		return nil
	}
	for _, url := range p.URLs {
		e, err := newEntry(url, nil, &plan.general)
		if err := add("urls", e, err); err != nil {
			return err
		}
	}
	known := map[settings]*settings{plan.general: &plan.general}
	for i := range p.Targets {
		e, err := p.Targets[i].entry(known, plan.general)
		if err := add(fmt.Sprintf("target %d", i+1), e, err); err != nil {
			return err
		}
	}
	if plan.files, err = newTargetFiles(p.TargetsFile, &plan.general); err != nil {
		return err
	}
	_, badLines, badFiles := plan.files.read()
	if len(badFiles) > 0 {
		return badFiles[0]
	}
	leftOut(p.Log, append(badLines, plan.collect()...))
	return p.checkDemand(plan, plan.demand())
}

// entry makes an entry of a table. Tables whose settings are alike share them.
func (t *Target) entry(known map[settings]*settings, general settings) (*entry, error) {
	if t.URL == "" {
		return nil, errors.New(`url is missing, as in url = "127.0.0.1"`)
	}
	how, err := t.over(general)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", t.URL, err)
	}
	if known[how] == nil {
		known[how] = &how
	}
	tags := t.Tags
	if t.Name != "" {
		if _, twice := tags[nameTag]; twice {
			return nil, fmt.Errorf("%q: there is a name, and a tag %q", t.URL, nameTag)
		}
		tags = maps.Clone(tags)
		if tags == nil {
			tags = map[string]string{}
		}
		tags[nameTag] = t.Name
	}
	return newEntry(t.URL, tags, known[how])
}

// checkDemand warns of what this host or agent may not keep up with.
func (p *RawPing) checkDemand(plan *plan, d Demand) error {
	if err := plan.checkRate(d); err != nil {
		return err
	}
	if d.Rows > bufferLimit {
		p.Log.Warnf("%d targets make %d metrics per interval: see that metric_buffer_limit of the agent, %d by default, is above that, or metrics are lost",
			d.Targets, d.Rows, bufferLimit)
	}
	if d.Rate > echo.OrdinaryRate && icmpsock.OrdinaryUser() {
		p.Log.Warnf("%d targets at their ping_interval need %.0f packets per second, but a user other than root may send %d: some probes will be skipped",
			d.Targets, d.Rate, echo.OrdinaryRate)
	}
	return nil
}

// remark notes the options that have no effect, once.
func (p *RawPing) remark() {
	var idle []string
	for _, option := range []struct {
		name string
		set  bool
	}{
		{"method", p.Method != ""},
		{"binary", p.Binary != ""},
		{"arguments", len(p.Arguments) > 0},
		{"privileged", p.Privileged != nil},
		{"deadline without count", p.Deadline != nil && p.Count == 0},
	} {
		if option.set {
			idle = append(idle, option.name)
		}
	}
	if len(idle) > 0 {
		p.Log.Infof("Without effect here: %s", strings.Join(idle, ", "))
	}
}
