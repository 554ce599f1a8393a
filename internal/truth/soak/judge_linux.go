package main

import (
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/rawping/rawping/internal/echo"
)

// judge looks at what has come together, when nothing is in flight any more.
func (r *run) judge() {
	for _, p := range r.probers {
		p.mu.Lock()
		p.whole()
		p.plenty()
		for _, s := range p.slots {
			p.bury(s)
			if s.want.exact && s.steady {
				p.exact(s)
			}
		}
		p.mu.Unlock()
	}
	for _, prefix := range []netip.Prefix{r.bed.Responder.V4, r.bed.Responder.V6} {
		if t := r.bed.Seen(prefix); t.Malformed > 0 {
			r.breaches.add("malformed requests", fmt.Sprintf("%d", t.Malformed))
		}
	}
	for _, p := range r.probers {
		if p.behind > mostBehind {
			p.breach("the responder was too far behind to prove anything, the machine is too busy", "%v", p.behind)
		}
	}
	if r.log.overrun > 0 {
		r.breaches.add("the log was read too late to prove anything", fmt.Sprintf("%d times", r.log.overrun))
	}
}

// whole checks that each target's probes all have a verdict, and that the events
// are what the counters count.
func (p *prober) whole() {
	for _, s := range p.slots {
		if l := s.life; l != nil && len(l.ahead) > 0 {
			p.breach("probe without a verdict", "%v: number %d, though %d later ones have theirs", s, l.next, len(l.ahead))
		}
	}
	c := p.engine.Counters()
	p.balanced(c)
	for _, pair := range []struct {
		name              string
		counted, reported uint64
	}{
		{"replies", c.Replies, p.total[echo.Reply]},
		{"lost", c.Lost, p.total[echo.Lost]},
		{"refused", c.Refused, p.total[echo.Refused]},
		{"abandoned", c.Abandoned, p.total[echo.Abandoned]},
		{"not sent", c.NotSent, p.total[echo.NotSent]},
		{"late", c.Late, p.total[echo.Late]},
		{"late refusals", c.LateRefusals, p.total[echo.LateRefusal]},
		{"duplicates", c.Duplicates, p.total[echo.Duplicate]},
		{"corrupt", c.Corrupt, p.total[echo.Corrupt]},
		{"wrong source", c.WrongSource, p.total[echo.WrongSource]},
		{"missed", c.Missed, p.missed},
		{"out of order", c.OutOfOrder, p.ooo},
		{"suspect", c.Suspect, p.suspect},
	} {
		if pair.counted != pair.reported {
			p.breach("the counters count what no event told", "%s: %d counted, %d told", pair.name, pair.counted, pair.reported)
		}
	}
	if c.Suspect > 0 && c.Drops == 0 {
		p.breach("suspect without a drop", "%+v", c)
	}
}

// plenty checks that each fault has shown, for otherwise nothing is proven.
func (p *prober) plenty() {
	most := map[string]uint64{}
	for _, s := range p.slots {
		if s.want.must != 0 {
			most[s.group] = max(most[s.group], s.count[s.want.must])
		}
	}
	for _, s := range p.slots {
		if n, ok := most[s.group]; ok && n == 0 {
			p.breach("a fault that never showed", "%s: nothing was %v", s.group, s.want.must)
			delete(most, s.group)
		}
	}
}

// exact checks a host that loses exactly n of m.
func (p *prober) exact(s *slot) {
	t := p.run.bed.Seen(netip.PrefixFrom(s.addr, s.addr.BitLen()))
	if f := s.fault; f.Of > 0 {
		if lost := t.Requests/f.Of*f.Lose + min(t.Requests%f.Of, f.Lose); lost != t.Lost {
			p.breach("the responder did not lose what it should", "%v: %d of %d, not %d", s, t.Lost, t.Requests, lost)
		}
	}
	replies, lost := uint64(t.Requests-t.Lost), uint64(t.Lost) //nolint:gosec // G115: not negative
	if s.count[echo.Reply] > replies || s.count[echo.Lost] > lost+s.excused ||
		s.excused == 0 && (s.count[echo.Reply] != replies || s.count[echo.Lost] != lost) {
		p.breach("not the loss that there was", "%v: %d replies and %d lost, %d of them excused; the responder answered %d and lost %d",
			s, s.count[echo.Reply], s.count[echo.Lost], s.excused, replies, lost)
	}
}

// final looks once more after the engine has ended.
func (p *prober) final() {
	c := p.engine.Counters()
	p.balanced(c)
	if c.InFlight != 0 {
		p.breach("in flight after the end", "%+v", c)
	}
}

// usage is what the process needs.
type usage struct {
	goroutines, files, sockets int
	heap                       uint64 // in use, after a collection
}

func measure() usage {
	runtime.GC()
	runtime.GC() // what finalizers held
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u := usage{goroutines: runtime.NumGoroutine(), heap: m.HeapAlloc}
	open, _ := os.ReadDir("/proc/self/fd") // none: the comparison fails
	for _, f := range open {
		to, err := os.Readlink("/proc/self/fd/" + f.Name())
		if err != nil {
			continue // the directory's own, closed by now
		}
		u.files++
		if strings.HasPrefix(to, "socket:") {
			u.sockets++
		}
	}
	return u
}

func (u usage) String() string {
	return fmt.Sprintf("heap %.1f MiB, %d goroutines, %d files, %d sockets", float64(u.heap)/(1<<20), u.goroutines, u.files, u.sockets)
}

// settle measures until what ends by itself has ended, or two seconds are over.
func settle(before usage) usage {
	u := measure()
	for range 20 {
		if u.goroutines <= before.goroutines && u.files <= before.files {
			break
		}
		time.Sleep(100 * ms)
		u = measure()
	}
	return u
}

// compare judges what the run needed.
func (r *run) compare(before, warm, drained, after usage) {
	fmt.Printf("\nbefore:    %v\nwarmed up: %v\ndrained:   %v\nafter:     %v\n", before, warm, drained, after)
	if after.goroutines > before.goroutines || after.files > before.files || after.sockets > before.sockets {
		r.breaches.add("something is left", fmt.Sprintf("%v; before %v", after, before))
	}
	// The bed's log and the engines' tables reach their size in the warm-up.
	if bound := warm.heap + warm.heap/4 + 4<<20; warm.heap > 0 && drained.heap > bound {
		r.breaches.add("the heap grows", fmt.Sprintf("%d bytes, %d after the warm-up", drained.heap, warm.heap))
	}
}
