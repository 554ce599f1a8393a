package main

// panel is one of the dashboard.
type panel struct {
	title, description string
	kind               string // as Grafana calls it
	unit               string
	width, height      int // of 24, and in lines
	queries            func(l language) []query
	format             string // of InfluxQL's answers; "": time_series
	custom             object // of the fields
	options            object
	overrides          []object
	repeat             string // the variable that it is repeated by
}

// query is one of a panel.
type query struct {
	text string
	name string // "": by host
}

// byHost is a panel's one figure for each host.
func byHost(function, field string) func(language) []query {
	return func(l language) []query {
		return []query{{text: l.series(series{function: function, field: field, byHost: true})}}
	}
}

// inAll are figures beside each other, each a function, a field and a name.
func inAll(engine bool, figures ...[3]string) func(language) []query {
	return func(l language) (queries []query) {
		for _, f := range figures {
			queries = append(queries, query{l.series(series{function: f[0], field: f[1], name: f[2], engine: engine}), f[2]})
		}
		return queries
	}
}

// bars are counts on top of each other.
func bars() object {
	return object{"drawStyle": "bars", "fillOpacity": 80, "lineWidth": 0, "stacking": object{"mode": "normal", "group": "A"}}
}

// between fills the room from one figure down to another.
func between(upper, lower string, opacity int) object {
	return object{
		"matcher":    object{"id": "byName", "options": upper},
		"properties": []object{{"id": "custom.fillBelowTo", "value": lower}, {"id": "custom.fillOpacity", "value": opacity}, {"id": "custom.lineWidth", "value": 0}},
	}
}

// unlined hides a figure's own line.
func unlined(name string) object {
	return object{"matcher": object{"id": "byName", "options": name}, "properties": []object{{"id": "custom.lineWidth", "value": 0}}}
}

func panels() []panel {
	return append(hostPanels(), enginePanels()...)
}

func hostPanels() []panel {
	return []panel{
		{
			title: "Hosts now", kind: "table", width: 14, height: 8, format: "table",
			description: "The last figures of each host.",
			queries: func(l language) []query {
				return []query{{text: l.table([]string{"consecutive_lost", "seconds_since_reply", "percent_packet_loss", "median_response_ms", "jitter_ms", "result_code"}, "")}}
			},
		},
		{
			title: "Why not", kind: "table", width: 10, height: 8, format: "table",
			description: "The last cause of each host's refused probes, and of those that this host could not send.",
			queries: func(l language) []query {
				return []query{
					{text: l.table([]string{"refused_cause", "refused_by"}, "refused")},
					{text: l.table([]string{"not_sent_cause"}, "not_sent")},
				}
			},
		},
		{
			title: "Loss", kind: "timeseries", unit: "percent", width: 12, height: 8, custom: object{"axisSoftMin": 0},
			description: "Probes without a reply, of those decided. Intervals in which nothing was decided are left out.",
			queries:     func(l language) []query { return []query{{text: l.loss()}} },
		},
		{
			title: "Jitter", kind: "timeseries", unit: "ms", width: 12, height: 8,
			description: "Mean difference from one RTT to the next.",
			queries:     byHost("mean", "jitter_ms"),
		},
		{
			title: "RTT of $host", kind: "timeseries", unit: "ms", width: 24, height: 9, repeat: "host",
			description: "Least to greatest RTT, and the bands of 5 to 95 and 25 to 75 of a hundred around the median: the input needs percentiles = [5, 25, 75, 95].",
			custom:      object{"axisSoftMin": 0},
			queries: inAll(false,
				[3]string{"min", "minimum_response_ms", "min"}, [3]string{"mean", "percentile5_ms", "p5"}, [3]string{"mean", "percentile25_ms", "p25"},
				[3]string{"mean", "median_response_ms", "median"},
				[3]string{"mean", "percentile75_ms", "p75"}, [3]string{"mean", "percentile95_ms", "p95"}, [3]string{"max", "maximum_response_ms", "max"}),
			overrides: []object{between("max", "min", 10), between("p95", "p5", 20), between("p75", "p25", 40), unlined("min"), unlined("p5"), unlined("p25")},
		},
		{
			title: "RTT histogram", kind: "heatmap", unit: "ms", width: 24, height: 8,
			description: "Replies by how fast they were: the input needs the option histogram.",
			queries:     func(l language) []query { return []query{{text: l.buckets(), name: "$tag_le"}} },
			options:     object{"calculate": false, "rowsFrame": object{"layout": "le"}},
		},
		{
			title: "Causes of failure", kind: "timeseries", unit: "short", width: 12, height: 8, custom: bars(),
			description: "Probes without a reply, by what happened. Not sent is this host's fault, and no loss.",
			queries: func(l language) []query {
				return append([]query{{l.silence(), "silence"}}, inAll(false, [3]string{"sum", "refused", "refused"}, [3]string{"sum", "not_sent", "not sent"})(l)...)
			},
		},
		{
			title: "Odd replies", kind: "timeseries", unit: "short", width: 12, height: 8, custom: bars(),
			description: "Replies that came late, twice, damaged, from elsewhere or out of order.",
			queries: inAll(false,
				[3]string{"sum", "late", "late"}, [3]string{"sum", "duplicates", "duplicates"}, [3]string{"sum", "corrupt", "corrupt"},
				[3]string{"sum", "wrong_source", "wrong source"}, [3]string{"sum", "out_of_order", "out of order"}),
		},
		{
			title: "Lost in a row", kind: "timeseries", unit: "short", width: 8, height: 8,
			description: "The longest run of probes without a reply.", queries: byHost("max", "longest_loss_run"),
		},
		{
			title: "TTL changes", kind: "timeseries", unit: "short", width: 8, height: 8,
			description: "Replies with another TTL than the one before: another way.", queries: byHost("sum", "ttl_changes"),
		},
		{
			title: "Name look-ups", kind: "timeseries", unit: "ms", width: 8, height: 8,
			description: "How long the look-ups of names take.", queries: byHost("max", "resolve_ms"),
		},
	}
}

// enginePanels tell whether the agent's host is to blame.
func enginePanels() []panel {
	return []panel{
		{
			title: "This host's faults", kind: "timeseries", unit: "short", width: 8, height: 8, custom: bars(),
			description: "Anything here is the agent's host, not the network. The input needs engine_metrics = true.",
			queries: inAll(true,
				[3]string{"sum", "local_drops", "replies dropped here"}, [3]string{"sum", "suspect", "suspect verdicts"}, [3]string{"sum", "missed", "turns missed"},
				[3]string{"sum", "not_sent", "not sent"}, [3]string{"sum", "sockets_lost", "sockets lost"}, [3]string{"sum", "clock_steps", "clock steps"}),
		},
		{
			title: "Send lateness", kind: "timeseries", unit: "ms", width: 8, height: 8,
			description: "How far probes leave behind their due time. It does not change RTTs.",
			queries:     inAll(true, [3]string{"mean", "send_lateness_mean_ms", "mean"}, [3]string{"max", "send_lateness_max_ms", "greatest"}),
		},
		{
			title: "Probes", kind: "timeseries", unit: "short", width: 8, height: 8,
			description: "What is sent, received, in flight, and foreign: ICMP messages that are not ours.",
			queries: inAll(true,
				[3]string{"sum", "sent", "sent"}, [3]string{"sum", "received", "received"}, [3]string{"max", "in_flight", "in flight"},
				[3]string{"sum", "foreign", "foreign"}, [3]string{"max", "targets", "targets"}),
		},
	}
}
