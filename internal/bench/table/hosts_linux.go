package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rawping/rawping/internal/bench"
)

// hosts measures the program for the terminal beside fping, which stops above 65,535
// echoes in 10 s, and beside ping, which probes one host.
func hosts(s *session) error {
	const many, inARow = 60_000, 5000
	file := filepath.Join(s.temp, "hosts")
	var list strings.Builder
	for i := range many {
		fmt.Fprintln(&list, bench.Address(i))
	}
	if err := os.WriteFile(file, []byte(list.String()), 0o600); err != nil {
		return err
	}
	ours := command{s.program("rawping"), "-q", "-c", "1", "--rate", "0", "-f", file}
	fping := command{"fping", "-q", "-c", "1", "-i", "0", "-f", file}
	lost := map[string]float64{}
	for _, c := range []command{ours, fping} {
		n, err := unanswered(c, many)
		if err != nil {
			return err
		}
		lost[filepath.Base(c[0])] = n
	}
	medians, err := inTurn(s.rounds, process, ours, fping)
	if err != nil {
		return err
	}
	const work = "60,000 hosts, one echo each, whole process"
	us, them := medians[0], medians[1]
	s.rows = append(s.rows,
		row{work, "CPU", us["cpu_s"], "fping", them["cpu_s"], seconds, ratioAtMost(0.8)},
		row{work, "wall time", us["wall_s"], "fping", them["wall_s"], seconds, ratioAtMost(0.85)},
		row{work, "hosts lost", lost["rawping"], "fping", lost["fping"], count, atMost(0)},
	)

	echoes := strconv.Itoa(inARow)
	medians, err = inTurn(s.rounds, process,
		command{s.program("rawping"), "-q", "-i", "0", "--rate", "0", "-c", echoes, "127.0.0.1"},
		command{"ping", "-q", "-f", "-c", echoes, "127.0.0.1"})
	if err != nil {
		return err
	}
	us, them = medians[0], medians[1]
	s.rows = append(s.rows, row{
		"one host, each probe when the last reply is there", "CPU per echo",
		us["cpu_s"] / inARow, "ping -f", them["cpu_s"] / inARow, microseconds,
		bar{},
	})
	return nil
}

// unanswered returns how many of the hosts did not answer according to a program
// that prints a line of fping's form for each.
func unanswered(c command, hosts int) (float64, error) {
	answered := strings.Count(c.said(), " : xmt/rcv/%loss = 1/1/0%")
	if answered == 0 {
		return 0, fmt.Errorf("%v: no host has answered", c)
	}
	return float64(hosts - answered), nil
}
