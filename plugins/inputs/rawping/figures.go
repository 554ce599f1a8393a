package rawping

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// number is an element of a list of numbers: Telegraf's decoder tells integers
// from floats, and we do not.
type number float64

// UnmarshalText implements encoding.TextUnmarshaler.
func (n *number) UnmarshalText(text []byte) error {
	value, err := strconv.ParseFloat(string(text), 64)
	if err != nil || math.IsNaN(value) || math.IsInf(value, 0) {
		return fmt.Errorf("%q is not a number", text)
	}
	*n = number(value)
	return nil
}

func (n number) String() string { return strconv.FormatFloat(float64(n), 'f', -1, 64) }

// figures are those over RTTs that a user chose.
type figures struct {
	percentiles []percentile
	buckets     []bucket
}

type percentile struct {
	of    float64
	field string
}

// bucket is one of a histogram.
type bucket struct {
	most time.Duration
	le   string // that, in milliseconds
}

func newFigures(percentiles, bounds []number) (figures, error) {
	var f figures
	for _, p := range percentiles {
		if p < 0 || p > 100 {
			return f, fmt.Errorf("percentiles: %v: must be 0 to 100", p)
		}
		field := "percentile" + p.String() + "_ms"
		if !slices.ContainsFunc(f.percentiles, func(has percentile) bool { return has.field == field }) {
			f.percentiles = append(f.percentiles, percentile{float64(p), field})
		}
	}
	for i, bound := range bounds {
		switch {
		case bound <= 0:
			return f, fmt.Errorf("histogram: %v: must be more than 0 milliseconds", bound)
		case i > 0 && bound <= bounds[i-1]:
			return f, fmt.Errorf("histogram: %v follows %v: the bounds must ascend", bound, bounds[i-1])
		case float64(bound) > float64(math.MaxInt64/time.Millisecond):
			return f, fmt.Errorf("histogram: %v: is more milliseconds than there can be", bound)
		}
		f.buckets = append(f.buckets, bucket{time.Duration(float64(bound) * float64(time.Millisecond)), bound.String()})
	}
	if len(bounds) > 0 {
		f.buckets = append(f.buckets, bucket{math.MaxInt64, "+Inf"})
	}
	return f, nil
}
