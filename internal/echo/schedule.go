package echo

import "slices"

// turn is a target's place in the schedule.
type turn struct {
	due    Instant
	target int32
	ticket uint32 // counts up: equal due times keep their order, and a stale turn is told by it
}

// before reports whether a comes before b.
func (a turn) before(b turn) bool {
	if a.due != b.due {
		return a.due < b.due
	}
	return int32(a.ticket-b.ticket) < 0
}

// schedule says whose turn is next: a heap with four children a node, which is
// flatter, and so touches less memory, than one with two. A turn that is no
// longer wanted stays in it until it is due; its ticket is then out of date.
type schedule struct {
	turns []turn
}

// reserve makes room for n turns.
func (s *schedule) reserve(n int) {
	if n > cap(s.turns) {
		s.turns = append(make([]turn, 0, n), s.turns...)
	}
}

// rearrange has change give turns other due times, and drops those of which it
// says false.
func (s *schedule) rearrange(change func(*turn) (keep bool)) {
	kept := s.turns[:0]
	for _, t := range s.turns {
		if change(&t) {
			kept = append(kept, t)
		}
	}
	slices.SortFunc(kept, func(a, b turn) int { // what is sorted is a heap too
		if a.before(b) {
			return -1
		}
		return 1
	})
	s.turns = kept
}

// next returns the earliest turn.
func (s *schedule) next() (turn, bool) {
	if len(s.turns) == 0 {
		return turn{}, false
	}
	return s.turns[0], true
}

// push adds a turn.
func (s *schedule) push(t turn) {
	s.turns = append(s.turns, t)
	i := len(s.turns) - 1
	for i > 0 {
		parent := (i - 1) / 4
		if !t.before(s.turns[parent]) {
			break
		}
		s.turns[i] = s.turns[parent]
		i = parent
	}
	s.turns[i] = t
}

// pop removes the earliest turn. There must be one.
func (s *schedule) pop() {
	last := len(s.turns) - 1
	t := s.turns[last]
	s.turns = s.turns[:last]
	if last > 0 {
		s.sink(t)
	}
}

// sink places t, which replaces the first turn.
func (s *schedule) sink(t turn) {
	i, n := 0, len(s.turns)
	for {
		first := 4*i + 1
		if first >= n {
			break
		}
		least := first
		for c := first + 1; c < first+4 && c < n; c++ {
			if s.turns[c].before(s.turns[least]) {
				least = c
			}
		}
		if !s.turns[least].before(t) {
			break
		}
		s.turns[i] = s.turns[least]
		i = least
	}
	s.turns[i] = t
}
