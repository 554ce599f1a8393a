package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// row is one line of the table: a figure of rawping's, perhaps that of a peer, and
// perhaps a bar.
type row struct {
	work, what string
	ours       float64
	peer       string // its name; "": there is none
	theirs     float64
	unit       unit
	bar        bar
}

// unit says how a figure is written.
type unit struct {
	write func(float64) string
	count bool // how many times something happened: a ratio would say nothing
}

// The units of the table.
var (
	seconds      = unit{write: func(v float64) string { return fmt.Sprintf("%.3f s", v) }}
	milliseconds = unit{write: func(v float64) string { return fmt.Sprintf("%.2f ms", v*1e3) }}
	microseconds = unit{write: func(v float64) string { return fmt.Sprintf("%.2f µs", v*1e6) }}
	megabytes    = unit{write: func(v float64) string { return fmt.Sprintf("%.1f MB", v/1e6) }}
	wholeBytes   = unit{write: func(v float64) string { return fmt.Sprintf("%.0f B", v) }}
	percent      = unit{write: func(v float64) string { return fmt.Sprintf("%.1f %%", v*100) }}
	small        = unit{write: func(v float64) string { return fmt.Sprintf("%.4f", v) }}
	count        = unit{write: thousands, count: true}
	duration     = unit{write: anyDuration}
)

// thousands writes a whole number.
func thousands(v float64) string {
	digits := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// anyDuration writes seconds in the unit that suits them.
func anyDuration(v float64) string {
	switch {
	case v < 1e-3:
		return microseconds.write(v)
	case v < 1:
		return milliseconds.write(v)
	}
	return seconds.write(v)
}

// bar is what a row is held to: the ratio to the peer's figure, or the figure.
type bar struct {
	most  float64
	ratio bool
	set   bool
}

func ratioAtMost(most float64) bar { return bar{most, true, true} }
func atMost(most float64) bar      { return bar{most, false, true} }

// ratio returns ours by theirs; NaN if there is none.
func (r *row) ratio() float64 {
	if r.peer == "" || r.theirs == 0 || r.unit.count {
		return math.NaN()
	}
	return r.ours / r.theirs
}

// met reports whether the row is as its bar wants it.
func (r *row) met() bool {
	switch {
	case !r.bar.set:
		return true
	case r.bar.ratio:
		return r.ratio() <= r.bar.most // false without a ratio
	}
	return r.ours <= r.bar.most
}

// cells returns the row as the table has it.
func (r *row) cells() []string {
	peer, ratio, bar, met := "", "", "", ""
	if r.peer != "" {
		peer = r.peer + " " + r.unit.write(r.theirs)
	}
	if v := r.ratio(); !math.IsNaN(v) {
		ratio = significant(v)
	}
	if r.bar.set {
		bar = "ratio " + significant(r.bar.most)
		if !r.bar.ratio {
			bar = r.unit.write(r.bar.most)
		}
		met = "yes"
		if !r.met() {
			met = "**no**"
		}
	}
	return []string{r.work, r.what, r.unit.write(r.ours), peer, ratio, bar, met}
}

// significant writes a ratio with two digits after the point, or two digits that
// say something.
func significant(v float64) string {
	if v == 0 || v >= 0.1 {
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'f', 1-int(math.Floor(math.Log10(v))), 64)
}

// table returns the rows as a table in Markdown that is also one to the eye.
func table(rows []row) string {
	lines := [][]string{{"work", "figure", "rawping", "peer", "ratio", "bar: at most", "met"}}
	last := ""
	for i := range rows {
		cells := rows[i].cells()
		if cells[0] == last {
			cells[0] = ""
		} else {
			last = cells[0]
		}
		lines = append(lines, cells)
	}
	return aligned(lines)
}

// aligned returns lines of cells as a Markdown table, of which the first is the head.
func aligned(lines [][]string) string {
	widths := make([]int, len(lines[0]))
	for _, cells := range lines {
		for i, cell := range cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for n, cells := range lines {
		for i, cell := range cells {
			fmt.Fprintf(&b, "| %s%s ", cell, strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)))
		}
		b.WriteString("|\n")
		if n == 0 {
			for _, w := range widths {
				b.WriteString("|" + strings.Repeat("-", w+2))
			}
			b.WriteString("|\n")
		}
	}
	return b.String()
}

// verdict says in a sentence whether all bars are met.
func verdict(rows []row) string {
	bars, met := 0, 0
	for i := range rows {
		if rows[i].bar.set {
			bars++
			if rows[i].met() {
				met++
			}
		}
	}
	if met == bars {
		return fmt.Sprintf("All %d bars are met.\n", bars)
	}
	return fmt.Sprintf("**%d of %d bars are missed.**\n", bars-met, bars)
}

// missed returns an error that names the rows whose bar is not met.
func missed(rows []row) error {
	var errs []error
	for i := range rows {
		if r := &rows[i]; !r.met() {
			c := r.cells()
			errs = append(errs, fmt.Errorf("missed: %s, %s: %s; at most %s", r.work, r.what, strings.TrimSpace(c[2]+" "+c[4]), c[5]))
		}
	}
	return errors.Join(errs...)
}
