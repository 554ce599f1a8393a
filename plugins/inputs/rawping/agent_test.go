package rawping

import (
	"context"
	"strings"
	"testing"

	"github.com/influxdata/telegraf/agent"
	"github.com/influxdata/telegraf/config"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/icmpsock"
)

const agentTable = "[agent]\n  omit_hostname = true\n  skip_processors_after_aggregators = true\n  interval = \"100ms\"\n  flush_interval = \"100ms\"\n"

// What the agent does to a block works as with any input, and blocks do not
// disturb each other.
func TestTwoBlocks(t *testing.T) {
	needSockets(t)
	c := config.NewConfig()
	require.NoError(t, c.LoadConfigData([]byte(agentTable+`
[[inputs.rawping]]
  urls = ["127.0.0.1"]
  name_override = "ping"
  [inputs.rawping.tags]
    site = "here"
[[inputs.rawping]]
  urls = ["127.0.0.1"]
`), "telegraf.conf"))
	out := captured(t, func() { require.NoError(t, agent.NewAgent(c).Test(t.Context(), 0)) })
	require.Equal(t, 2, strings.Count(out, "> "), out)
	require.Contains(t, out, "> ping,site=here,url=127.0.0.1 ")
	require.Contains(t, out, "> rawping,url=127.0.0.1 ")
	require.Equal(t, 2, strings.Count(out, "packets_received=1i"), out)
}

// Without rights an agent runs on, and with "probe" leaves the plugin out.
func TestStartupErrorBehavior(t *testing.T) {
	for behavior, shown := range map[string]bool{"error": true, "probe": false} {
		t.Run(behavior, func(t *testing.T) {
			c := config.NewConfig()
			require.NoError(t, c.LoadConfigData([]byte(agentTable+`
[[inputs.rawping]]
  urls = ["127.0.0.1"]
  startup_error_behavior = "`+behavior+`"
[[outputs.file]]
  files = ["stdout"]
`), "telegraf.conf"))
			p, ok := c.Inputs[0].Input.(*RawPing)
			require.True(t, ok)
			var rights denied
			rights.Store(true)
			p.network = func() (icmpsock.Network, error) {
				n := newNetwork()
				n.OpenError = rights.open
				return n, nil
			}
			ctx, cancel := context.WithTimeout(t.Context(), 600*ms)
			defer cancel()
			out := captured(t, func() { require.NoError(t, agent.NewAgent(c).Run(ctx)) })
			require.Equal(t, shown, strings.Contains(out, "result_code=2i"), out)
		})
	}
}
