package nagios_test

import (
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/rawping/rawping/internal/nagios"
)

func TestParseDuration(t *testing.T) {
	for _, test := range []struct {
		s    string
		unit time.Duration
		want time.Duration
	}{
		{"100", time.Millisecond, 100 * time.Millisecond},
		{"3000.0", time.Millisecond, 3 * time.Second},
		{"100.000000", time.Millisecond, 100 * time.Millisecond},
		{"0.001000", time.Millisecond, time.Microsecond},
		{"0.25ms", time.Second, 250 * time.Microsecond}, // 2.5 ms for check_icmp
		{"200ms", time.Second, 200 * time.Millisecond},
		{"250us", time.Second, 250 * time.Microsecond},
		{"0.001us", time.Second, 1},
		{"10", time.Second, 10 * time.Second},
		{"1.5s", time.Millisecond, 1500 * time.Millisecond},
		{".5", time.Second, 500 * time.Millisecond},
		{"5.", time.Second, 5 * time.Second},
		{"0", time.Second, 0},
		{"0.000000001s", time.Second, 1},
		{"0.00000000100000000000000000000000000", time.Second, 1},
		{"000000000000000000000000000000001", time.Second, time.Second},
		{"9223372036.854775807s", time.Second, math.MaxInt64},
		{"0.1", time.Hour, 6 * time.Minute},
	} {
		got, err := nagios.ParseDuration(test.s, test.unit)
		if err != nil || got != test.want {
			t.Errorf("ParseDuration(%q, %v) = %v, %v, want %v", test.s, test.unit, got, err, test.want)
		}
	}
}

func TestParseDurationErrors(t *testing.T) {
	for s, why := range map[string]string{
		"":                      "no number",
		"ms":                    "no number",
		"-1":                    "negative",
		"-0.5s":                 "negative",
		"0.0000000001s":         "finer",
		"0.5ns":                 "plain number",
		"0.0000000000000000001": "finer",
		"9223372036.854775808s": "too long",
		"18446744073709551616":  "too long",
		"18446744073.709551617": "too long",
		"9999999999999999999s":  "too long",
		"NaN":                   "plain number",
		"inf":                   "plain number",
		"1e3":                   "plain number",
		"0x10":                  "plain number",
		"+1":                    "plain number",
		"--1":                   "plain number",
		".":                     "plain number",
		"1.2.3":                 "plain number",
		"1,5":                   "plain number",
		"1 ms":                  "plain number",
		" 1":                    "plain number",
		"1MS":                   "plain number",
		"1m":                    "plain number",
		"1msms":                 "plain number",
		"1\n":                   "plain number",
		"١":                     "plain number",
		"abc":                   "plain number",
	} {
		d, err := nagios.ParseDuration(s, time.Second)
		wantError(t, s, err)
		if err != nil && !strings.Contains(err.Error(), why) {
			t.Errorf("%q gives %q, which does not say %q", s, err, why)
		}
		if d != 0 {
			t.Errorf("%q gives %v beside the error", s, d)
		}
	}
}

func TestFormatDuration(t *testing.T) {
	for _, test := range []struct {
		d, unit  time.Duration
		decimals int
		want     string
	}{
		{9 * time.Microsecond, time.Millisecond, 3, "0.009"},     // check_icmp
		{200 * time.Millisecond, time.Millisecond, 3, "200.000"}, //
		{47 * time.Microsecond, time.Millisecond, 6, "0.047000"}, // check_ping
		{47 * time.Microsecond, time.Millisecond, 2, "0.05"},     // its text
		{47 * time.Microsecond, time.Second, 6, "0.000047"},      // check_fping
		{499, time.Millisecond, 3, "0.000"},
		{500, time.Millisecond, 3, "0.001"},
		{999999500, time.Second, 6, "1.000000"},
		{-1500, time.Microsecond, 1, "-1.5"},
		{1500, time.Microsecond, 0, "2"},
		{1500, time.Microsecond, -1, "1.5"},
		{3 * time.Second, time.Millisecond, -1, "3000"},
		{0, time.Millisecond, -1, "0"},
		{math.MaxInt64, time.Millisecond, -1, "9223372036854.775807"},
		{math.MinInt64, time.Second, -1, "-9223372036.854775808"},
		{math.MaxInt64, 1, 30, "9223372036854775807.000000000000000000"},
		{20 * time.Second, time.Minute, 3, "0.333"},
	} {
		if got := nagios.FormatDuration(test.d, test.unit, test.decimals); got != test.want {
			t.Errorf("FormatDuration(%v, %v, %d) = %q, want %q", test.d, test.unit, test.decimals, got, test.want)
		}
	}
}

func FuzzDuration(f *testing.F) {
	for _, s := range []string{"0.25ms", "3000.0", "9223372036.854775807s", "-1", "0.0000000001s", "us"} {
		f.Add(s, uint8(0))
	}
	f.Fuzz(func(t *testing.T, s string, choice uint8) {
		units := []time.Duration{time.Microsecond, time.Millisecond, time.Second, time.Hour}
		unit := units[int(choice)%len(units)]
		got, err := nagios.ParseDuration(s, unit)
		want, valid := exactDuration(s, unit)
		if valid != (err == nil) || got != want {
			t.Fatalf("ParseDuration(%q, %v) = %d, %v, want %d, %v", s, unit, got, err, want, valid)
		}
		if err != nil {
			wantError(t, s, err)
			return
		}
		for _, unit := range units[:3] {
			text := nagios.FormatDuration(got, unit, -1)
			if again, err := nagios.ParseDuration(text, unit); err != nil || again != got {
				t.Errorf("%d in %v is written %q, which is %d, %v", got, unit, text, again, err)
			}
		}
	})
}

// exactDuration is ParseDuration by way of big rationals.
func exactDuration(s string, unit time.Duration) (time.Duration, bool) {
	for _, known := range []struct {
		name string
		unit time.Duration
	}{{"us", time.Microsecond}, {"ms", time.Millisecond}, {"s", time.Second}} {
		if number, ok := strings.CutSuffix(s, known.name); ok {
			s, unit = number, known.unit
			break
		}
	}
	if strings.Trim(s, "0123456789.") != "" || len(s) > 1000 {
		return 0, false
	}
	v, ok := new(big.Rat).SetString(s)
	if !ok {
		return 0, false
	}
	v.Mul(v, new(big.Rat).SetInt64(int64(unit)))
	if !v.IsInt() || !v.Num().IsInt64() {
		return 0, false
	}
	return time.Duration(v.Num().Int64()), true
}
