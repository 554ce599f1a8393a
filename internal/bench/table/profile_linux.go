package main

import (
	"bufio"
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// profiled is where the processor time of one kind of work went.
type profiled struct {
	work      string
	places    []share // the kernel, and each package
	functions []share // of our own
}

// share is a part of the whole.
type share struct {
	name string
	part float64
}

// profile finds out where the rest of the time goes.
func profile(s *session) error {
	for _, w := range []struct {
		work string
		run  command
	}{
		{"the engine alone, 100,000 targets, 10 echoes each", command{s.program("engine"), "-targets", "100000", "-echoes", "10"}},
		{"Telegraf agent, 10,000 targets, one probe each per second, 40 s", command{s.program("agent"), "-targets", "10000", "-for", "40s"}},
	} {
		file := filepath.Join(s.temp, "cpu.prof")
		if _, err := printed(w.run.with("-cpuprofile", file)); err != nil {
			return err
		}
		top, err := command{"go", "tool", "pprof", "-top", "-unit=ms", "-nodecount=100000", "-nodefraction=0", file}.output()
		if err != nil {
			return err
		}
		p, err := readTop(top)
		if err != nil {
			return err
		}
		p.work = w.work
		s.profiles = append(s.profiles, p)
	}
	return nil
}

// ours is the path of this tree.
const ours = "github.com/rawping/rawping/"

// systemCalls are the functions that the profiler sees while the kernel works.
var systemCalls = []string{
	"internal/runtime/syscall.Syscall6", "internal/runtime/syscall/linux.Syscall6", "syscall.rawVforkSyscall",
	"runtime.futex", "runtime.epollwait", "runtime.usleep", "runtime.madvise", "runtime.write1", "runtime.read",
	"runtime.sysMmap", "runtime.sysMunmap", "runtime.tgkill", "runtime.osyield",
}

// readTop reads what "go tool pprof -top" prints.
func readTop(text []byte) (profiled, error) {
	places, functions := map[string]float64{}, map[string]float64{}
	total := 0.0
	lines := bufio.NewScanner(strings.NewReader(string(text)))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 6 || !strings.HasSuffix(fields[1], "%") {
			continue // the head
		}
		ms, err := strconv.ParseFloat(strings.TrimSuffix(fields[0], "ms"), 64)
		if err != nil {
			return profiled{}, fmt.Errorf("pprof says %q: %w", lines.Text(), err)
		}
		total += ms
		name := strings.TrimPrefix(fields[5], ours)
		place := placeOf(fields[5])
		if strings.HasPrefix(fields[5], ours) {
			functions[name] += ms
		}
		places[place] += ms
	}
	if total == 0 {
		return profiled{}, fmt.Errorf("pprof has no samples:\n%s", text)
	}
	return profiled{places: largest(places, total, 10), functions: largest(functions, total, 12)}, lines.Err()
}

// placeOf says to what a function's time is counted: one of our packages, another
// module's, or Go.
func placeOf(function string) string {
	if slices.Contains(systemCalls, function) {
		return "the kernel"
	}
	slash := strings.LastIndexByte(function, '/') + 1
	dot := strings.IndexByte(function[slash:], '.')
	if dot < 0 {
		return "Go's runtime" // assembly
	}
	importPath := function[:slash+dot]
	first, _, _ := strings.Cut(importPath, "/")
	switch {
	case strings.HasPrefix(importPath, ours):
		return "our " + strings.TrimPrefix(importPath, ours)
	case strings.HasPrefix(importPath, "github.com/influxdata/telegraf/"):
		return "Telegraf"
	case strings.Contains(first, "."):
		return importPath
	case first == "runtime", strings.HasPrefix(importPath, "internal/runtime/"):
		return "Go's runtime"
	}
	return "Go's library"
}

// largest returns the n largest parts of a total.
func largest(parts map[string]float64, total float64, n int) []share {
	var all []share
	for name, part := range parts {
		all = append(all, share{name, part / total})
	}
	slices.SortFunc(all, func(a, b share) int {
		return cmp.Or(cmp.Compare(b.part, a.part), cmp.Compare(a.name, b.name))
	})
	return all[:min(n, len(all))]
}

// String returns the profile as a part of the page.
func (p profiled) String() string {
	list := func(head string, shares []share) string {
		lines := [][]string{{head, "CPU"}}
		for _, s := range shares {
			lines = append(lines, []string{s.name, percent.write(s.part)})
		}
		return aligned(lines)
	}
	return fmt.Sprintf("\n### Where the CPU time goes: %s\n\n%s\n%s", p.work, list("place", p.places), list("function of ours", p.functions))
}
