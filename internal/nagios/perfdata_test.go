package nagios_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/rawping/rawping/internal/nagios"
)

// The lines are what the plugins printed.
func TestPerfdata(t *testing.T) {
	for _, test := range []struct {
		name    string
		metrics []nagios.Metric
		want    string
	}{
		{"none", nil, ""},
		{"check_icmp 2.3.3", []nagios.Metric{
			{Label: "rta", Value: "0.009", Unit: "ms", Warn: "200.000", Crit: "500.000", Min: "0"},
			{Label: "pl", Value: "0", Unit: "%", Warn: "40", Crit: "80"},
			{Label: "rtmax", Value: "0.029", Unit: "ms"},
			{Label: "rtmin", Value: "0.004", Unit: "ms"},
		}, "rta=0.009ms;200.000;500.000;0; pl=0%;40;80;; rtmax=0.029ms;;;; rtmin=0.004ms;;;;"},
		{"check_icmp 2.3.3, two hosts", []nagios.Metric{
			{Label: "127.0.0.1rta", Value: "0.000", Unit: "ms", Warn: "200.000", Crit: "500.000", Min: "0"},
			{Label: "127.0.0.1pl", Value: "100", Unit: "%", Warn: "40", Crit: "80"},
		}, "127.0.0.1rta=0.000ms;200.000;500.000;0; 127.0.0.1pl=100%;40;80;;"},
		{"check_icmp 2.4.0, down", []nagios.Metric{
			{Label: "rta", Unit: "ms"},
			{Label: "rtmax", Unit: "ms"},
			{Label: "rtmin", Unit: "ms"},
			{Label: "pl", Value: "100", Unit: "%", Warn: "40", Crit: "80", Min: "0", Max: "100"},
		}, "rta=U;;;; rtmax=U;;;; rtmin=U;;;; pl=100%;40;80;0;100"},
		{"check_ping", []nagios.Metric{
			{Label: "rta", Value: "0.047000", Unit: "ms", Warn: "100.000000", Crit: "200.000000", Min: "0.000000", ShortMax: true},
			{Label: "pl", Value: "0", Unit: "%", Warn: "20", Crit: "40", Min: "0"},
		}, "rta=0.047000ms;100.000000;200.000000;0.000000 pl=0%;20;40;0;"},
		{"check_ping -w 0,0%", []nagios.Metric{
			{Label: "rta", Value: "0.039000", Unit: "ms", Crit: "10.000000", Min: "0.000000", ShortMax: true},
			{Label: "pl", Value: "0", Unit: "%", Crit: "100", Min: "0"},
		}, "rta=0.039000ms;;10.000000;0.000000 pl=0%;;100;0;"},
		{"check_ping, down", []nagios.Metric{
			{Label: "rta", Unit: "ms", Warn: "10.000000", Crit: "10.000000"},
			{Label: "pl", Value: "100", Unit: "%", Warn: "100", Crit: "100", Min: "0"},
		}, "rta=U;10.000000;10.000000;; pl=100%;100;100;0;"},
		{"check_fping -a", []nagios.Metric{
			{Label: "rta", Value: "0.000042", Unit: "s", Min: "0.000000", ShortMax: true},
		}, "rta=0.000042s;;;0.000000"},
		{"check_fping", []nagios.Metric{
			{Label: "loss", Value: "0", Unit: "%", Warn: "5", Crit: "15"},
			{Label: "rta", Value: "0.000047", Unit: "s", Warn: "0.100000", Crit: "0.200000", Min: "0.000000", ShortMax: true},
		}, "loss=0%;5;15;; rta=0.000047s;0.100000;0.200000;0.000000"},
		{"check_host", []nagios.Metric{
			{Label: "pkt", Value: "1", Min: "0", Max: "5", ShortMax: true},
			{Label: "rta", Value: "0.035", Warn: "1000.000", Crit: "1000.000"},
		}, "pkt=1;;;0;5 rta=0.035;1000.000;1000.000;;"},
		{"a range, and a maximum where it may be left out", []nagios.Metric{
			{Label: "loss", Value: "U", Warn: "@10:20", Crit: "~:5", Min: "0", Max: "100", ShortMax: true},
		}, "loss=U;@10:20;~:5;0;100"},
		{"labels", []nagios.Metric{
			{Label: "127.0.0.1rta", Value: "1"},
			{Label: "fe80::1%eth0pl", Value: "1"},
			{Label: "two words", Value: "1"},
			{Label: "o'clock", Value: "1"},
			{Label: "a=b|c\nd", Value: "1"},
			{Label: "", Value: "1"},
		}, "127.0.0.1rta=1;;;; fe80::1%eth0pl=1;;;; 'two words'=1;;;; 'o''clock'=1;;;; 'a_b/c d'=1;;;; ''=1;;;;"},
	} {
		if got := nagios.Perfdata(test.metrics); got != test.want {
			t.Errorf("%s:\n%s, want\n%s", test.name, got, test.want)
		}
	}
}

func TestCleanText(t *testing.T) {
	for s, want := range map[string]string{
		"plain":         "plain",
		"größer":        "größer",
		"a|b\r\nc\td":   "a/b  c d",
		"\x00\x1b[2J":   "  [2J",
		"\u2028\u0085x": "  x",
		"\xff":          "\uFFFD",
		"":              "",
		"||":            "//",
		"a\x7fb":        "a b",
	} {
		if got := nagios.CleanText(s); got != want {
			t.Errorf("CleanText(%q) = %q, want %q", s, got, want)
		}
	}
}

func FuzzCleanText(f *testing.F) {
	for _, s := range []string{"plain", "a|b\r\nc\td", "\u2028\u0085", "\xff\xfe", "größer"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := nagios.CleanText(s)
		if strings.ContainsFunc(got, func(r rune) bool {
			return r == '|' || r == '\u2028' || r == '\u2029' || unicode.IsControl(r)
		}) || !utf8.ValidString(got) || utf8.RuneCountInString(got) != utf8.RuneCountInString(s) {
			t.Errorf("%q becomes %q", s, got)
		}
		if again := nagios.CleanText(got); again != got {
			t.Errorf("%q becomes %q, and that %q", s, got, again)
		}
	})
}

func FuzzMetric(f *testing.F) {
	f.Add("two words")
	f.Add("a'=|\n")
	f.Fuzz(func(t *testing.T, name string) {
		got := nagios.Metric{Label: name, Value: "1"}.String()
		if strings.ContainsAny(got, "|\r\n") || strings.Count(got, "=") != 1 || !utf8.ValidString(got) {
			t.Errorf("%q is written %q", name, got)
		}
		label, found := strings.CutSuffix(got, "=1;;;;")
		quoted := strings.HasPrefix(label, "'")
		if !found || !quoted && strings.ContainsAny(label, " ';") || strings.Count(label, "'")%2 != 0 {
			t.Errorf("%q is written %q", name, got)
		}
	})
}
