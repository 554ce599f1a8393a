package rawping

import (
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
  ping_interval = "1h"
  name_override = "ping"
  [inputs.rawping.tags]
    site = "here"
[[inputs.rawping]]
  urls = ["127.0.0.1"]
  ping_interval = "1h"
`), "telegraf.conf"))
	out := captured(t, func(func() string) { require.NoError(t, agent.NewAgent(c).Test(t.Context(), 0)) })
	require.Equal(t, 2, strings.Count(out, "> "), out)
	require.Contains(t, out, "> ping,site=here,url=127.0.0.1 ")
	require.Contains(t, out, "> rawping,url=127.0.0.1 ")
	require.Equal(t, 2, strings.Count(out, "packets_received=1i"), out)
}

// Without rights an agent runs on, and with "probe" leaves the plugin out.
func TestStartupErrorBehavior(t *testing.T) {
	c := config.NewConfig()
	for url, behavior := range map[string]string{"127.0.0.1": "error", "127.0.0.2": "probe"} {
		require.NoError(t, c.LoadConfigData([]byte(agentTable+`
[[inputs.rawping]]
  urls = ["`+url+`"]
  startup_error_behavior = "`+behavior+`"
`), "telegraf.conf"))
	}
	require.NoError(t, c.LoadConfigData([]byte("[[outputs.file]]\n  files = [\"stdout\"]\n"), "telegraf.conf"))
	var rights denied
	rights.Store(true)
	for _, input := range c.Inputs {
		p, ok := input.Input.(*RawPing)
		require.True(t, ok)
		p.network = func() (icmpsock.Network, error) {
			n := newNetwork()
			n.OpenError = rights.open
			return n, nil
		}
	}
	out := runUntil(t, agent.NewAgent(c), func(out string) bool { return strings.Count(out, "url=127.0.0.1") >= 3 })
	require.Contains(t, out, "result_code=2i")
	require.NotContains(t, out, "url=127.0.0.2")
}
