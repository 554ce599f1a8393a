package nagios

import (
	"strings"
	"unicode"
)

// Metric is one figure of perfdata (guidelines "Performance data"). Its numbers
// are text, because the formats that graphs were built on differ in decimals:
// see FormatDuration and FormatLoss. An empty one is left out.
type Metric struct {
	Label string
	Value string // "": no data, which is written as U
	Unit  string // s, ms, us, %, B, KB, MB, TB, c or none

	Warn, Crit string // numbers or ranges
	Min, Max   string

	// ShortMax leaves out the last semicolon together with Max, as check_ping
	// does for rta but not for pl.
	ShortMax bool
}

// String returns 'label'=value[UOM];[warn];[crit];[min];[max], the label in
// quotes only if it needs them.
func (m Metric) String() string {
	value := m.Value + m.Unit
	if m.Value == "" {
		value = "U"
	}
	fields := []string{label(m.Label) + "=" + value, m.Warn, m.Crit, m.Min, m.Max}
	if m.ShortMax && m.Max == "" {
		fields = fields[:4]
	}
	return strings.Join(fields, ";")
}

// label makes any text a label: no = and nothing that would end the perfdata, a
// quote doubled, and quotes around what would end the label.
func label(s string) string {
	s = strings.ReplaceAll(CleanText(s), "=", "_")
	if s != "" && !strings.ContainsAny(s, " ';\"") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// Perfdata returns the metrics in order, with one space between them. Nothing
// stands before or after, where the plugins differ.
func Perfdata(metrics []Metric) string {
	texts := make([]string, len(metrics))
	for i, m := range metrics {
		texts[i] = m.String()
	}
	return strings.Join(texts, " ")
}

// CleanText makes any text part of a status line: "|", which begins perfdata,
// becomes "/"; line breaks and other control characters become spaces.
func CleanText(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '|':
			return '/'
		case unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp):
			return ' '
		}
		return r // bytes that are not UTF-8 come as U+FFFD
	}, s)
}
