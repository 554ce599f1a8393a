package echo

import (
	"strconv"
	"testing"
	"time"
)

func BenchmarkSchedule(b *testing.B) {
	for _, many := range []int{1000, 100_000} {
		b.Run(strconv.Itoa(many), func(b *testing.B) {
			b.ReportAllocs()
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
	b.ReportAllocs()
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
	b.ReportAllocs()
	g := newSigner()
	s := newSubject(1, Target{})
	for b.Loop() {
		g.valid(g.token(1, 2, s), s)
	}
}
