package check

// Tally counts by key, in the order in which the keys were met first. There
// are few.
type Tally[K comparable] []Counted[K]

// Counted says how often a key was met.
type Counted[K comparable] struct {
	Key K
	N   uint64
}

func (t *Tally[K]) add(key K) {
	for i := range *t {
		if (*t)[i].Key == key {
			(*t)[i].N++
			return
		}
	}
	*t = append(*t, Counted[K]{key, 1})
}

// Most returns what was counted most often. It wants one at least.
func (t Tally[K]) Most() K {
	best := t[0]
	for _, c := range t[1:] {
		if c.N > best.N {
			best = c
		}
	}
	return best.Key
}
