package rows

import (
	"github.com/influxdata/telegraf"

	"github.com/rawping/rawping/internal/bench"
)

// Tally counts what rows of inputs.rawping or inputs.ping say. It is an output of
// Telegraf that takes them and keeps none.
type Tally struct {
	rows           int
	sent, received int64
	unsent         int64 // probes that could not be sent, and rows of nothing else
	urls           map[string]struct{}
}

var _ telegraf.Output = (*Tally)(nil)

// Connect implements telegraf.Output.
func (*Tally) Connect() error { return nil }

// Close implements telegraf.Output.
func (*Tally) Close() error { return nil }

// SampleConfig implements telegraf.Output.
func (*Tally) SampleConfig() string { return "" }

// Write implements telegraf.Output.
func (t *Tally) Write(metrics []telegraf.Metric) error {
	for _, m := range metrics {
		t.Add(m)
	}
	return nil
}

// Add counts a row.
func (t *Tally) Add(m telegraf.Metric) {
	t.rows++
	t.sent += integer(m, "packets_transmitted")
	t.received += integer(m, "packets_received")
	t.unsent += integer(m, "not_sent")
	if integer(m, "result_code") == 2 {
		t.unsent++
	}
	if url, ok := m.GetTag("url"); ok {
		if t.urls == nil {
			t.urls = map[string]struct{}{}
		}
		t.urls[url] = struct{}{}
	}
}

func integer(m telegraf.Metric, field string) int64 {
	v, _ := m.GetField(field)
	n, _ := v.(int64)
	return n
}

// Figures adds the counts to f: rows, targets that had one, probes that were
// decided, lost, and could not be sent.
func (t *Tally) Figures(f bench.Figures) {
	f["rows"] = float64(t.rows)
	f["targets"] = float64(len(t.urls))
	f["decided"] = float64(t.sent)
	f["lost"] = float64(t.sent - t.received)
	f["not_sent"] = float64(t.unsent)
}
