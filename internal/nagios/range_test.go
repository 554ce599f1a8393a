package nagios_test

import (
	"math"
	"strings"
	"testing"

	"github.com/rawping/rawping/internal/nagios"
)

func TestRange(t *testing.T) {
	inf := math.Inf(1)
	for _, test := range []struct {
		s             string
		want          nagios.Range
		short         string
		alerts, quiet []float64
	}{
		// The guidelines' own examples.
		{"10", nagios.Range{End: 10}, "10", []float64{-0.1, 10.1, inf}, []float64{0, 5, 10}},
		{"10:", nagios.Range{Start: 10, End: inf}, "10:", []float64{9.9, -inf}, []float64{10, inf}},
		{"~:10", nagios.Range{Start: -inf, End: 10}, "~:10", []float64{10.1}, []float64{-inf, 10}},
		{"10:20", nagios.Range{Start: 10, End: 20}, "10:20", []float64{9.9, 20.1}, []float64{10, 20}},
		{"@10:20", nagios.Range{Start: 10, End: 20, Inside: true}, "@10:20", []float64{10, 15, 20}, []float64{9.9, 20.1}},
		// What else is allowed.
		{":10", nagios.Range{End: 10}, "10", []float64{-1, 11}, []float64{0}},
		{"0:10", nagios.Range{End: 10}, "10", []float64{-1, 11}, []float64{0}},
		{"0:", nagios.Range{End: inf}, "0:", []float64{-1}, []float64{0, 5}},
		{"~:", nagios.Range{Start: -inf, End: inf}, "~:", []float64{math.NaN()}, []float64{0}},
		{"@~:0", nagios.Range{Start: -inf, End: 0, Inside: true}, "@~:0", []float64{-1, 0}, []float64{0.1, math.NaN()}},
		{"0", nagios.Range{}, "0", []float64{0.1, -0.1}, []float64{0}},
		{"-5:-2.5", nagios.Range{Start: -5, End: -2.5}, "-5:-2.5", []float64{0}, []float64{-3}},
		{"-0:.5", nagios.Range{End: 0.5}, "0.5", []float64{1}, []float64{0}},
		{"7.:7", nagios.Range{Start: 7, End: 7}, "7:7", []float64{6}, []float64{7}},
	} {
		got, err := nagios.ParseRange(test.s)
		if err != nil || got != test.want {
			t.Errorf("ParseRange(%q) = %+v, %v, want %+v", test.s, got, err, test.want)
			continue
		}
		if got.String() != test.short {
			t.Errorf("%q is written %q, want %q", test.s, got, test.short)
		}
		for _, v := range test.alerts {
			if !got.Alerts(v) {
				t.Errorf("%q does not alert at %v", test.s, v)
			}
		}
		for _, v := range test.quiet {
			if got.Alerts(v) {
				t.Errorf("%q alerts at %v", test.s, v)
			}
		}
	}
}

func TestRangeErrors(t *testing.T) {
	for _, s := range []string{
		"", "@", ":", "@:", "~", "10:~", "~10:20", "20:10", "a", "10:b", "1:2:3", "@@1", "1e3", "0x10", "inf", "NaN",
		"+1", " 1", "1 ", "--1", "-", ".", "10,20", "10%", "10ms", "1\n2", strings.Repeat("9", 400),
	} {
		r, err := nagios.ParseRange(s)
		wantError(t, s, err)
		if r != (nagios.Range{}) {
			t.Errorf("%q gives %+v beside the error", s, r)
		}
	}
}

// wantError checks that err is one line that names the value and the right form.
func wantError(t *testing.T, value string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%q was accepted", value)
		return
	}
	text := err.Error()
	begin := value[:min(len(value), 10)]
	if strings.ContainsAny(text, "\r\n") || !strings.Contains(text, "want ") || len(text) > 600 ||
		(strings.IndexFunc(begin, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) < 0 &&
			!strings.Contains(text, begin)) {
		t.Errorf("%q gives the error %q", value, text)
	}
}

func FuzzRange(f *testing.F) {
	for _, s := range []string{"10", "@~:1.5", "10:20", "-1:", ":"} {
		f.Add(s, 10.0)
	}
	f.Fuzz(func(t *testing.T, s string, v float64) {
		r, err := nagios.ParseRange(s)
		if err != nil {
			wantError(t, s, err)
			return
		}
		again, err := nagios.ParseRange(r.String())
		if err != nil || again != r {
			t.Errorf("%q is %+v, written %q, which is %+v, %v", s, r, r, again, err)
		}
		other := r
		other.Inside = !r.Inside
		if r.Alerts(v) == other.Alerts(v) {
			t.Errorf("%q and %q agree on %v", r, other, v)
		}
	})
}
