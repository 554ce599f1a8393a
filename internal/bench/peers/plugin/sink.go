package main

import (
	"errors"
	"sync"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/agent"
	"github.com/influxdata/telegraf/models"

	"github.com/rawping/rawping/internal/bench/peers/rows"
)

// sampleSize is how many rows a sink keeps. The accumulator's work does not depend
// on what is in a row, and all rows at once would be work for the garbage collector.
const sampleSize = 1000

// sink is Telegraf's accumulator for an input, as an agent makes it, and what takes
// its rows.
type sink struct {
	acc     telegraf.Accumulator
	metrics chan telegraf.Metric
	taking  sync.WaitGroup

	mu     sync.Mutex // guards what follows
	tally  rows.Tally
	sample []row // the first rows
}

// row is what an input hands to the accumulator.
type row struct {
	name   string
	tags   map[string]string
	fields map[string]any
}

func newSink(input *models.RunningInput) *sink {
	metrics := make(chan telegraf.Metric, 100) // as an agent's
	s := &sink{acc: agent.NewAccumulator(input, metrics), metrics: metrics}
	s.taking.Go(func() {
		for m := range metrics {
			s.take(m)
		}
	})
	return s
}

func (s *sink) take(m telegraf.Metric) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tally.Add(m)
	if len(s.sample) < sampleSize {
		s.sample = append(s.sample, row{m.Name(), m.Tags(), m.Fields()})
	}
}

// rows returns the first rows that came.
func (s *sink) rows() []row {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sample
}

// close returns when everything has been taken.
func (s *sink) close() {
	close(s.metrics)
	s.taking.Wait()
}

// replay gives an accumulator n rows, the same ones again and again.
func replay(acc telegraf.Accumulator, sample []row, n int) error {
	if len(sample) == 0 {
		return errors.New("the plugin has given no rows")
	}
	now := time.Now()
	for i := range n {
		r := &sample[i%len(sample)]
		acc.AddFields(r.name, r.fields, r.tags, now)
	}
	return nil
}
