// Agent runs a real Telegraf agent for a time, with inputs.rawping or with
// inputs.ping and its native method, and prints what that used. Its output only
// counts. It is a part of the benchmark.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/agent"
	_ "github.com/influxdata/telegraf/plugins/inputs/ping"
	"github.com/influxdata/telegraf/plugins/outputs"

	"github.com/rawping/rawping/internal/bench"
	"github.com/rawping/rawping/internal/bench/peers/rows"
	_ "github.com/rawping/rawping/plugins/inputs/rawping"
)

// inputs are the agent's settings and the input's, so that each target is probed
// once a second: inputs.ping probes when it is asked, inputs.rawping by itself.
var inputs = map[string]struct{ agent, block string }{
	"rawping": {`  interval = "10s"`, "[[outputs.tally]]\n[[inputs.rawping]]\n" + `  ping_interval = "1s"`},
	"ping":    {`  interval = "1s"`, "[[outputs.tally]]\n[[inputs.ping]]\n" + `  method = "native"` + "\n  count = 1"},
}

func main() {
	input := flag.String("input", "rawping", "rawping or ping")
	targets := flag.Int("targets", 10_000, "how many addresses")
	length := flag.Duration("for", time.Minute, "how long the agent runs")
	file := flag.String("cpuprofile", "", "`file` for a CPU profile")
	flag.Parse()
	err := bench.Profiled(*file, func() error { return run(*input, *targets, *length) })
	if err != nil {
		fmt.Fprintln(os.Stderr, "agent:", err)
		os.Exit(1)
	}
}

func run(input string, targets int, length time.Duration) error {
	settings, known := inputs[input]
	if !known {
		return fmt.Errorf("input %q: rawping and ping are known", input)
	}
	var tally rows.Tally
	outputs.Add("tally", func() telegraf.Output { return &tally })
	c, err := rows.Load(settings.agent, settings.block, targets)
	if err != nil {
		return err
	}
	before, err := bench.Replies()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), length)
	defer cancel()
	begun, err := bench.NewMark()
	if err != nil {
		return err
	}
	if err := agent.NewAgent(c).Run(ctx); err != nil {
		return err
	}
	figures := bench.Figures{}
	if err := figures.Since(begun); err != nil {
		return err
	}
	after, err := bench.Replies()
	if err != nil {
		return err
	}
	figures["echoes"] = float64(after - before)
	tally.Figures(figures)
	if figures["resident"], err = bench.Resident(); err != nil {
		return err
	}
	return figures.Print()
}
