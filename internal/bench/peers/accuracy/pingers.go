package main

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/logger"
	"github.com/influxdata/telegraf/plugins/inputs/ping"
	probing "github.com/prometheus-community/pro-bing"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
)

// How long a reply may take: by default, in rawping's programs, and in inputs.ping.
const (
	rawpingTimeout = time.Second
	pingDeadline   = 10 * time.Second
)

// rawping returns the engine as a pinger, over sockets as config has them.
func rawping(sockets icmpsock.Config) func([]netip.Addr) (reported, error) {
	return func(targets []netip.Addr) (reported, error) {
		network, err := icmpsock.System(sockets)
		if err != nil {
			return nil, err
		}
		rtts := reported{}
		e, err := echo.New(echo.Config{Network: network, Observe: func(ev *echo.Event) {
			if ev.Kind == echo.Reply {
				rtts[ev.Addr] = ev.RTT
			}
		}})
		if err != nil {
			return nil, errors.Join(err, network.Close())
		}
		for _, addr := range targets {
			if _, err := e.Add(echo.Target{Addr: addr, Count: 1, Timeout: rawpingTimeout, Size: 56}); err != nil {
				return nil, errors.Join(err, e.Close())
			}
		}
		return rtts, e.Run(context.Background())
	}
}

// telegrafPing is Telegraf's inputs.ping with its native method.
func telegrafPing(targets []netip.Addr) (reported, error) {
	p := &ping.Ping{
		Method: "native", Count: 1, Deadline: config.Duration(pingDeadline), Log: logger.New("inputs", "ping", ""),
	}
	for _, addr := range targets {
		p.Urls = append(p.Urls, addr.String())
	}
	if err := p.Init(); err != nil {
		return nil, err
	}
	acc := &averages{rtts: reported{}}
	err := p.Gather(acc)
	return acc.rtts, err
}

// averages is an accumulator that takes the average RTT of each target, which is
// the only one where one probe was sent.
type averages struct {
	telegraf.Accumulator // nothing else of it is called

	mu   sync.Mutex // guards rtts
	rtts reported
}

// AddFields implements telegraf.Accumulator.
func (a *averages) AddFields(_ string, fields map[string]any, tags map[string]string, _ ...time.Time) {
	ms, ok := fields["average_response_ms"].(float64)
	if !ok {
		return // lost
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rtts[netip.MustParseAddr(tags["url"])] = time.Duration(ms * float64(time.Millisecond))
}

// proBing is pro-bing, a pinger for each target.
func proBing(targets []netip.Addr) (reported, error) {
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex // guards what follows
		rtts = reported{}
		errs []error
	)
	for _, addr := range targets {
		wg.Go(func() {
			rtt, err := proBingOne(addr)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, err)
			} else if rtt > 0 {
				rtts[addr] = rtt
			}
		})
	}
	wg.Wait()
	return rtts, errors.Join(errs...)
}

// proBingOne returns the RTT of one probe; 0: it is lost.
func proBingOne(addr netip.Addr) (time.Duration, error) {
	p, err := probing.NewPinger(addr.String())
	if err != nil {
		return 0, err
	}
	p.SetPrivileged(true)
	p.Count, p.Timeout = 1, pingDeadline
	if err := p.Run(); err != nil {
		return 0, err
	}
	if s := p.Statistics(); len(s.Rtts) > 0 {
		return s.Rtts[0], nil
	}
	return 0, nil
}
