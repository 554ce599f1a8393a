package main

import "strings"

// rule is an alert: it fires for a host, or the agent's host, when the last value
// of its query is above a limit for a while.
type rule struct {
	uid, title, summary string
	query               func(l language) string
	above               float64
	wait                string
	severity            string
}

// window is how far back a rule looks, in seconds.
const window = 300

// rules are examples to start from.
func rules() []rule {
	return []rule{
		{
			uid: "rawping-down", title: "Host does not answer", severity: "critical", above: 4, wait: "0s",
			summary: "No reply to five probes in a row.",
			query:   alertSeries("max", "consecutive_lost"),
		},
		{
			uid: "rawping-loss", title: "Loss", severity: "warning", above: 5, wait: "2m",
			summary: "More than 5 % of the probes have no reply.",
			query:   func(l language) string { return l.loss() },
		},
		{
			uid: "rawping-refused", title: "Refused by a router", severity: "warning", above: 0, wait: "1m",
			summary: "A router says that the host cannot be reached: see refused_cause and refused_by.",
			query:   alertSeries("sum", "refused"),
		},
		{
			uid: "rawping-not-sent", title: "Cannot send", severity: "warning", above: 0, wait: "1m",
			summary: "The agent's host cannot send to the host: see not_sent_cause. This is no loss.",
			query:   alertSeries("sum", "not_sent"),
		},
		{
			uid: "rawping-late", title: "Slower than the timeout", severity: "info", above: 0, wait: "5m",
			summary: "Replies come after the timeout. The host is not dead: raise the timeout, or look for the delay.",
			query:   alertSeries("sum", "late"),
		},
		{
			uid: "rawping-drops", title: "The agent's host drops replies", severity: "warning", above: 0, wait: "1m",
			summary: "The kernel had no room for replies: raise net.core.rmem_max. Loss at that time is suspect.",
			query: func(l language) string {
				return l.series(series{function: "sum", field: "local_drops", name: "drops", engine: true})
			},
		},
	}
}

func alertSeries(function, field string) func(language) string {
	return func(l language) string {
		return l.series(series{function: function, field: field, byHost: true})
	}
}

// fixed puts values in the place of a dashboard's variables, which rules have none of.
func fixed(query string) string {
	return strings.NewReplacer(
		"${measurement}", "rawping", "$measurement", "rawping", "${bucket}", "telegraf",
		"${host:regex}", anyHost, "$host", anyHost, "v.windowPeriod", "1m", "$__interval", "1m",
	).Replace(query)
}

// alerts returns the rules for Grafana's provisioning/alerting directory.
func alerts(l language) object {
	var all []object
	for _, r := range rules() {
		source := l.target("A", fixed(r.query(l)), "", "time_series")
		source["datasource"] = object{"type": "influxdb", "uid": "influxdb"}
		all = append(all, object{
			"uid": r.uid + "-" + l.name(), "title": r.title, "condition": "C", "for": r.wait,
			"noDataState": "OK", "execErrState": "Error",
			"annotations": object{"summary": r.summary}, "labels": object{"severity": r.severity},
			"data": []object{
				{"refId": "A", "datasourceUid": "influxdb", "relativeTimeRange": object{"from": window, "to": 0}, "model": source},
				expression("B", object{"type": "reduce", "expression": "A", "reducer": "last", "settings": object{"mode": "dropNN"}}),
				expression("C", object{"type": "threshold", "expression": "B", "conditions": []object{
					{"evaluator": object{"type": "gt", "params": []float64{r.above}}},
				}}),
			},
		})
	}
	return object{"apiVersion": 1, "groups": []object{{
		"orgId": 1, "name": "rawping (" + l.name() + ")", "folder": "rawping", "interval": "1m", "rules": all,
	}}}
}

// expression is a step of a rule that Grafana computes itself.
func expression(ref string, model object) object {
	model["refId"] = ref
	model["datasource"] = object{"type": "__expr__", "uid": "__expr__"}
	return object{"refId": ref, "datasourceUid": "__expr__", "relativeTimeRange": object{"from": 0, "to": 0}, "model": model}
}
