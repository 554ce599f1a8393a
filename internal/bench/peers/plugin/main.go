// Plugin runs inputs.rawping as a Telegraf agent does, and prints what each target
// takes of memory, and what a Gather costs beside Telegraf's accumulator alone. It
// is a part of the benchmark.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/rawping/rawping/internal/bench"
	"github.com/rawping/rawping/internal/bench/peers/rows"
	_ "github.com/rawping/rawping/plugins/inputs/rawping"
)

func main() {
	targets := flag.Int("targets", 100_000, "how many addresses")
	interval := flag.Duration("interval", 10*time.Second, "from one probe of a target to the next, and from one Gather to the next")
	gathers := flag.Int("gathers", 6, "how many times to gather")
	flag.Parse()
	runtime.MemProfileRate = 32 << 10 // bytes for each sample: some 3,000 in 100 MB
	if err := run(*targets, *interval, *gathers); err != nil {
		fmt.Fprintln(os.Stderr, "plugin:", err)
		os.Exit(1)
	}
}

// run probes all the time, and at each interval gathers and then gives the
// accumulator as many rows of the same kind.
func run(targets int, interval time.Duration, gathers int) error {
	c, err := rows.Load("", fmt.Sprintf("[[inputs.rawping]]\n  ping_interval = %q", interval), targets)
	if err != nil {
		return err
	}
	input := c.Inputs[0]
	if err := input.Init(); err != nil {
		return err
	}
	taken, again := newSink(input), newSink(input)
	if err := input.Start(taken.acc); err != nil {
		return err
	}
	var gather, alone float64 // in all: the garbage collector takes its turn in any of them
	for n := range gathers {
		time.Sleep(interval)
		all, err := cpuOf(func() error { return input.Gather(taken.acc) })
		if err != nil {
			return err
		}
		least, err := cpuOf(func() error { return replay(again.acc, taken.rows(), targets) })
		if err != nil {
			return err
		}
		if n > 0 { // the first has waited for all targets
			gather, alone = gather+all, alone+least
		}
	}
	figures := bench.Figures{
		"gather_s": gather / float64(gathers-1),
		"alone_s":  alone / float64(gathers-1),
		"state":    state() / float64(targets),
	}
	input.Stop()
	taken.close()
	again.close()
	taken.tally.Figures(figures)
	if figures["resident"], err = bench.Resident(); err != nil {
		return err
	}
	return figures.Print()
}

// cpuOf returns the seconds of processor time that the process uses while f runs.
func cpuOf(f func() error) (float64, error) {
	before, err := bench.CPU()
	if err != nil {
		return 0, err
	}
	if err := f(); err != nil {
		return 0, err
	}
	after, err := bench.CPU()
	return (after - before).Seconds(), err
}
