package rawping

import (
	"time"

	"github.com/influxdata/telegraf"
)

// lookEvery is how often the files of targets are looked at.
const lookEvery = 5 * time.Second

// watch takes targets in, and others out, as their files change.
func (s *session) watch() {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-ticker.C:
			if s.plugin.plan.reread(s.plugin.Log) {
				s.replace(s.plugin.plan.targets)
			}
		}
	}
}

// reread reads the files that have changed, and logs what is wrong with them.
func (p *plan) reread(log telegraf.Logger) (changed bool) {
	changed, badLines, badFiles := p.files.read()
	for _, err := range badFiles {
		log.Errorf("Keeping the targets that were read last: %v", err)
	}
	if changed {
		leftOut(log, append(badLines, p.collect()...))
	}
	return changed
}

// leftOut logs the lines that make no target.
func leftOut(log telegraf.Logger, bad []error) {
	for _, err := range bad {
		log.Errorf("Left out: %v", err)
	}
}

// replace makes the hosts under probe those of entries. What is in both goes on.
func (s *session) replace(entries []*entry) {
	before := s.roster.all()
	known := make(map[string]*host, len(before))
	for _, h := range before {
		known[h.identity()] = h
	}
	hosts := make([]*host, 0, len(entries))
	var fresh []*host
	for _, e := range entries {
		id := e.identity()
		h := known[id]
		if h == nil {
			h = newHost(e, s.newcomer(e))
			fresh = append(fresh, h)
		}
		delete(known, id)
		hosts = append(hosts, h)
	}
	s.roster.set(hosts)
	for _, h := range known {
		s.release(h)
	}
	now := time.Now()
	for _, h := range fresh {
		select {
		case s.errands <- errand{host: h, due: now}:
		case <-s.ctx.Done():
			return
		}
	}
	s.plugin.Log.Infof("Targets changed: %d more, %d less, %d now", len(fresh), len(known), len(hosts))
}
