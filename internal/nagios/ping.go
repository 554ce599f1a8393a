package nagios

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// PingThreshold is a threshold of check_icmp, check_ping and check_fping: for
// the mean RTT, which they call RTA, and for the loss.
type PingThreshold struct {
	RTA  time.Duration
	Loss float64 // per cent, 0 to 100
}

// ParsePing reads RTA[us|ms|s],LOSS[%], such as 200ms,40% or 3000.0,80%. RTA
// without a unit is in milliseconds. A colon may stand for the comma, as
// check_ping allows. Neither part may be left out: check_icmp then takes a
// default that is not to be seen.
func ParsePing(s string) (PingThreshold, error) {
	t, err := parsePing(s)
	if err != nil {
		return PingThreshold{}, fmt.Errorf("%s is not a threshold: %w; want RTA[us|ms|s],LOSS%%, such as 200ms,40%%", quote(s), err)
	}
	return t, nil
}

func parsePing(s string) (t PingThreshold, err error) {
	at := strings.IndexAny(s, ",:")
	if at < 0 {
		if strings.HasSuffix(s, "%") {
			return t, errors.New("the RTA is missing")
		}
		return t, errors.New("the loss is missing")
	}
	rta, loss := s[:at], s[at+1:]
	switch {
	case rta == "":
		return t, errors.New("the RTA is missing")
	case strings.TrimSuffix(loss, "%") == "":
		return t, errors.New("the loss is missing")
	case strings.HasSuffix(rta, "%"):
		return t, errors.New("the RTA comes first")
	}
	if t.RTA, err = parseDuration(rta, time.Millisecond); err != nil {
		return t, fmt.Errorf("the RTA %s is no time: %w", quote(rta), err)
	}
	var ok bool
	if t.Loss, ok = number(strings.TrimSuffix(loss, "%")); !ok {
		return t, fmt.Errorf("the loss %s is not a number", quote(loss))
	}
	if t.Loss < 0 || t.Loss > 100 {
		return t, fmt.Errorf("the loss %s is not within 0%% to 100%%", quote(loss))
	}
	return t, nil
}

// String returns the threshold in the form that ParsePing reads.
func (t PingThreshold) String() string {
	return FormatDuration(t.RTA, time.Millisecond, -1) + "ms," + plain(t.Loss) + "%"
}

// FormatLoss returns a loss, 0 to 100 per cent, with at most three decimals and
// without a sign for the unit: 0, 12.5, 33.333, 100. A loss that is not total
// never reads 100, and one that is not none never reads 0. NaN gives "", which
// is no data for a Metric.
func FormatLoss(percent float64) string {
	if math.IsNaN(percent) {
		return ""
	}
	text := strconv.FormatFloat(percent, 'f', 3, 64)
	text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	switch {
	case percent > 0 && text == "0":
		return "0.001"
	case percent < 100 && text == "100":
		return "99.999"
	}
	return text
}

// FormatWholeLoss returns a loss cut to whole per cents, as the plugins and fping
// have it in texts, which are taken apart by patterns that know digits only. A
// loss that is not none never reads 0. NaN gives "".
func FormatWholeLoss(percent float64) string {
	text := FormatLoss(percent)
	whole, _, _ := strings.Cut(text, ".")
	if whole == "0" && text != "0" {
		return "1"
	}
	return whole
}
