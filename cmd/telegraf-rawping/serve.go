package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/agent"
	"github.com/influxdata/telegraf/plugins/serializers/influx"
)

// runner runs an input as Telegraf's shim does. Unlike that, it ends at once even
// while a Gather waits, logs at a level, and writes all metrics that are there in
// one go.
type runner struct {
	input    telegraf.ServiceInput
	log      *logger
	interval time.Duration // 0: at requests only
	metrics  chan telegraf.Metric
}

// run gathers at each interval, and at each line that comes in, until there are
// no more or ctx ends.
func (r *runner) run(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.metrics = make(chan telegraf.Metric, 1000)
	acc := agent.NewAccumulator(r, r.metrics)
	acc.SetPrecision(time.Nanosecond)
	if err := r.input.Start(acc); err != nil {
		return err
	}
	written := make(chan error, 1)
	go func() { written <- r.write(out, cancel) }()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		r.input.Stop() // ends a Gather that waits
	}()
	requests := make(chan struct{}, 1)
	go func() {
		defer cancel()
		readRequests(in, requests)
	}()
	r.gather(ctx, acc, requests)
	<-stopped
	close(r.metrics)
	return <-written
}

func (r *runner) gather(ctx context.Context, acc telegraf.Accumulator, requests <-chan struct{}) {
	var ticks <-chan time.Time
	if r.interval > 0 {
		ticker := time.NewTicker(r.interval)
		defer ticker.Stop()
		ticks = ticker.C
	}
	for {
		select {
		case <-ctx.Done():
		case <-requests:
		case <-ticks:
		}
		if ctx.Err() != nil {
			return
		}
		if err := r.input.Gather(acc); err != nil && ctx.Err() == nil {
			r.log.Errorf("Cannot gather: %v", err)
		}
	}
}

// readRequests turns lines into requests, until there are no more. Those that come
// while one waits are one with it.
func readRequests(in io.Reader, requests chan<- struct{}) {
	buffer := make([]byte, 512)
	for {
		n, err := in.Read(buffer)
		for _, b := range buffer[:n] {
			if b != '\n' {
				continue
			}
			select {
			case requests <- struct{}{}:
			default:
			}
		}
		if err != nil {
			return
		}
	}
}

// write writes the metrics until there are no more. After an error it only takes
// them, so that nothing waits for it.
func (r *runner) write(out io.Writer, failed func()) (err error) {
	serializer := &influx.Serializer{}
	if err = serializer.Init(); err != nil {
		failed()
	}
	buffered := bufio.NewWriterSize(out, 1<<16)
	for m := range r.metrics {
		if err != nil {
			m.Drop()
			continue
		}
		line, bad := serializer.Serialize(m)
		if bad != nil {
			m.Reject()
			r.log.Errorf("Cannot write a metric: %v", bad)
			continue
		}
		_, err = buffered.Write(line)
		if err == nil && len(r.metrics) == 0 {
			err = buffered.Flush()
		}
		if err != nil {
			err = fmt.Errorf("write metrics: %w", err)
			failed()
		}
		m.Accept()
	}
	return err
}

// LogName implements agent.MetricMaker.
func (*runner) LogName() string { return "" }

// MakeMetric implements agent.MetricMaker: what an agent would change it changes
// when it reads what we write.
func (*runner) MakeMetric(m telegraf.Metric) telegraf.Metric { return m }

// Log implements agent.MetricMaker.
func (r *runner) Log() telegraf.Logger { return r.log }
