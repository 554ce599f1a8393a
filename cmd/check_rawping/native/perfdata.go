package native

import (
	"slices"
	"strings"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/nagios"
)

// perfdata returns the perfdata of all hosts.
func (s *settings) perfdata(r *check.Results) string {
	var b strings.Builder
	for i, prefix := range labelPrefixes(r) {
		metrics := s.metrics(r.Hosts[i], prefix)
		if len(metrics) > 0 {
			b.WriteString(nagios.Perfdata(metrics))
			b.WriteByte(' ') // check_icmp ends with it, too
		}
	}
	return b.String()
}

// metrics returns a host's perfdata: check_icmp 2.3's, then that of the modes as
// check_icmp 2.4 orders it, then that of --threshold. It is the same set whatever
// became of the host.
func (s *settings) metrics(h *check.Host, prefix string) []nagios.Metric {
	limits := s.limitsOf(h.Target)
	names := []string{"rta", "loss", "max", "min"}
	for i := range limits {
		if limits[i].name == "jitter" && limits[i].mode {
			names = append(names, "jitter", "jitter_max", "jitter_min")
		} else if !slices.Contains(names, limits[i].name) {
			names = append(names, limits[i].name)
		}
	}
	metrics := make([]nagios.Metric, 0, len(names))
	for _, name := range names {
		m := s.metric(h, name, limits)
		if m.Value == "" && s.omitNoData {
			continue
		}
		m.Label = prefix + m.Label
		metrics = append(metrics, m)
	}
	return metrics
}

func (s *settings) metric(h *check.Host, name string, limits []limit) nagios.Metric {
	f, _ := figureNamed(name)
	m := nagios.Metric{Label: f.label, Unit: f.kind.unit()}
	switch name {
	case "rta":
		m.Min = "0"
	case "mos":
		m.Min, m.Max = "0", "5"
	case "score":
		m.Min, m.Max = "0", "100"
	}
	for i := range limits {
		if limits[i].name == name {
			m.Warn, m.Crit = limits[i].warning.text(f.kind), limits[i].critical.text(f.kind)
			break
		}
	}
	if v, ok := f.of(h); ok && h.Err == nil {
		if _, decided := h.Loss(); decided || f.kind == aCount && name != "ttl" {
			m.Value = f.kind.text(v)
		}
	}
	return m
}
