package echo

import "time"

// bucket is a token bucket: it holds the sending of the whole engine to a rate.
type bucket struct {
	rate   float64 // packets per second; 0: no limit
	depth  float64 // tokens it can hold
	tokens float64
	at     Instant // when tokens was right
}

// newBucket returns a full bucket. It holds what 50 ms need, and 64 at least,
// so that a late timer costs no rate and a batch can be sent at once.
func newBucket(rate float64, now Instant) bucket {
	depth := max(64, rate*0.05)
	return bucket{rate: rate, depth: depth, tokens: depth, at: now}
}

// take takes a token if there is one.
func (b *bucket) take(now Instant) bool {
	if b.rate == 0 {
		return true
	}
	b.fill(now)
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// putBack returns a token that was not used after all.
func (b *bucket) putBack() { b.tokens = min(b.depth, b.tokens+1) }

// next returns when there is a token.
func (b *bucket) next(now Instant) Instant {
	if b.rate == 0 {
		return now
	}
	b.fill(now)
	if b.tokens >= 1 {
		return now
	}
	wait := min((1-b.tokens)/b.rate*float64(time.Second), float64(Longest)) // an Instant has an end
	return now + Instant(wait) + 1                                          // rounded up: waking too early would find no token
}

func (b *bucket) fill(now Instant) {
	if now > b.at {
		b.tokens = min(b.depth, b.tokens+now.Sub(b.at).Seconds()*b.rate)
		b.at = now
	}
}
