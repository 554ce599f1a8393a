package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rawping/rawping/internal/bench"
)

// command is a program and its arguments.
type command []string

func (c command) String() string { return strings.Join(c, " ") }

// with returns the command with more arguments.
func (c command) with(args ...string) command { return append(slices.Clone(c), args...) }

// output runs a command to its end and returns what it wrote to standard output.
func (c command) output() ([]byte, error) {
	cmd := exec.Command(c[0], c[1:]...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		const most = 2000
		said := stderr.String()
		return nil, fmt.Errorf("%v: %w\n%s", c, err, said[max(0, len(said)-most):])
	}
	return output, nil
}

// said returns what a command writes to standard output and error, whatever its
// exit code: fping fails when a host is lost, and a check that tells its version.
func (c command) said() string {
	output, _ := exec.Command(c[0], c[1:]...).CombinedOutput()
	return string(output)
}

// measure runs a command and returns figures of it.
type measure func(command) (bench.Figures, error)

// process measures the whole process and its children, with its output to
// /dev/null: cpu_s and wall_s, in seconds.
func process(c command) (bench.Figures, error) {
	cmd := exec.Command(c[0], c[1:]...)
	begun := time.Now()
	err := cmd.Run()
	wall := time.Since(begun)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", c, err)
	}
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return bench.Figures{"cpu_s": cpu.Seconds(), "wall_s": wall.Seconds()}, nil
}

// printed returns the figures that one of the benchmark's programs prints.
func printed(c command) (bench.Figures, error) {
	output, err := c.output()
	if err != nil {
		return nil, err
	}
	fmt.Fprint(os.Stderr, ".")
	var f bench.Figures
	if err := json.Unmarshal(output, &f); err != nil {
		return nil, fmt.Errorf("%v: %w", c, err)
	}
	return f, nil
}

// resident returns the most memory that a process had resident, in bytes. It asks
// time(1): a child of this process begins with the figure of this one.
func (s *session) resident(c command) (bench.Figures, error) {
	file := filepath.Join(s.temp, "resident")
	if _, err := (command{"time", "-f", "%M", "-o", file}).with(c...).output(); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	kB, err := strconv.ParseFloat(strings.TrimSpace(string(text)), 64)
	return bench.Figures{"resident": kB * 1024}, err
}

// inTurn measures commands one after the other, once to warm up and then so many
// times, so that what disturbs the machine meets all of them alike. It returns the
// medians of the figures of each.
func inTurn(times int, how measure, commands ...command) ([]bench.Figures, error) {
	all := make([]map[string][]float64, len(commands))
	for n := range times + 1 {
		for i, c := range commands {
			f, err := how(c)
			if err != nil {
				return nil, err
			}
			if n == 0 {
				all[i] = map[string][]float64{}
				continue
			}
			for name, v := range f {
				all[i][name] = append(all[i][name], v)
			}
		}
	}
	medians := make([]bench.Figures, len(commands))
	for i := range commands {
		medians[i] = bench.Figures{}
		for name, figures := range all[i] {
			medians[i][name] = bench.Median(figures)
		}
	}
	return medians, nil
}
