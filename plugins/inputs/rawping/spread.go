package rawping

import (
	"math"
	"sync/atomic"
	"time"
)

// spread hands out parts of a time so that they lie evenly over it however many
// there are: the golden ratio's multiples do, as long as none is left out. What
// is spread by itself has one of its own.
type spread struct{ parts atomic.Uint64 }

func (s *spread) next(over time.Duration) time.Duration {
	_, part := math.Modf(float64(s.parts.Add(1)-1) / math.Phi)
	return time.Duration(part * float64(over))
}
