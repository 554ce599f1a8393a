package nagios

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// ParseDuration reads a time such as 100, 3000.0, 0.25ms, 250us or 2s. A number
// without us, ms or s behind it is in unit, which is positive. It is read exactly, to the
// nanosecond; what is finer, negative or longer than 292 years is an error.
func ParseDuration(s string, unit time.Duration) (time.Duration, error) {
	d, err := parseDuration(s, unit)
	if err != nil {
		return 0, fmt.Errorf("%s is not a time: %w; want a number with us, ms or s, such as 200ms or 0.25ms", quote(s), err)
	}
	return d, nil
}

func parseDuration(s string, unit time.Duration) (time.Duration, error) {
	value := s
	for _, known := range []struct {
		name string
		unit time.Duration
	}{{"us", time.Microsecond}, {"ms", time.Millisecond}, {"s", time.Second}} {
		if before, ok := strings.CutSuffix(s, known.name); ok {
			value, unit = before, known.unit
			break
		}
	}
	switch {
	case value == "":
		return 0, errors.New("there is no number")
	case value[0] == '-' && decimal(value[1:]):
		return 0, errors.New("it is negative")
	case !decimal(value):
		return 0, errors.New("it is not a plain number and a unit")
	}
	whole, fraction, _ := strings.Cut(value, ".")
	return exactly(whole, strings.TrimRight(fraction, "0"), unit)
}

// exactly returns whole.fraction times unit, both strings of digits.
func exactly(whole, fraction string, unit time.Duration) (time.Duration, error) {
	tooLong, tooFine := errors.New("it is too long"), errors.New("it is finer than a nanosecond")
	var units uint64
	if whole != "" {
		var err error
		if units, err = strconv.ParseUint(whole, 10, 64); err != nil {
			return 0, tooLong
		}
	}
	high, low := bits.Mul64(units, uint64(unit)) //nolint:gosec // no unit is negative
	if high != 0 {
		return 0, tooLong
	}
	part, ok := partOf(fraction, uint64(unit)) //nolint:gosec // no unit is negative
	if !ok {
		return 0, tooFine
	}
	sum, carry := bits.Add64(low, part, 0)
	if carry != 0 || sum > math.MaxInt64 {
		return 0, tooLong
	}
	return time.Duration(sum), nil
}

// partOf returns 0.fraction times unit, if that is a whole number. fraction
// does not end in 0.
func partOf(fraction string, unit uint64) (uint64, bool) {
	if fraction == "" {
		return 0, true
	}
	if len(fraction) > maxDecimals { // no unit of time has that many factors of ten
		return 0, false
	}
	numerator, err := strconv.ParseUint(fraction, 10, 64)
	if err != nil {
		return 0, false
	}
	high, low := bits.Mul64(numerator, unit)
	part, rest := bits.Div64(high, low, pow10(len(fraction))) // part < unit, so it cannot overflow
	return part, rest == 0
}

// maxDecimals is how many decimals a uint64 can hold the digits of.
const maxDecimals = 18

func pow10(n int) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}

// FormatDuration returns d in units, a positive one, without the unit's name:
// with so many decimals (0 to 18), halves rounded away from 0; or with as many as
// it needs if decimals is -1, exactly if unit is a power of ten nanoseconds.
func FormatDuration(d, unit time.Duration, decimals int) string {
	sign, value := "", uint64(d) //nolint:gosec // negative ones follow
	if d < 0 {
		sign, value = "-", -value
	}
	places := min(decimals, maxDecimals)
	if decimals < 0 {
		places = maxDecimals
	}
	scale, per := pow10(places), uint64(unit) //nolint:gosec // no unit is negative
	whole := value / per
	high, low := bits.Mul64(value%per, scale)
	part, rest := bits.Div64(high, low, per)
	if rest >= per-rest {
		part++
	}
	if part == scale {
		whole, part = whole+1, 0
	}
	text := sign + strconv.FormatUint(whole, 10)
	if places == 0 {
		return text
	}
	text += fmt.Sprintf(".%0*d", places, part)
	if decimals < 0 {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}
