package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/stretchr/testify/require"
)

// counter is an input that makes rows, and tells what was asked of it.
type counter struct {
	rows    int // per Gather
	failing bool

	mu      sync.Mutex
	gathers []time.Duration
	began   time.Time
	stops   int
}

func (*counter) SampleConfig() string { return "" }

func (c *counter) Start(telegraf.Accumulator) error {
	c.began = time.Now()
	return nil
}

func (c *counter) Gather(acc telegraf.Accumulator) error {
	c.mu.Lock()
	c.gathers = append(c.gathers, time.Since(c.began))
	c.mu.Unlock()
	for i := range c.rows {
		acc.AddFields("m", map[string]any{"n": i}, nil, time.Unix(0, 1))
	}
	if c.failing {
		return errors.New("two\nlines")
	}
	return nil
}

func (c *counter) Stop() { c.stops++ }

func TestRunnerGathers(t *testing.T) {
	for name, c := range map[string]struct {
		interval time.Duration
		requests []time.Duration
		want     []time.Duration
	}{
		"at an interval": {3 * time.Second, nil, []time.Duration{3, 6, 9}},
		"at requests":    {0, []time.Duration{1, 5}, []time.Duration{1, 5}},
		"at both":        {4 * time.Second, []time.Duration{1, 5}, []time.Duration{1, 4, 5, 8}},
		"at neither":     {0, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				input := &counter{rows: 1}
				r := &runner{input: input, log: &logger{to: io.Discard}, interval: c.interval}
				in, lines := io.Pipe()
				go func() {
					began := time.Now()
					for _, at := range c.requests {
						time.Sleep(time.Until(began.Add(at * time.Second)))
						_, _ = io.WriteString(lines, "\n")
					}
					time.Sleep(time.Until(began.Add(10 * time.Second)))
					_ = lines.Close()
				}()
				var out bytes.Buffer
				require.NoError(t, r.run(t.Context(), in, &out))
				for i := range input.gathers {
					input.gathers[i] /= time.Second
				}
				require.Equal(t, c.want, input.gathers)
				require.Equal(t, strings.Repeat("m n=0i 1\n", len(c.want)), out.String())
				require.Equal(t, 1, input.stops)
			})
		})
	}
}

// slow is an output that counts how often it is written to.
type slow struct {
	bytes.Buffer
	writes int
}

func (s *slow) Write(p []byte) (int, error) {
	s.writes++
	time.Sleep(time.Second)
	return s.Buffer.Write(p)
}

// What is there is written in one go, all of it.
func TestRunnerWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &runner{input: &counter{rows: 20_000}, log: &logger{to: io.Discard}}
		var out slow
		in, lines := io.Pipe()
		go func() {
			_, _ = io.WriteString(lines, "\n")
			time.Sleep(time.Second)
			_ = lines.Close()
		}()
		require.NoError(t, r.run(t.Context(), in, &out))
		for i, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
			require.Equal(t, fmt.Sprintf("m n=%di 1", i), line)
		}
		require.Less(t, out.writes, 100)
	})
}

// broken is an output that is closed.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestRunnerFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		input := &counter{rows: 5000}
		r := &runner{input: input, log: &logger{to: io.Discard}, interval: time.Second}
		in, _ := io.Pipe()
		require.EqualError(t, r.run(t.Context(), in, broken{}), "write metrics: broken pipe")
		require.Len(t, input.gathers, 1)
		require.Equal(t, 1, input.stops)
		_ = in.Close()
	})
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		r := &runner{input: &counter{failing: true}, log: &logger{to: &logged}, interval: time.Second}
		ctx, cancel := context.WithTimeout(t.Context(), 1500*ms)
		defer cancel()
		in, _ := io.Pipe()
		require.NoError(t, r.run(ctx, in, io.Discard))
		require.Equal(t, "E! Cannot gather: two; lines\n", logged.String())
		_ = in.Close()
	})
}
