// Table runs the programs of the benchmark, rawping's and its peers', in turn, and
// prints one table of what they used, with ratios and whether the bars are met:
//
//	table -programs DIR [-w FILE] [PART...]
//
// It needs root, and a network namespace that nobody else uses, for every raw socket
// of a namespace is work for all of its echoes. scripts/bench gives it both.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// part is some of the benchmark's work.
type part struct {
	name string
	run  func(*session) error
}

// parts is all of it, in the order of the table.
var parts = []part{
	{"hosts", hosts},
	{"engine", engine},
	{"agent", agent},
	{"plugin", plugin},
	{"check", check},
	{"accuracy", accuracy},
	{"profile", profile},
}

// session is a run of the benchmark.
type session struct {
	programs string // where they are
	rounds   int    // how many times what takes seconds is done
	temp     string
	rows     []row
	profiles []profiled
}

// program returns the path of one of our programs.
func (s *session) program(name string) string { return filepath.Join(s.programs, name) }

func main() {
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	programs := flag.String("programs", "", "`directory` with the programs")
	page := flag.String("w", "", "`file` to write the table to too, between its markers")
	rounds := flag.Int("rounds", 7, "how many times what takes seconds is done")
	version := flag.String("version", "devel", "of rawping")
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "usage: table -programs DIR [-w FILE] [%s]...\n", strings.Join(names, "|"))
		flag.PrintDefaults()
	}
	flag.Parse()
	wanted := flag.Args()
	if len(wanted) == 0 {
		wanted = names
	}
	for _, name := range wanted {
		if !slices.Contains(names, name) {
			fmt.Fprintf(os.Stderr, "bench: part %q: there are %s\n", name, strings.Join(names, ", "))
			os.Exit(2)
		}
	}
	s := &session{programs: *programs, rounds: *rounds}
	if err := s.run(wanted, *page, *version); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run does the parts, prints the table, and fails if a bar is missed.
func (s *session) run(wanted []string, page, version string) (err error) {
	if page != "" && len(wanted) < len(parts) {
		return errors.New("a page is written of all parts only")
	}
	if s.temp, err = os.MkdirTemp("", "bench"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(s.temp)) }()
	conditions, err := s.conditions(version)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if !slices.Contains(wanted, p.name) {
			continue
		}
		begun := time.Now()
		fmt.Fprintf(os.Stderr, "bench: %s ", p.name)
		if err := p.run(s); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		fmt.Fprintf(os.Stderr, "%.0f s\n", time.Since(begun).Seconds())
	}
	var text strings.Builder
	text.WriteString(conditions)
	if len(s.rows) > 0 {
		text.WriteString("\n" + table(s.rows) + "\n" + verdict(s.rows))
	}
	for _, p := range s.profiles {
		text.WriteString(p.String())
	}
	fmt.Print("\n", text.String())
	if page != "" {
		if err := replace(page, text.String()); err != nil {
			return err
		}
	}
	return missed(s.rows)
}
