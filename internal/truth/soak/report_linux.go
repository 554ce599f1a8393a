package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"text/tabwriter"

	"github.com/rawping/rawping/internal/echo"
)

// breaches are what was said and is not true, by what is wrong with it.
type breaches struct {
	mu    sync.Mutex
	order []string
	first map[string]string
	times map[string]int
}

// add notes a breach; the first of its kind is printed at once.
func (b *breaches) add(what, detail string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.times == nil {
		b.first, b.times = map[string]string{}, map[string]int{}
	}
	if b.times[what]++; b.times[what] > 1 {
		return
	}
	b.order = append(b.order, what)
	b.first[what] = detail
	fmt.Printf("BREACH: %s: %s\n", what, detail)
}

// shown are the kinds of events that the lines and the table tell.
var shown = []echo.Kind{
	echo.Reply, echo.Lost, echo.Refused, echo.NotSent, echo.Abandoned,
	echo.Late, echo.LateRefusal, echo.Duplicate, echo.Corrupt, echo.WrongSource,
}

// line prints how it stands.
func (r *run) line() {
	var total [32]uint64
	var sent, foreign, drops, suspect, matched, tardy uint64
	for _, p := range r.probers {
		c := p.engine.Counters()
		sent, foreign, drops, suspect = sent+c.Sent, foreign+c.Foreign, drops+c.Drops, suspect+c.Suspect
		p.mu.Lock()
		matched, tardy = matched+p.matched, tardy+p.tardy
		for k, n := range p.total {
			total[k] += n
		}
		p.mu.Unlock()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d sent", sent)
	for _, k := range shown {
		fmt.Fprintf(&b, ", %d %v", total[k], k)
	}
	r.mu.Lock()
	flaps := len(r.flaps)
	r.mu.Unlock()
	r.say("%s, %d foreign, %d drops, %d suspect, %d held against the log, %d answered too late, %d flaps; %v",
		&b, foreign, drops, suspect, matched, tardy, flaps, measure())
}

// report prints the table and the breaches, and returns whether there are none.
func (r *run) report() bool {
	r.line()
	fmt.Println()
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "host")
	for _, k := range shown {
		fmt.Fprintf(w, "\t%v", k)
	}
	fmt.Fprintln(w, "\texcused")
	var groups []string
	sums := map[string]*slot{}
	for _, p := range r.probers {
		for _, s := range p.slots {
			sum := sums[s.group]
			if sum == nil {
				groups = append(groups, s.group)
				sum = &slot{}
				sums[s.group] = sum
			}
			sum.excused += s.excused
			for k, n := range s.count {
				sum.count[k] += n
			}
		}
	}
	for _, g := range groups {
		fmt.Fprint(w, g)
		for _, k := range shown {
			fmt.Fprintf(w, "\t%d", sums[g].count[k])
		}
		fmt.Fprintf(w, "\t%d\n", sums[g].excused)
	}
	_ = w.Flush()
	fmt.Println()
	for _, p := range r.probers {
		fmt.Printf("%v: %+v\n", p.kind, p.engine.Counters())
	}
	fmt.Println()
	r.breaches.mu.Lock()
	defer r.breaches.mu.Unlock()
	for _, what := range r.breaches.order {
		fmt.Printf("soak: BREACH, %d times: %s; first: %s\n", r.breaches.times[what], what, r.breaches.first[what])
	}
	if len(r.breaches.order) > 0 {
		return false
	}
	fmt.Println("soak: ok")
	return true
}
