//go:build linux && !race

package realtest

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/site"
	"github.com/rawping/rawping/internal/steady"
	"github.com/rawping/rawping/internal/testbed"
)

// answer is what a query gave: for each row, which host it is of, and its value.
type answer struct{ host, value string }

// database asks in one language.
type database interface {
	// ask returns the rows, in order of time for each host. Without hosts it is "".
	ask(query string) []answer
}

type influxQLDatabase struct{ *site.InfluxDB }

func (d influxQLDatabase) ask(query string) (rows []answer) {
	query = strings.NewReplacer("$timeFilter", "time > now() - 1h", "$__interval", "1s").Replace(query)
	for _, series := range d.Query("telegraf", query) {
		for _, row := range series.Values {
			for _, value := range row[1:] {
				if value != nil {
					rows = append(rows, answer{series.Tags["url"], fmt.Sprint(value)})
				}
			}
		}
	}
	return rows
}

type fluxDatabase struct{ *fluxDB }

func (d fluxDatabase) ask(query string) (rows []answer) {
	imports := ""
	if first, rest, ok := strings.Cut(query, "\n"); ok && strings.HasPrefix(first, "import ") {
		imports, query = first+"\n", rest
	}
	query = imports + "option v = {timeRangeStart: -1h, timeRangeStop: now(), windowPeriod: 1s}\n" + query
	for _, row := range d.query(query) {
		host := row["url"]
		for column, value := range row {
			switch column {
			case "", "result", "table", "_time", "url", "name", "le":
			default:
				if value != "" {
					rows = append(rows, answer{host, value})
				}
			}
		}
	}
	return rows
}

// variables puts values in the place of a dashboard's variables as Grafana does.
func variables(query, measurement, hosts string) string {
	return strings.NewReplacer(
		"${measurement}", measurement, "$measurement", measurement, "${bucket}", "telegraf/autogen", `"telegraf"`, `"telegraf/autogen"`,
		"${host:regex}", hosts, "$host", hosts,
	).Replace(query)
}

func readJSON(t testing.TB, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "contrib", "grafana", name))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, into))
}

// dashboardOf is what matters of a dashboard here.
type dashboardOf struct {
	Panels []struct {
		Title   string
		Targets []struct{ RefID, Query string }
	}
	Templating struct {
		List []struct{ Name, Type, Query, AllValue string }
	}
}

// asks returns a query of the dashboard, of all hosts.
func (d *dashboardOf) asks(query, measurement string) string {
	all := slices.IndexFunc(d.Templating.List, func(v struct{ Name, Type, Query, AllValue string }) bool { return v.Name == "host" })
	return variables(query, measurement, d.Templating.List[all].AllValue)
}

// alertsOf is what matters of alert rules here.
type alertsOf struct {
	Groups []struct {
		Rules []struct {
			UID  string
			Data []struct {
				Model struct {
					Query      string
					Conditions []struct {
						Evaluator struct{ Params []float64 }
					}
				}
			}
		}
	}
}

// fill has a real Telegraf write of a network into real databases, one for each
// language, until the one of InfluxQL answers a query with more than 10.
func fill(t testing.TB, bed *testbed.Bed, input, query string) map[string]database {
	t.Helper()
	ql, flux := site.StartInfluxDB(t, bed.Client), startFlux(t, bed.Client)
	p := newPlace(t)
	config := p.put("telegraf.conf", agentTable, input,
		toInflux(ql, "telegraf"), strings.Replace(toInflux(ql, "telegraf"), ql.URL, flux.url, 1))
	a := start(t, command(bed.Client, embedded(t), "--config", config))
	a.await(query, func() bool {
		found := ql.Query("telegraf", query)
		return len(found) == 1 && count(found[0].Values[0][1]) > 10
	})
	a.stop()
	return map[string]database{"influxql": influxQLDatabase{ql}, "flux": fluxDatabase{flux}}
}

// With name_override the engine's rows are in the measurement of the hosts. The panels
// of the engine find them there, and those of the hosts do not count them.
func TestGrafanaNameOverride(t *testing.T) {
	t.Parallel()
	bed := testbed.New(t)
	firewalled := bed.Firewall.Addr.V4.String()
	databases := fill(t, bed, fmt.Sprintf(`[[inputs.rawping]]
  name_override = "ping"
  urls = ["127.0.0.1", %q]
  ping_interval = "100ms"
  engine_metrics = true
`, firewalled), fmt.Sprintf(`SELECT sum(not_sent) FROM ping WHERE url = '%s'`, firewalled))
	for language, db := range databases {
		t.Run(language, func(t *testing.T) {
			var d dashboardOf
			readJSON(t, "dashboard-"+language+".json", &d)
			asked := map[string]int{}
			for _, panel := range d.Panels {
				for _, target := range panel.Targets {
					switch rows := db.ask(d.asks(target.Query, "ping")); panel.Title {
					case "This host's faults", "Send lateness", "Probes":
						require.NotEmpty(t, rows, target.Query)
						asked[panel.Title]++
					case "Causes of failure":
						if strings.Contains(target.Query, `"not_sent"`) {
							want := db.ask(strings.Replace(d.asks(target.Query, "ping"), "/^.+$/", "/^"+regexp.QuoteMeta(firewalled)+"$/", 1))
							require.Equal(t, counted(want), counted(rows))
							asked[panel.Title]++
						}
					}
				}
			}
			require.Equal(t, map[string]int{"This host's faults": 6, "Send lateness": 2, "Probes": 5, "Causes of failure": 1}, asked)
		})
	}
}

