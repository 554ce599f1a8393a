// Package rows is what the benchmark programs with Telegraf share: their
// configuration, and the count of the rows that come out.
package rows

import (
	"fmt"
	"strings"

	"github.com/influxdata/telegraf/config"

	"github.com/rawping/rawping/internal/bench"
)

// Load returns a Telegraf configuration that probes so many loopback addresses:
// block is the input's, up to its list of addresses. Agent is more of the [agent]
// table. Everything that an agent has no need of here is off.
func Load(agent, block string, targets int) (*config.Config, error) {
	var text strings.Builder
	fmt.Fprintf(&text, "[agent]\n  omit_hostname = true\n  skip_processors_after_aggregators = true\n"+
		"  round_interval = false\n  quiet = true\n  metric_buffer_limit = %d\n%s\n%s\n  urls = [", 4*targets, agent, block)
	for i := range targets {
		fmt.Fprintf(&text, "%q,", bench.Address(i))
	}
	text.WriteString("]\n")
	c := config.NewConfig()
	return c, c.LoadConfigData([]byte(text.String()), "benchmark")
}
