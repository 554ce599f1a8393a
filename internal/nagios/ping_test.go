package nagios_test

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rawping/rawping/internal/nagios"
)

func TestParsePing(t *testing.T) {
	for s, want := range map[string]nagios.PingThreshold{
		"3000,80%":          {3 * time.Second, 80},        // Icinga's hostalive
		"5000,100%":         {5 * time.Second, 100},       //
		"3000.0,80%":        {3 * time.Second, 80},        // the same with its vars as floats
		"100,5%":            {100 * time.Millisecond, 5},  // ping4, fping
		"100,10%":           {100 * time.Millisecond, 10}, // icmp
		"200.000,40.000%":   {200 * time.Millisecond, 40},
		"200ms,40%":         {200 * time.Millisecond, 40},
		"1000000us,100%":    {time.Second, 100}, // check_host
		"0.25ms,0%":         {250 * time.Microsecond, 0},
		"2s,12.5%":          {2 * time.Second, 12.5},
		"500,40":            {500 * time.Millisecond, 40}, // check_icmp
		"100:20%":           {100 * time.Millisecond, 20}, // check_ping
		"0,0%":              {},
		"0.000001,0.00001%": {1, 0.00001},
	} {
		got, err := nagios.ParsePing(s)
		if err != nil || got != want {
			t.Errorf("ParsePing(%q) = %v, %v, want %v", s, got, err, want)
		}
	}
}

func TestParsePingErrors(t *testing.T) {
	for s, why := range map[string]string{
		"":                                   "loss is missing",
		"200":                                "loss is missing",
		"200,":                               "loss is missing",
		"200,%":                              "loss is missing",
		"-1":                                 "loss is missing",
		"abc":                                "loss is missing",
		"300%":                               "RTA is missing",
		",20%":                               "RTA is missing",
		"20%,100":                            "RTA comes first",
		"200,300%":                           `loss "300%" is not within`,
		"200,-1%":                            `loss "-1%" is not within`,
		"200,100.001%":                       "is not within",
		"200,abc":                            `loss "abc" is not a number`,
		"200,40%%":                           "is not a number",
		"200,NaN%":                           "is not a number",
		"200,1e1%":                           "is not a number",
		"200,40%,5":                          "is not a number",
		"200, 40%":                           "is not a number",
		"abc,20%":                            `RTA "abc" is no time`,
		"-1,20%":                             "negative",
		"~:100,20%":                          "RTA",
		"200min,20%":                         "plain number",
		"1e999,20%":                          "plain number",
		"99999999999999999999,20%":           "too long",
		"0.0000001,20%":                      "finer",
		"200\n,20%":                          "plain number",
		strings.Repeat("\x01", 999) + ",20%": "plain number",
		strings.Repeat("9", 999) + "," + strings.Repeat("9", 999) + "%": "too long",
		"5," + strings.Repeat("9", 999) + "%":                           "is not a number",
		"5," + strings.Repeat("9", 300) + "%":                           "is not within",
	} {
		got, err := nagios.ParsePing(s)
		wantError(t, s, err)
		if err != nil && !strings.Contains(err.Error(), why) {
			t.Errorf("%q gives %q, which does not say %q", s, err, why)
		}
		if err != nil && !strings.HasSuffix(err.Error(), "want RTA[us|ms|s],LOSS%, such as 200ms,40%") {
			t.Errorf("%q gives %q, which does not show the right form", s, err)
		}
		if err != nil && got != (nagios.PingThreshold{}) {
			t.Errorf("%q gives %v beside the error", s, got)
		}
	}
}

func FuzzPing(f *testing.F) {
	for _, s := range []string{"100,20%", "3000.0,80%", "200ms,40%", "5s:12.5", "-1", "abc", "300%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := nagios.ParsePing(s)
		if err != nil {
			wantError(t, s, err)
			return
		}
		if got.RTA < 0 || !(got.Loss >= 0 && got.Loss <= 100) {
			t.Errorf("%q gives %v", s, got)
		}
		if again, err := nagios.ParsePing(got.String()); err != nil || again != got {
			t.Errorf("%q is written %q, which is %v, %v", s, got, again, err)
		}
	})
}

func TestFormatWholeLoss(t *testing.T) {
	for percent, want := range map[float64]string{
		0: "0", 100: "100", 20: "20", 100.0 / 3: "33", 200.0 / 3: "66", 100 * 0.29: "29",
		99.999: "99", math.Nextafter(100, 0): "99", 0.1: "1", 1e-300: "1", 1.9: "1",
	} {
		if got := nagios.FormatWholeLoss(percent); got != want {
			t.Errorf("FormatWholeLoss(%v) = %q, want %q", percent, got, want)
		}
	}
	if got := nagios.FormatWholeLoss(math.NaN()); got != "" {
		t.Errorf("FormatWholeLoss(NaN) = %q", got)
	}
}

func TestFormatLoss(t *testing.T) {
	for percent, want := range map[float64]string{
		0: "0", 100: "100", 20: "20", 12.5: "12.5", 100.0 / 3: "33.333", 200.0 / 3: "66.667",
		99.9999: "99.999", 99.9995: "99.999", 99.9994: "99.999", 99.99: "99.99", 99.9: "99.9", 10: "10",
		0.0001: "0.001", 1e-300: "0.001", 0.0015001: "0.002", 0.1: "0.1",
		math.Nextafter(100, 0): "99.999",
	} {
		if got := nagios.FormatLoss(percent); got != want {
			t.Errorf("FormatLoss(%v) = %q, want %q", percent, got, want)
		}
	}
	if got := nagios.FormatLoss(math.NaN()); got != "" {
		t.Errorf("FormatLoss(NaN) = %q", got)
	}
	// No loss of so many probes reads as another extreme than it is.
	for sent := 1; sent <= 300; sent++ {
		for lost := range sent + 1 {
			text := nagios.FormatLoss(100 * float64(lost) / float64(sent))
			v, err := strconv.ParseFloat(text, 64)
			if err != nil || (v == 0) != (lost == 0) || (v == 100) != (lost == sent) ||
				math.Abs(v-100*float64(lost)/float64(sent)) > 0.0005001 {
				t.Fatalf("%d of %d reads %q", lost, sent, text)
			}
		}
	}
}
