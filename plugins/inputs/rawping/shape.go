package rawping

import (
	"slices"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"
)

// shapes are metrics to copy, one for each set of fields that there has been: to
// add fields one by one compares each with all that are there already.
type shapes struct{ metrics []telegraf.Metric }

// mostShapes bounds how many are kept. There are few sets of fields.
const mostShapes = 64

// metric returns a new metric without tags that has these fields.
func (s *shapes) metric(name string, fields []telegraf.Field, stamp time.Time) telegraf.Metric {
	for i, shape := range s.metrics {
		if shape.Name() == name && slices.EqualFunc(shape.FieldList(), fields, sameKey) {
			if i > 0 { // the next row most likely has the same
				s.metrics[0], s.metrics[i] = s.metrics[i], s.metrics[0]
			}
			return filled(metric.FromMetric(shape), fields, stamp)
		}
	}
	m := metric.New(name, nil, nil, stamp)
	for i := range fields {
		m.AddField(fields[i].Key, fields[i].Value)
	}
	if len(s.metrics) < mostShapes {
		s.metrics = append(s.metrics, metric.FromMetric(m))
	}
	return m
}

func sameKey(have *telegraf.Field, want telegraf.Field) bool { return have.Key == want.Key }

// filled gives a copy of a shape its values.
func filled(m telegraf.Metric, fields []telegraf.Field, stamp time.Time) telegraf.Metric {
	list := m.FieldList()
	for i := range fields {
		list[i].Value = fields[i].Value
	}
	m.SetTime(stamp)
	return m
}
