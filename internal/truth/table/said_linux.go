package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// said is what a tool said of a host.
type said struct {
	text    string
	exit    int
	figure  bool // it told how many were lost
	lost    int  // of probes
	nothing bool // it told that nothing was sent
	timed   bool // it told RTTs
	min     time.Duration
	max     time.Duration
	remarks []string
}

// read finds out what a tool said.
func (t *tool) read(text string, exit int) said {
	s := said{text: text, exit: exit}
	if m := t.figures.FindStringSubmatch(text); m != nil {
		s.figure = true
		if t.lost {
			percent, _ := strconv.ParseFloat(m[1], 64)
			s.lost = int(math.Round(percent * probes / 100))
		} else {
			sent, _ := strconv.Atoi(m[1])
			received, _ := strconv.Atoi(m[2])
			s.lost = sent - received
			s.nothing = sent == 0
		}
	}
	s.nothing = s.nothing || strings.Contains(text, "nothing sent")
	if m := t.rtts.FindStringSubmatch(text); m != nil {
		a, b := milliseconds(m[1]), milliseconds(m[2])
		s.timed, s.min, s.max = b > 0 || a > 0, min(a, b), max(a, b)
	}
	for _, r := range t.remarks {
		if m := r.FindStringSubmatch(text); m != nil {
			remark := strings.TrimSpace(m[1])
			if remark == "[<-" {
				remark = "[<- the other address]"
			}
			remark = strings.TrimSuffix(remark, " repl")
			if !slices.Contains(s.remarks, remark) {
				s.remarks = append(s.remarks, remark)
			}
		}
	}
	return s
}

func milliseconds(text string) time.Duration {
	f, _ := strconv.ParseFloat(text, 64)
	return time.Duration(f * float64(time.Millisecond))
}

// cell is what was said in a few words, with RTTs only if they matter, and then
// so coarse that they are the same in the next run.
func (s said) cell(right, rtts bool) string {
	var b strings.Builder
	if right {
		b.WriteString("right")
	} else {
		b.WriteString("**wrong**")
	}
	fmt.Fprintf(&b, ": exit %d, ", s.exit)
	switch {
	case s.nothing:
		b.WriteString("nothing sent")
	case s.figure:
		fmt.Fprintf(&b, "%d lost", s.lost)
	default:
		b.WriteString("no figures")
	}
	if rtts && s.timed {
		fmt.Fprintf(&b, ", RTT from %s", coarse(s.min))
		if s.max >= s.min+time.Second {
			fmt.Fprintf(&b, " to %s", coarse(s.max))
		}
	}
	for _, r := range s.remarks {
		fmt.Fprintf(&b, ", “%s”", r)
	}
	return b.String()
}

// coarse rounds an RTT down, for a delay only grows.
func coarse(d time.Duration) string {
	if d >= time.Second {
		return fmt.Sprintf("%.1f s", d.Truncate(500*time.Millisecond).Seconds())
	}
	return fmt.Sprintf("%d ms", d.Truncate(10*time.Millisecond).Milliseconds())
}