// counted leaves out where nothing was: a second may have rows of other hosts only.
func counted(rows []answer) []answer {
	return slices.DeleteFunc(rows, func(a answer) bool { return a.value == "0" })
}

// The queries of the dashboards and of the alert rules, and those that the README
// shows, on what a real Telegraf wrote of a network with faults into a real
// InfluxDB.
func TestGrafana(t *testing.T) {
	t.Parallel()
	steady.Run(t, func(t testing.TB) {
		bed := testbed.New(t)
		for i, fault := range []testbed.Fault{
			{},
			{Lose: 1, Of: 2},
			{Lose: 1, Of: 1},
			{Delay: 1300 * time.Millisecond},
			{ICMPError: &testbed.ICMPError{Type: 3, Code: 1}},
		} {
			bed.Rule(netip.MustParsePrefix(fmt.Sprintf("198.18.%d.0/24", i+1)), fault)
		}
		const right, lossy, dead, late, refused = "198.18.1.1", "198.18.2.1", "198.18.3.1", "198.18.4.1", "198.18.5.1"
		firewalled := bed.Firewall.Addr.V4.String()
		hosts := []string{right, lossy, dead, late, refused, firewalled, "localhost"}

		databases := fill(t, bed, fmt.Sprintf(`[[inputs.rawping]]
  urls = ["%s"]
  ping_interval = "100ms"
  percentiles = [5, 25, 75, 95]
  histogram = [1, 100]
  engine_metrics = true
`, strings.Join(hosts, `", "`)), fmt.Sprintf(`SELECT sum(late) FROM rawping WHERE url = '%s'`, late))
		for language, db := range databases {
			d := dashboard(t, language, db, hosts)
			require.Equal(t, map[string][]string{
				"rawping-down-" + language:     {dead, late, refused},
				"rawping-loss-" + language:     {lossy, dead, late, refused},
				"rawping-refused-" + language:  {refused},
				"rawping-not-sent-" + language: {firewalled},
				"rawping-late-" + language:     {late},
			}, alerts(t, language, db, d))
		}
		readme(t, databases["influxql"], firewalled)
	})
}

// dashboard asserts that all queries of a dashboard have answers, and its variables all
// hosts, and returns it.
func dashboard(t testing.TB, language string, db database, hosts []string) *dashboardOf {
	t.Helper()
	d := &dashboardOf{}
	readJSON(t, "dashboard-"+language+".json", d)
	require.NotEmpty(t, d.Panels)
	for _, panel := range d.Panels {
		for _, target := range panel.Targets {
			require.NotEmpty(t, db.ask(d.asks(target.Query, "rawping")), "%s: %s", panel.Title, target.Query)
		}
	}
	for _, v := range d.Templating.List {
		if v.Type != "query" {
			continue
		}
		var found []string
		for _, row := range db.ask(d.asks(v.Query, "rawping")) {
			found = append(found, row.value)
		}
		for _, host := range hosts {
			require.Contains(t, found, host, "of $%s", v.Name)
		}
	}
	return d
}

// alerts returns the hosts that each alert rule fires for.
func alerts(t testing.TB, language string, db database, d *dashboardOf) map[string][]string {
	t.Helper()
	var rules alertsOf
	readJSON(t, "alerts-"+language+".json", &rules)
	fires := map[string][]string{}
	for _, rule := range rules.Groups[0].Rules {
		query := strings.ReplaceAll(rule.Data[0].Model.Query, "time(1m)", "time(1h)") // one window, for what has just been
		above := rule.Data[2].Model.Conditions[0].Evaluator.Params[0]
		last := map[string]float64{}
		for _, row := range db.ask(d.asks(strings.ReplaceAll(query, "every: 1m", "every: 1h"), "rawping")) {
			value, err := strconv.ParseFloat(row.value, 64)
			require.NoError(t, err)
			last[row.host] = value
		}
		require.NotEmpty(t, last, rule.UID)
		for host, value := range last {
			if value > above {
				fires[rule.UID] = append(fires[rule.UID], host)
			}
		}
		slices.Sort(fires[rule.UID])
	}
	return fires
}

// readme asserts that the queries that the README shows have answers, and find no loss
// where nothing was sent.
func readme(t testing.TB, db database, firewalled string) {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	queries := regexp.MustCompile("(?s)```sql\n(.*?)\n```").FindAllStringSubmatch(string(text), -1)
	require.Len(t, queries, 3)
	for _, query := range queries {
		rows := db.ask(query[1])
		require.NotEmpty(t, rows, query[1])
		for _, row := range rows {
			require.False(t, row.host == firewalled && row.value == "100", "no loss where nothing was sent: %s", query[1])
		}
	}
}
