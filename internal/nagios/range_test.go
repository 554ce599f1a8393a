package nagios_test

import (
	"math"
	"strings"
	"testing"
	"time"

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

func TestTimeRange(t *testing.T) {
	const ms = float64(time.Millisecond)
	for _, test := range []struct {
		s     string
		want  nagios.Range
		short string // in milliseconds
	}{
		{"10", nagios.Range{End: 10 * ms}, "10"},
		{"250us:0.5s", nagios.Range{Start: ms / 4, End: 500 * ms}, "0.25:500"},
		{"@0.1ms:1s", nagios.Range{Start: ms / 10, End: 1000 * ms, Inside: true}, "@0.1:1000"},
		{"~:0.001", nagios.Range{Start: math.Inf(-1), End: ms / 1000}, "~:0.001"},
		{"3s:", nagios.Range{Start: 3000 * ms, End: math.Inf(1)}, "3000:"},
	} {
		got, err := nagios.ParseTimeRange(test.s, time.Millisecond)
		if err != nil || got != test.want {
			t.Errorf("ParseTimeRange(%q) = %+v, %v, want %+v", test.s, got, err, test.want)
		}
		if short := got.In(ms).String(); short != test.short {
			t.Errorf("%q is written %q, want %q", test.s, short, test.short)
		}
	}
	for _, s := range []string{"", "-1", "-1:5", "2s:1s", "5m", "1e3ms", "0.0000001ms", "1ms:2min", "ms"} {
		_, err := nagios.ParseTimeRange(s, time.Millisecond)
		wantError(t, s, err)
	}
}

// FuzzRangeWithin: what holds for all values from least to most holds for each.
func FuzzRangeWithin(f *testing.F) {
	f.Add(10.0, 20.0, false, 12.0, 15.0, 13.0)
	f.Add(10.0, 20.0, true, 21.0, 25.0, 22.0)
	f.Add(10.0, 20.0, true, 5.0, 12.0, 9.0)
	f.Fuzz(func(t *testing.T, start, end float64, inside bool, least, most, v float64) {
		if math.IsNaN(start+end) || math.IsNaN(least+most) || start > end || !(least <= v && v <= most) {
			return
		}
		r := nagios.Range{Start: start, End: end, Inside: inside}
		never, always := r.AlertsWithin(least, most)
		if never && always || never && r.Alerts(v) || always && !r.Alerts(v) {
			t.Errorf("%v within %v to %v: never %v, always %v, but %v at %v", r, least, most, never, always, r.Alerts(v), v)
		}
	})
}
