package native

import (
	"strconv"
	"strings"
	"time"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/nagios"
)

// promFamily is a metric of Prometheus' text format: its values for all hosts
// stand together.
type promFamily struct {
	name, help string
	samples    func(h *check.Host, sample func(labels string, value float64))
}

// promEnd says that all was written. It is OpenMetrics' end, and a comment here.
const promEnd = "# EOF\n"

// renderPrometheus writes the text format of Prometheus, such as the textfile
// collector of node_exporter reads.
func (s *settings) renderPrometheus(r *check.Results, status nagios.Status, now time.Time) string {
	var b strings.Builder
	line := func(name, labels string, value float64) {
		b.WriteString(name)
		if labels != "" {
			b.WriteString("{" + labels + "}")
		}
		b.WriteString(" " + strconv.FormatFloat(value, 'g', -1, 64) + "\n")
	}
	head := func(name, help string) {
		b.WriteString("# HELP " + name + " " + help + "\n# TYPE " + name + " gauge\n")
	}
	head("rawping_check_state", "State of all hosts together: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.")
	line("rawping_check_state", "", float64(status))
	head("rawping_check_seconds", "How long the check took.")
	line("rawping_check_seconds", "", r.Took.Seconds())
	head("rawping_check_timestamp_seconds", "When the check ended, in seconds since 1970.")
	line("rawping_check_timestamp_seconds", "", float64(now.UnixMilli())/1000)
	labels := promLabels(r.Hosts)
	for _, f := range s.promFamilies() {
		headed := false
		for i, h := range r.Hosts {
			f.samples(h, func(more string, value float64) {
				if !headed {
					head(f.name, f.help)
					headed = true
				}
				line(f.name, labels[i]+more, value)
			})
		}
	}
	b.WriteString(promEnd)
	return b.String()
}

// promLabels returns what tells the samples of the hosts apart. A host that is
// named twice gets a number.
func promLabels(hosts []*check.Host) []string {
	all := make([]string, len(hosts))
	used := map[string]int{}
	for i, h := range hosts {
		labels := `host="` + promEscape(h.Name) + `"`
		if h.Addr.IsValid() {
			labels += `,address="` + promEscape(h.Addr.String()) + `"`
		}
		used[labels]++
		if n := used[labels]; n > 1 {
			labels += `,nr="` + strconv.Itoa(n) + `"`
		}
		all[i] = labels
	}
	return all
}

func promEscape(s string) string {
	return escaped(s, "\\\"\n", `\`, `\\`, `"`, `\"`, "\n", `\n`)
}

// promFamilies returns what there is of each host. Times are in seconds.
func (s *settings) promFamilies() []promFamily {
	type sampler = func(labels string, value float64)
	seconds := func(label string, pairs ...[2]string) func(*check.Host, sampler) {
		return func(h *check.Host, sample sampler) {
			for _, pair := range pairs {
				f, _ := figureNamed(pair[1])
				if v, ok := f.of(h); ok {
					sample(`,`+label+`="`+pair[0]+`"`, v/float64(time.Second))
				}
			}
		}
	}
	plain := func(name string) func(*check.Host, sampler) {
		f, _ := figureNamed(name)
		return func(h *check.Host, sample sampler) {
			if v, ok := f.of(h); ok {
				sample("", v)
			}
		}
	}
	return []promFamily{
		{"rawping_host_state", "State of the host: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.", func(h *check.Host, sample sampler) {
			sample("", float64(s.judgeHost(h)))
		}},
		{"rawping_packets", "Packets by what became of them.", promPackets},
		{"rawping_facts", "What happened besides, in packets or replies.", promFacts},
		{"rawping_loss_ratio", "Part of the decided packets that got no reply.", func(h *check.Host, sample sampler) {
			counts := h.Window.Counts()
			if loss, ok := counts.Loss(); ok {
				sample("", loss)
			}
		}},
		{
			"rawping_rtt_seconds", "Round trip times.",
			seconds("figure", [2]string{"min", "min"}, [2]string{"mean", "rta"}, [2]string{"median", "median"},
				[2]string{"p95", "p95"}, [2]string{"max", "max"}, [2]string{"stddev", "stddev"}),
		},
		{
			"rawping_jitter_seconds", "Differences from one round trip time to the next.",
			seconds("figure", [2]string{"min", "jitter_min"}, [2]string{"mean", "jitter"}, [2]string{"max", "jitter_max"}),
		},
		{"rawping_mos", "Mean opinion score of voice, 1 to 4.4.", plain("mos")},
		{"rawping_score", "R factor of voice, 0 to 93.2.", plain("score")},
		{"rawping_ttl", "TTL or hop limit of the last reply.", plain("ttl")},
		{"rawping_longest_loss_run", "Longest run of packets without a reply.", plain("longest_loss_run")},
		{"rawping_consecutive_lost", "Packets without a reply up to now.", plain("consecutive_lost")},
	}
}

func promPackets(h *check.Host, sample func(string, float64)) {
	c := h.Window.Counts()
	for _, p := range []struct {
		verdict string
		n       uint64
	}{{"reply", c.Replies}, {"lost", c.Lost}, {"refused", c.Refused}, {"not_sent", c.NotSent}, {"abandoned", c.Abandoned}} {
		sample(`,verdict="`+p.verdict+`"`, float64(p.n))
	}
}

func promFacts(h *check.Host, sample func(string, float64)) {
	c := h.Window.Counts()
	for _, p := range []struct {
		fact string
		n    uint64
	}{
		{"late", c.Late},
		{"duplicate", c.Duplicates},
		{"out_of_order", c.OutOfOrder},
		{"corrupt", c.Corrupt},
		{"wrong_source", c.WrongSource},
		{"suspect", c.Suspect},
	} {
		sample(`,fact="`+p.fact+`"`, float64(p.n))
	}
}
