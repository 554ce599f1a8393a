package nagios

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// decimal says whether s is a plain decimal number, such as 20, 0.25, .5 or 3000.
// It has no sign, no exponent and nothing that only programs write.
func decimal(s string) bool {
	whole, fraction, _ := strings.Cut(s, ".")
	return whole+fraction != "" && digits(whole) && digits(fraction)
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// ParseNumber reads a decimal number such as 4, 3.5 or -1. It takes no exponent
// and no other base.
func ParseNumber(s string) (float64, error) {
	v, ok := number(s)
	if !ok {
		return 0, fmt.Errorf("%s is not a number: want digits, such as 4 or 3.5", quote(s))
	}
	return v, nil
}

// number reads a decimal number with or without a minus.
func number(s string) (float64, bool) {
	unsigned := strings.TrimPrefix(s, "-")
	if !decimal(unsigned) {
		return 0, false
	}
	v, err := strconv.ParseFloat(unsigned, 64)
	if err != nil || math.IsInf(v, 0) {
		return 0, false
	}
	if v != 0 && len(unsigned) < len(s) { // a 0 has no sign
		v = -v
	}
	return v, true
}

// maxQuoted is how many bytes of a user's value an error shows.
const maxQuoted = 40

// quote shows a user's value in an error: on one line, and not all of a long one.
func quote(s string) string {
	if len(s) > maxQuoted {
		s = s[:maxQuoted] + "..."
	}
	return strconv.Quote(s)
}
