package standin

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	// mostRTA is the greatest threshold that the original takes for what it is.
	mostRTA = 255 * time.Second

	// mostInterval is the greatest that the original can hold.
	mostInterval = 1<<32*time.Microsecond - 1
)

// time reads the value of -i and -I.
func (o given) time() (time.Duration, error) {
	d, err := icmpTime(o.value)
	if err != nil {
		return 0, fmt.Errorf("option -%c: %w", o.option, err)
	}
	return min(d, mostInterval), nil
}

// icmpTime reads a time such as 100, 0.25ms, 250us or 2s, to the nanosecond. The
// whole number may be octal or hexadecimal; the last letters are the unit.
func icmpTime(s string) (time.Duration, error) {
	whole, rest, ok := leadingInt(s, 0)
	fraction := 0.0
	if decimals, point := strings.CutPrefix(rest, "."); point {
		digits := decimals[:span(decimals, "0123456789")]
		ok = ok || digits != ""
		fraction, _ = strconv.ParseFloat("0."+digits, 64)
	}
	if !ok || whole < 0 {
		return 0, fmt.Errorf("%q is no time; want a number with us, ms or s, such as 200ms", s)
	}
	return ticks(float64(whole)+fraction, icmpUnit(s)), nil
}

// icmpUnit returns the unit at the end of a time, for which one letter is enough.
func icmpUnit(s string) time.Duration {
	last := s[len(s)-1]
	if before := len(s) - 2; last == 's' && before >= 0 && (s[before] < '0' || s[before] > '9') {
		last = s[before]
	}
	switch last {
	case 'u':
		return time.Microsecond
	case 's':
		return time.Second
	}
	return time.Millisecond
}

// read reads RTA,LOSS% of -w and -c. The loss may be left out, and so may the per
// cent sign; an empty value changes nothing.
func (l *icmpLimits) read(o given) error {
	if o.value == "" {
		return nil
	}
	rta, loss := o.value, ""
	if comma := strings.LastIndexByte(o.value, ','); comma >= 0 {
		rta, loss = o.value[:comma], o.value[comma+1:]
	}
	rta, _, _ = strings.Cut(rta, "%")
	d, err := icmpTime(rta)
	if err != nil {
		return fmt.Errorf("option -%c: %q is no threshold: %w", o.option, o.value, err)
	}
	l.rta = min(d, mostRTA)
	if loss == "" {
		return nil
	}
	percent, _, ok := leadingFloat(loss)
	if !ok || percent < 0 {
		return fmt.Errorf("option -%c: %q is no threshold: %q is no loss; want 0%% to 100%%", o.option, o.value, loss)
	}
	l.loss = min(percent, 100)
	return nil
}

// clamp lets no warning be above what is critical, as the original does.
func clamp(warning, critical *icmpLimits) {
	warning.rta = min(warning.rta, critical.rta)
	warning.loss = min(warning.loss, critical.loss)
	critical.jitter = max(warning.jitter, critical.jitter)
	warning.mos = max(warning.mos, critical.mos)
	warning.score = max(warning.score, critical.score)
}
