package bench

import "slices"

// Median returns the middle one of figures, or the mean of the two in the middle;
// 0 if there is none.
func Median(figures []float64) float64 {
	sorted := slices.Sorted(slices.Values(figures))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
