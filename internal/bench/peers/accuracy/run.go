package main

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/rawping/rawping/internal/bench"
	"github.com/rawping/rawping/internal/bench/capture"
)

// run has each pinger probe all targets in turn, so many times, under load, and
// prints the figures.
func run(targets, rounds int) (err error) {
	watch, err := capture.Open("lo")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, watch.Close()) }()
	l, err := newLoad()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.end()) }()
	var addrs []netip.Addr
	for i := range targets {
		addrs = append(addrs, bench.Address(i))
	}
	scores := make([]score, len(pingers))
	for range rounds {
		for i, p := range pingers {
			if _, err := watch.Read(); err != nil {
				return err
			}
			rtts, err := p.probe(addrs)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			frames, err := watch.Read()
			if err != nil {
				return err
			}
			scores[i].add(addrs, rtts, capture.Trips(frames))
		}
	}
	figures := bench.Figures{}
	for i, p := range pingers {
		scores[i].figures(p.name, figures)
	}
	return figures.Print()
}

// score is how near a pinger came to the truth.
type score struct {
	off       []time.Duration // between an RTT and the truth's, without sign
	falseLoss int             // answered on the interface, and called lost
	falseUp   int             // answered according to the pinger only
	unsent    int             // never on the interface
}

// add takes one round of probes, one to each target, into the score.
func (s *score) add(targets []netip.Addr, rtts reported, truth map[netip.Addr][]capture.Trip) {
	for _, addr := range targets {
		rtt, up := rtts[addr]
		trips := truth[addr]
		if len(trips) == 0 {
			s.unsent++
			continue
		}
		switch trip := trips[0]; {
		case trip.Answered && up:
			s.off = append(s.off, (rtt - trip.RTT).Abs())
		case trip.Answered:
			s.falseLoss++
		case up:
			s.falseUp++
		}
	}
}

// figures adds the score to f, under the pinger's name: p50, p99 and max in
// seconds, and the counts.
func (s *score) figures(name string, f bench.Figures) {
	slices.Sort(s.off)
	at := func(share float64) float64 {
		if len(s.off) == 0 {
			return 0
		}
		return s.off[int(share*float64(len(s.off)-1))].Seconds()
	}
	f[name+" p50"], f[name+" p99"], f[name+" max"] = at(0.5), at(0.99), at(1)
	f[name+" compared"] = float64(len(s.off))
	f[name+" false loss"] = float64(s.falseLoss)
	f[name+" false up"] = float64(s.falseUp)
	f[name+" unsent"] = float64(s.unsent)
}
