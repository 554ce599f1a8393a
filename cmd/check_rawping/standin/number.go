package standin

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// The originals read numbers with strtol, atoi and strtod: as far as there is one,
// whatever follows. So do these, and say whether there was one at all.

// leadingInt returns the number that s begins with, as strtol(3) reads it, and what
// follows. With base 0, 0x stands for hexadecimal and 0 for octal. What does not
// fit is the greatest that does.
func leadingInt(s string, base int) (n int64, rest string, ok bool) {
	s = strings.TrimLeft(s, spaces)
	for end := span(s, "+-xX0123456789abcdefABCDEF"); end > 0; end-- {
		n, err := strconv.ParseInt(s[:end], base, 64)
		if err == nil || errors.Is(err, strconv.ErrRange) {
			return n, s[end:], true
		}
	}
	return 0, s, false
}

// leadingFloat returns the decimal number that s begins with, as strtod(3) reads
// it, and what follows.
func leadingFloat(s string) (x float64, rest string, ok bool) {
	s = strings.TrimLeft(s, spaces)
	for end := span(s, "+-.0123456789eE"); end > 0; end-- {
		x, err := strconv.ParseFloat(s[:end], 64)
		if err == nil || errors.Is(err, strconv.ErrRange) {
			return x, s[end:], true
		}
	}
	return 0, s, false
}

// spaces are what isspace(3) takes for one.
const spaces = " \t\n\v\f\r"

// span returns how many bytes s begins with that are among those of a set.
func span(s, set string) int { return len(s) - len(strings.TrimLeft(s, set)) }

// isInteger reports whether a value is nothing but a number that fits an int of
// C's, as is_integer of the Monitoring Plugins does: an empty one is 0.
func isInteger(s string) (n int64, ok bool) {
	if strings.Trim(s, "-0123456789 ") != "" {
		return 0, false
	}
	n, _, _ = leadingInt(s, 10)
	return n, n >= math.MinInt32 && n <= math.MaxInt32
}

// ticks returns x units of time to the nanosecond, from 0 to longest.
func ticks(x float64, unit time.Duration) time.Duration {
	switch {
	case x >= float64(longest)/float64(unit):
		return longest
	case x > 0:
		return time.Duration(math.Round(x * float64(unit)))
	}
	return 0
}

// longest is more time than any check takes, and less than the engine can count.
const longest = 1000 * time.Hour
