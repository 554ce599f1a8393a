package main

import "strings"

// schema is the version of Grafana's dashboards that these are in: that of
// Grafana 10. Later ones read it.
const schema = 38

// anyHost is what all hosts are, and the engine's figures, which have no host, are not.
const anyHost = ".+"

// dataSource is the one that the user chooses.
func dataSource() object { return object{"type": "influxdb", "uid": "${datasource}"} }

// dashboard returns the dashboard in a language.
func dashboard(l language) object {
	title := map[string]string{"influxql": "InfluxQL", "flux": "Flux"}[l.name()]
	return object{
		"title": "rawping (" + title + ")", "uid": "rawping-" + l.name(), "tags": []string{"rawping", "icmp"},
		"schemaVersion": schema, "editable": true, "refresh": "30s", "timezone": "",
		"time":        object{"from": "now-6h", "to": "now"},
		"templating":  object{"list": variables(l)},
		"annotations": object{"list": []object{}},
		"panels":      place(l, panels()),
	}
}

func variables(l language) []object {
	all := []object{
		{"type": "datasource", "name": "datasource", "label": "Data source", "query": "influxdb", "current": object{}},
		{
			"type": "textbox", "name": "measurement", "label": "Measurement", "query": "rawping",
			"description": "\"ping\" with name_override = \"ping\"",
			"current":     object{"text": "rawping", "value": "rawping"},
		},
	}
	return append(append(all, l.variables()...), object{
		"type": "query", "name": "host", "label": "Host", "datasource": dataSource(), "query": l.hosts(), "definition": l.hosts(),
		"refresh": 2, "sort": 7, "multi": true, "includeAll": true, "allValue": anyHost,
		"current": object{"text": "All", "value": "$__all"},
	})
}

// place puts panels into rows of 24 columns, in order.
func place(l language, all []panel) (placed []object) {
	x, y, height := 0, 0, 0
	for i, p := range all {
		if x+p.width > 24 {
			x, y, height = 0, y+height, 0
		}
		placed = append(placed, p.object(l, i+1, object{"x": x, "y": y, "w": p.width, "h": p.height}))
		x += p.width
		height = max(height, p.height)
	}
	return placed
}

func (p *panel) object(l language, id int, at object) object {
	defaults := object{"unit": p.unit, "custom": orEmpty(p.custom)}
	var targets []object
	for i, q := range p.queries(l) {
		alias, name := q.name, "${__field.labels.name}"
		if q.name == "" {
			alias, name = l.hostName(), l.hostName()
		}
		if strings.HasPrefix(q.name, "$tag_") {
			name = "${__field.labels.le}"
		}
		format := p.format
		if format == "" {
			format = "time_series"
			if l.name() == "flux" {
				defaults["displayName"] = name
			}
		}
		targets = append(targets, l.target(string(rune('A'+i)), q.text, alias, format))
	}
	o := object{
		"id": id, "type": p.kind, "title": p.title, "description": p.description, "gridPos": at, "datasource": dataSource(),
		"fieldConfig": object{"defaults": defaults, "overrides": append([]object{}, p.overrides...)},
		"options":     orEmpty(p.options),
		"targets":     targets,
	}
	if p.repeat != "" {
		o["repeat"], o["repeatDirection"] = p.repeat, "v"
	}
	if p.format == "table" && len(targets) > 1 {
		o["transformations"] = []object{{"id": "merge", "options": object{}}}
	}
	return o
}

func orEmpty(o object) object {
	if o == nil {
		return object{}
	}
	return o
}
