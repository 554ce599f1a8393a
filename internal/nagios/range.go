package nagios

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Range is a threshold as the guidelines define it ("Threshold and Ranges"):
//
//	10        alerts outside 0 to 10
//	10:       alerts below 10
//	~:10      alerts above 10
//	10:20     alerts outside 10 to 20
//	@10:20    alerts inside 10 to 20
//
// Both ends belong to it: 10 does not alert at 10, unlike the thresholds of
// check_icmp and check_ping, which alert as soon as they are reached.
type Range struct {
	Start, End float64 // Start <= End; -Inf and +Inf for no bound
	Inside     bool    // alerts inside, not outside
}

// ParseRange reads a range. A bound has no unit.
func ParseRange(s string) (Range, error) {
	return parseRange(s, "10, 10:, ~:10, 10:20 or @10:20", number)
}

// ParseTimeRange reads a range of times, such as 10ms:0.2s. A bound without us,
// ms or s behind it is in unit. Start and End are nanoseconds.
func ParseTimeRange(s string, unit time.Duration) (Range, error) {
	return parseRange(s, "200ms, 10:, ~:0.5s, 10:20 or @10ms:20ms", func(bound string) (float64, bool) {
		d, err := parseDuration(bound, unit)
		return float64(d), err == nil
	})
}

// In returns the range with its bounds in a unit of which one is so many of those
// that it was read in.
func (r Range) In(unit float64) Range {
	return Range{Start: r.Start / unit, End: r.End / unit, Inside: r.Inside}
}

func parseRange(s, examples string, number func(string) (float64, bool)) (Range, error) {
	body, inside := strings.CutPrefix(s, "@")
	start, end, isPair := strings.Cut(body, ":")
	r := Range{Start: 0, End: math.Inf(1), Inside: inside}
	if !isPair {
		start, end = "", body
	}
	bad := body == "" || body == ":"
	switch start {
	case "":
	case "~":
		r.Start = math.Inf(-1)
	default:
		var ok bool
		r.Start, ok = number(start)
		bad = bad || !ok
	}
	if end != "" {
		var ok bool
		r.End, ok = number(end)
		bad = bad || !ok
	}
	if bad {
		return Range{}, fmt.Errorf("%s is not a range: want [@]START:END, such as %s", quote(s), examples)
	}
	if r.Start > r.End {
		return Range{}, fmt.Errorf("%s is not a range: its start is above its end; want [@]START:END, such as 10:20", quote(s))
	}
	return r, nil
}

// AlertsWithin says whether a value that lies somewhere from least to most is
// never a reason to alert, or always; otherwise it may be.
func (r Range) AlertsWithin(least, most float64) (never, always bool) {
	all := r.Start <= least && most <= r.End
	none := most < r.Start || least > r.End
	if r.Inside {
		all, none = none, all
	}
	return all, none
}

// Alerts says whether v is a reason to alert. NaN lies inside no range.
func (r Range) Alerts(v float64) bool {
	return (r.Start <= v && v <= r.End) == r.Inside
}

// String returns the range in its shortest form.
func (r Range) String() string {
	var b strings.Builder
	if r.Inside {
		b.WriteByte('@')
	}
	switch {
	case math.IsInf(r.Start, -1):
		b.WriteString("~:")
	case r.Start != 0 || math.IsInf(r.End, 1):
		b.WriteString(plain(r.Start))
		b.WriteByte(':')
	}
	if !math.IsInf(r.End, 1) {
		b.WriteString(plain(r.End))
	}
	return b.String()
}

// plain writes a number without an exponent, which perfdata does not know.
func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
