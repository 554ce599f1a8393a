// Engine runs the engine alone on loopback addresses and prints what it used. It is
// a part of the benchmark.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/rawping/rawping/internal/bench"
	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
)

func main() {
	targets := flag.Int("targets", 1000, "how many addresses")
	echoes := flag.Int("echoes", 100, "echoes to each")
	interval := flag.Duration("interval", 0, "from one echo to a target to the next, the targets spread over it; 0: the next goes when the verdict is there")
	coalesce := flag.Duration("coalesce", 0, "how long work may be put off so that more is done at once")
	warm := flag.Duration("warm", 0, "measure only from so long after the first verdict on")
	noKeys := flag.Bool("nokeys", false, "match departure stamps as on kernels before 6.13")
	file := flag.String("cpuprofile", "", "`file` for a CPU profile")
	flag.Parse()
	t := echo.Target{Count: *echoes, Interval: *interval, Timeout: 5 * time.Second, Size: 56}
	if t.Interval > 0 {
		t.Delay = echo.Spread
	}
	err := bench.Profiled(*file, func() error {
		return run(icmpsock.Config{NoStampKeys: *noKeys}, echo.Config{Coalesce: *coalesce}, t, *targets, *warm)
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "engine:", err)
		os.Exit(1)
	}
}

// run probes so many addresses as t says.
func run(sockets icmpsock.Config, config echo.Config, t echo.Target, targets int, warm time.Duration) error {
	network, err := icmpsock.System(sockets)
	if err != nil {
		return err
	}
	w := watch{warm: warm}
	config.Network, config.Observe = network, w.observe
	e, err := echo.New(config)
	if err != nil {
		return errors.Join(err, network.Close())
	}
	for i := range targets {
		t.Addr = bench.Address(i)
		if _, err := e.Add(t); err != nil {
			return errors.Join(err, e.Close())
		}
	}
	if err := e.Open(icmpsock.Class{Family: 4}); err != nil {
		return errors.Join(err, e.Close())
	}
	if w.mark, err = bench.NewMark(); err != nil {
		return errors.Join(err, e.Close())
	}
	if err := errors.Join(e.Run(context.Background()), w.err); err != nil {
		return err
	}
	figures := bench.Figures{"echoes": float64(w.n)}
	if err := figures.Since(w.mark); err != nil {
		return err
	}
	c := e.Counters()
	figures["missing"] = float64(t.Count*targets) - float64(c.Replies)
	figures["lateness_s"] = c.LatenessSum.Seconds() / float64(c.Sent+c.NotSent)
	figures["lateness_max_s"] = c.LatenessMax.Seconds()
	return figures.Print()
}

// watch counts replies, from when the engine has warmed up.
type watch struct {
	warm  time.Duration // 0: it is warm from the start
	first echo.Instant
	mark  bench.Mark
	n     int // replies since mark
	err   error
}

func (w *watch) observe(ev *echo.Event) {
	if ev.Kind != echo.Reply {
		return
	}
	if w.first == 0 {
		w.first = ev.At
	}
	if w.warm > 0 && ev.At.Sub(w.first) >= w.warm {
		w.warm = 0
		w.n = 0
		w.mark, w.err = bench.NewMark()
	}
	w.n++
}
