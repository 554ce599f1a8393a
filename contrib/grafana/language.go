package main

import (
	"fmt"
	"strings"
)

// language is one of InfluxDB's, as Grafana's data source has it.
type language interface {
	name() string

	// series returns a query for a figure over time.
	series(s series) string

	// loss returns one for the part of the probes without a reply, in per cent.
	loss() string

	// silence returns one for the probes that met nothing but silence.
	silence() string

	// table returns one for the last values of fields, a row for each host. With a
	// condition, only rows count in which that field is more than 0.
	table(fields []string, condition string) string

	// buckets returns one for the histogram.
	buckets() string

	// hosts returns one for the values of the variable $host.
	hosts() string

	// target returns a query as a panel has it. A figure by host is named after
	// the host.
	target(ref, query, alias, format string) object

	// variables are those of the dashboard, besides $measurement and $host.
	variables() []object

	// hostName is how a figure by host is called.
	hostName() string
}

func languages() []language { return []language{influxQL{}, flux{}} }

// series is a figure over time: a function over a field, by host or in all.
type series struct {
	function string // sum, mean, min or max
	field    string
	name     string // what it is called if it is not by host
	engine   bool   // it is the engine's
	byHost   bool
}

// influxQL is understood by InfluxDB 1, and by later ones with a mapping of buckets.
type influxQL struct{}

func (influxQL) name() string { return "influxql" }

const (
	influxQLHosts = `$timeFilter AND "url" =~ /^$host$/`
	influxQLFrom  = `FROM "$measurement" WHERE ` + influxQLHosts

	// name_override renames the engine's measurement too, which has no host.
	influxQLEngine = `FROM "rawping_engine", "$measurement" WHERE $timeFilter AND "url" = ''`
)

func (influxQL) series(s series) string {
	from, by := influxQLFrom, ""
	if s.engine {
		from = influxQLEngine
	}
	if s.byHost {
		by = `, "url"`
	}
	return fmt.Sprintf(`SELECT %s(%q) %s GROUP BY time($__interval)%s fill(none)`, s.function, s.field, from, by)
}

// Where nothing was decided, InfluxQL would divide by zero and call it zero.
func (influxQL) loss() string {
	return `SELECT 100 * (1 - sum("packets_received") / sum("packets_transmitted")) ` + influxQLFrom +
		` AND "packets_transmitted" > 0 GROUP BY time($__interval), "url" fill(none)`
}

func (influxQL) silence() string {
	return `SELECT sum("packets_transmitted") - sum("packets_received") - sum("refused") ` + influxQLFrom + ` GROUP BY time($__interval) fill(none)`
}

func (influxQL) table(fields []string, condition string) string {
	last := make([]string, len(fields))
	for i, field := range fields {
		last[i] = fmt.Sprintf(`last(%q) AS %q`, field, field)
	}
	if condition != "" {
		condition = fmt.Sprintf(` AND %q > 0`, condition)
	}
	return `SELECT ` + strings.Join(last, ", ") + ` ` + influxQLFrom + condition + ` GROUP BY "url"`
}

func (influxQL) buckets() string {
	return `SELECT sum("response_ms_bucket") ` + influxQLFrom + ` GROUP BY time($__interval), "le" fill(none)`
}

func (influxQL) hosts() string { return `SHOW TAG VALUES FROM "$measurement" WITH KEY = "url"` }

func (influxQL) target(ref, query, alias, format string) object {
	return object{"refId": ref, "datasource": dataSource(), "rawQuery": true, "query": query, "alias": alias, "resultFormat": format}
}

func (influxQL) variables() []object { return nil }

func (influxQL) hostName() string { return "$tag_url" }

// flux is understood by InfluxDB 2, and by 1.8 with flux-enabled.
type flux struct{}

func (flux) name() string { return "flux" }

