package echo

import (
	"testing"
	"time"
)

func BenchmarkSchedule(b *testing.B) {
	for name, many := range map[string]int{"1000": 1000, "100000": 100_000} {
		b.Run(name, func(b *testing.B) {
			var s schedule
			for i := range many {
				s.push(turn{due: Instant(i), ticket: uint32(i)})
			}
			for i := 0; b.Loop(); i++ {
				t, _ := s.next()
				s.pop()
				s.push(turn{due: t.due + Instant(many), ticket: uint32(i)})
			}
		})
	}
}

func BenchmarkTable(b *testing.B) {
	table := newTable()
	now := Instant(1)
	for b.Loop() {
		i := table.enter()
		table.fly(i, now, now, time.Second)
		table.judge(i, answered, now)
		now += 100_000
		table.forget(now)
	}
}

func BenchmarkToken(b *testing.B) {
	g := newSigner()
	s := newSubject(1, Target{})
	for b.Loop() {
		g.valid(g.token(1, 2, s), s)
	}
}
