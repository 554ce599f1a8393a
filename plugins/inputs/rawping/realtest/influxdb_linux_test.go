//go:build linux && !race

package realtest

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/site"
)

// toInflux is an output to an InfluxDB.
func toInflux(db *site.InfluxDB, database string) string {
	return fmt.Sprintf("[[outputs.influxdb]]\n  urls = [%q]\n  database = %q\n", db.URL, database)
}

// count returns a number of an answer.
func count(value any) int64 {
	n, ok := value.(json.Number)
	if !ok {
		return 0
	}
	i, _ := n.Int64()
	return i
}

// types returns the types of a measurement's fields, as InfluxDB has them.
func types(db *site.InfluxDB, database, measurement string) map[string]string {
	found := map[string]string{}
	for _, series := range db.Query(database, fmt.Sprintf(`SHOW FIELD KEYS FROM %q`, measurement)) {
		for _, row := range series.Values {
			found[row[0].(string)] = row[1].(string)
		}
	}
	return found
}

// Both the embedded input and the external one write what is read back, in the
// same types.
func TestInfluxDB(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	program := p.external()
	db := site.StartInfluxDB(t, nil)
	const hosts = "[[inputs.rawping]]\n  urls = [\"127.0.0.1\", \"::1\", \"fe80::1%missing0\"]\n  ping_interval = \"100ms\"\n  percentiles = [50.0, 99.9]\n  engine_metrics = true\n"
	agents := map[string]*agent{
		"embedded": start(t, exec.Command(embedded(t), "--config", p.put("a.conf", agentTable, hosts, toInflux(db, "embedded")))),
		"external": start(t, exec.Command(stock(t), "--config",
			p.put("b.conf", agentTable, execd(program, p.put("rawping.conf", hosts)), toInflux(db, "external")))),
	}
	for name, a := range agents {
		var series []site.Series
		a.await("points in InfluxDB", func() bool {
			series = db.Query(name, `SELECT sum(packets_transmitted), sum(packets_received), max(percent_packet_loss), max(average_response_ms), count(not_sent_cause) FROM rawping GROUP BY url`)
			if len(series) != 3 {
				return false
			}
			for _, s := range series[:2] {
				if count(s.Values[0][1]) < 20 {
					return false
				}
			}
			return true
		})
		for _, s := range series {
			row := s.Values[0]
			if strings.HasPrefix(s.Tags["url"], "fe80") {
				require.Equal(t, int64(0), count(row[1]))
				require.Nil(t, row[3], "what could not be sent is no loss")
				require.Positive(t, count(row[5]))
				continue
			}
			require.Equal(t, row[1], row[2], "%s: %v", name, s)
			require.Equal(t, json.Number("0"), row[3])
			rtt, err := row[4].(json.Number).Float64()
			require.NoError(t, err)
			require.Positive(t, rtt)
		}
		a.stop()
	}
	has := types(db, "embedded", "rawping")
	require.Equal(t, has, types(db, "external", "rawping"))
	for field, kind := range map[string]string{
		"packets_transmitted": "integer", "packets_received": "integer", "percent_packet_loss": "float", "result_code": "integer", "ttl": "integer",
		"average_response_ms": "float", "percentile50_ms": "float", "percentile99.9_ms": "float", "seconds_since_reply": "float",
		"rtt_source": "string", "ip": "string", "not_sent_cause": "string",
	} {
		require.Equal(t, kind, has[field], field)
	}
	require.Equal(t, "integer", types(db, "embedded", "rawping_engine")["local_drops"])
}

// Three agents share a list of hosts: InfluxDB has every host, from exactly one.
func TestShards(t *testing.T) {
	t.Parallel()
	needRoot(t)
	p := newPlace(t)
	db := site.StartInfluxDB(t, nil)
	var hosts []string
	for i := 1; i <= 60; i++ {
		hosts = append(hosts, fmt.Sprintf("127.0.1.%d rack=%d", i, i%4))
	}
	list := p.put("hosts", hosts...)
	var agents []*agent
	for i := 1; i <= 3; i++ {
		settings := fmt.Sprintf("[[inputs.rawping]]\n  targets_file = [%q]\n  shard = \"%d/3\"\n  [inputs.rawping.tags]\n    agent = \"%d\"\n", list, i, i)
		agents = append(agents, start(t, exec.Command(embedded(t), "--config",
			p.put(fmt.Sprintf("%d.conf", i), agentTable, settings, toInflux(db, "telegraf")))))
	}
	agents[0].await("all hosts", func() bool {
		return len(db.Query("telegraf", `SELECT count(packets_transmitted) FROM rawping GROUP BY url`)) == len(hosts)
	})
	for _, a := range agents {
		a.stop()
	}
	owner := map[string]string{}
	share := map[string]int{}
	for _, s := range db.Query("telegraf", `SELECT sum(packets_received) FROM rawping GROUP BY url, agent, rack`) {
		url := s.Tags["url"]
		require.Empty(t, owner[url], "%s is probed by %s too", url, s.Tags["agent"])
		owner[url] = s.Tags["agent"]
		share[s.Tags["agent"]]++
		require.Positive(t, count(s.Values[0][1]), "%s: %v", url, db.Query("telegraf", fmt.Sprintf(`SELECT * FROM rawping WHERE url = '%s'`, url)))
		require.NotEmpty(t, s.Tags["rack"])
	}
	require.Len(t, owner, len(hosts))
	require.Len(t, share, 3)
	for agent, n := range share {
		require.Greater(t, n, 8, "agent %s", agent)
	}
}