const (
	fluxRange = `from(bucket: "${bucket}")
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
`
	fluxFrom = fluxRange + `  |> filter(fn: (r) => r._measurement == "${measurement}" and r.url =~ /^${host:regex}$/)
`

	// name_override renames the engine's measurement too, which has no host.
	fluxEngine = fluxRange + `  |> filter(fn: (r) => (r._measurement == "rawping_engine" or r._measurement == "${measurement}") and not exists r.url)
`
)

// fluxFields keeps some fields of what has been read.
func fluxFields(fields ...string) string {
	is := make([]string, len(fields))
	for i, field := range fields {
		is[i] = fmt.Sprintf("r._field == %q", field)
	}
	return "  |> filter(fn: (r) => " + strings.Join(is, " or ") + ")\n"
}

func (flux) series(s series) string {
	from, group := fluxFrom, `  |> group()`+"\n"
	if s.engine {
		from = fluxEngine
	}
	if s.byHost {
		group = `  |> group(columns: ["url"])` + "\n"
	}
	query := from + fluxFields(s.field) + group +
		fmt.Sprintf("  |> aggregateWindow(every: v.windowPeriod, fn: %s, createEmpty: false)\n", s.function)
	if s.byHost {
		return query + `  |> keep(columns: ["_time", "_value", "url"])`
	}
	return query + fluxNamed(s.name)
}

// fluxNamed calls a figure by a name.
func fluxNamed(name string) string {
	return fmt.Sprintf("  |> set(key: \"name\", value: %q)\n  |> group(columns: [\"name\"])\n  |> keep(columns: [\"_time\", \"_value\", \"name\"])", name)
}

// fluxSums puts sums of fields beside each other.
func fluxSums(by string, fields ...string) string {
	return fluxFrom + fluxFields(fields...) + fmt.Sprintf(`  |> group(columns: [%s"_field"])
  |> aggregateWindow(every: v.windowPeriod, fn: sum, createEmpty: false)
  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
`, by)
}

func (flux) loss() string {
	return fluxSums(`"url", `, "packets_received", "packets_transmitted") + `  |> filter(fn: (r) => r.packets_transmitted > 0)
  |> map(fn: (r) => ({r with _value: 100.0 * (1.0 - float(v: r.packets_received) / float(v: r.packets_transmitted))}))
  |> keep(columns: ["_time", "_value", "url"])`
}

func (flux) silence() string {
	return fluxSums("", "packets_received", "packets_transmitted", "refused") +
		"  |> map(fn: (r) => ({r with _value: r.packets_transmitted - r.packets_received - r.refused}))\n" + fluxNamed("silence")
}

func (flux) table(fields []string, condition string) string {
	query := fluxFrom
	if condition != "" {
		return query + fluxFields(append(fields, condition)...) + fmt.Sprintf(`  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
  |> filter(fn: (r) => r.%s > 0)
  |> last(column: %q)
  |> keep(columns: ["url", "%s"])
  |> group()`, condition, condition, strings.Join(fields, `", "`))
	}
	return query + fluxFields(fields...) + `  |> last()
  |> keep(columns: ["url", "_field", "_value"])
  |> pivot(rowKey: ["url"], columnKey: ["_field"], valueColumn: "_value")
  |> group()`
}

func (flux) buckets() string {
	return fluxFrom + fluxFields("response_ms_bucket") + `  |> group(columns: ["le"])
  |> aggregateWindow(every: v.windowPeriod, fn: sum, createEmpty: false)
  |> keep(columns: ["_time", "_value", "le"])`
}

func (flux) hosts() string {
	return `import "influxdata/influxdb/v1"
v1.measurementTagValues(bucket: "${bucket}", measurement: "${measurement}", tag: "url")`
}

func (flux) target(ref, query, _, _ string) object {
	return object{"refId": ref, "datasource": dataSource(), "query": query}
}

func (flux) variables() []object {
	return []object{{
		"type": "textbox", "name": "bucket", "label": "Bucket", "query": "telegraf",
		"current": object{"text": "telegraf", "value": "telegraf"},
	}}
}

func (flux) hostName() string { return "${__field.labels.url}" }
