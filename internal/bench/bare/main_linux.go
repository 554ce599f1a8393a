// Bare is the machine's limit: it sends echo requests to loopback addresses and
// receives the replies and the transmit stamps in batches, by the same system calls
// and over the same kind of socket as the engine, and keeps no books. It prints what
// that used. It is a part of the benchmark.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/rawping/rawping/internal/bench"
	"github.com/rawping/rawping/internal/icmpsock"
)

func main() {
	targets := flag.Int("targets", 1000, "how many addresses")
	echoes := flag.Int("echoes", 100, "echoes to each")
	flag.Parse()
	if err := run(*targets, *echoes); err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}

// run opens the socket as the engine does, so that all its options are the same.
func run(targets, echoes int) error {
	network, err := icmpsock.System(icmpsock.Config{Policy: icmpsock.RawOnly})
	if err != nil {
		return err
	}
	c, err := network.Open(icmpsock.Class{Family: 4})
	if err != nil {
		return errors.Join(err, network.Close())
	}
	err = measure(c.Facts(), targets, echoes)
	return errors.Join(err, network.Close())
}

func measure(facts icmpsock.Facts, targets, echoes int) error {
	if !facts.SendStamps || !facts.RecvStamps {
		return errors.New("this kernel does not stamp packets in both directions: there is nothing to compare with")
	}
	fd, err := socket()
	if err != nil {
		return err
	}
	l := newLoop(fd, facts.ID, !facts.StampQuotes)
	mark, err := bench.NewMark()
	if err != nil {
		return err
	}
	for range echoes {
		for i := 0; i < targets; i += batch {
			if err := l.exchange(i, min(batch, targets-i)); err != nil {
				return err
			}
		}
	}
	figures := bench.Figures{"echoes": float64(targets * echoes)}
	if err := figures.Since(mark); err != nil {
		return err
	}
	return figures.Print()
}
