package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/rawping/rawping/internal/testbed"
	"github.com/rawping/rawping/internal/wire"
)

// table is what all tools said about one family.
type table struct {
	family wire.Family
	rows   []row
	said   [][]said // by row and tool
	tools  []*tool
}

// trial is one tool against one fault.
type trial struct {
	bed    *testbed.Bed
	family wire.Family
	row    int // which prefix
	number int // which host in it
	tool   *tool
	cmd    *exec.Cmd
}

// trialTime bounds a tool.
const trialTime = 30 * time.Second

// atOnce is how many faults are tried at once.
const atOnce = 3

// fill runs every tool against every fault. What must be alone comes first.
func fill(f wire.Family, tools []*tool) (t table, err error) {
	bed, err := testbed.Open()
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, bed.Close()) }()
	t = table{family: f, rows: rows(), tools: tools}
	t.said = make([][]said, len(t.rows))
	errs := make([]error, len(t.rows))
	var wg sync.WaitGroup
	places := make(chan struct{}, atOnce)
	for _, alone := range []bool{true, false} {
		for i, r := range t.rows {
			if r.alone != alone {
				continue
			}
			places <- struct{}{}
			wg.Go(func() {
				t.said[i], errs[i] = all(bed, f, i+1, r, tools)
				<-places
			})
			if alone {
				wg.Wait()
			}
		}
	}
	wg.Wait()
	return t, errors.Join(errs...)
}

// all runs every tool against one fault, each on a host of its own.
func all(bed *testbed.Bed, f wire.Family, number int, r row, tools []*tool) ([]said, error) {
	answers := make([]said, len(tools))
	errs := make([]error, len(tools))
	var wg sync.WaitGroup
	for n, tool := range tools {
		one := &trial{bed: bed, family: f, row: number, number: n + 1, tool: tool}
		wg.Go(func() { answers[n], errs[n] = one.run(r) })
		if r.alone {
			wg.Wait()
		}
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("%s: %w", r.name, err)
	}
	return answers, nil
}

// host returns an address of the trial's prefix.
func (t *trial) host(n int) netip.Addr {
	if t.family == wire.V6 {
		return netip.MustParseAddr(fmt.Sprintf("2001:db8:f:%d::%d", t.row, n))
	}
	return netip.MustParseAddr(fmt.Sprintf("198.18.%d.%d", t.row, n))
}

// own is the trial's own host of the responder.
func (t *trial) own() netip.Addr { return t.host(t.number) }

// rule sets what becomes of the requests to an address.
func (t *trial) rule(addr netip.Addr, f testbed.Fault) {
	t.bed.Rule(netip.PrefixFrom(addr, addr.BitLen()), f)
}

// seen is how many requests have come to the trial's own host.
func (t *trial) seen() int {
	return t.bed.Seen(netip.PrefixFrom(t.own(), t.own().BitLen())).Requests
}

// run runs the tool.
func (t *trial) run(r row) (said, error) {
	ctx, cancel := context.WithTimeout(context.Background(), trialTime)
	defer cancel()
	addr := t.own()
	if r.addr != nil {
		addr = r.addr(t)
	} else {
		t.rule(addr, r.fault(t))
	}
	var text output
	t.cmd = t.command(ctx, addr, r.twice)
	t.cmd.Stdout, t.cmd.Stderr = &text, &text
	if r.twice {
		live := t.host(t.number + 100)
		// By the time it answers the other's request, ours with that number is out too.
		t.rule(live, testbed.Fault{Delay: 50 * ms})
		other := t.command(ctx, live, true)
		other.Stdout, other.Stderr = io.Discard, io.Discard
		if err := other.Start(); err != nil {
			return said{}, err
		}
		defer func() { _ = other.Wait() }() // it tells nothing that matters
	}
	if err := t.cmd.Start(); err != nil {
		return said{}, err
	}
	if r.while != nil {
		if err := r.while(t); err != nil {
			cancel()
			return said{}, errors.Join(fmt.Errorf("%s: %w", t.tool.name, err), t.cmd.Wait())
		}
	}
	err := t.cmd.Wait()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok || ctx.Err() != nil {
		return said{}, fmt.Errorf("%s: %w: %s", t.tool.name, errors.Join(err, ctx.Err()), text.String())
	}
	return t.tool.read(text.String(), t.cmd.ProcessState.ExitCode()), nil
}

// command returns the tool's command in the client, as process 1 of a process
// namespace of its own if asked for.
func (t *trial) command(ctx context.Context, addr netip.Addr, first bool) *exec.Cmd {
	args := t.tool.args(addr)
	if first {
		args = append([]string{"--pid", "--fork", "--kill-child", t.tool.path}, args...)
		return t.bed.Client.CommandContext(ctx, "unshare", args...)
	}
	return t.bed.Client.CommandContext(ctx, t.tool.path, args...)
}

// wait waits until so many requests have come.
func (t *trial) wait(requests int) error {
	for began := time.Now(); t.seen() < requests; time.Sleep(2 * ms) {
		if time.Since(began) > trialTime/2 {
			return fmt.Errorf("only %d of %d requests came", t.seen(), requests)
		}
	}
	return nil
}

// dies lets the host die after 5 requests.
func dies(t *trial) error {
	if err := t.wait(5); err != nil {
		return err
	}
	t.rule(t.own(), testbed.Fault{Lose: 1, Of: 1, Replay: 5})
	return nil
}

// stops stops the tool from its first request on, for 2 s.
func stops(t *trial) error {
	if err := t.wait(1); err != nil {
		return err
	}
	if err := t.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	time.Sleep(2 * time.Second)
	return t.cmd.Process.Signal(syscall.SIGCONT)
}

// output is what a tool prints on both its outputs.
type output struct {
	mu sync.Mutex
	b  []byte
}

// Write implements [io.Writer].
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.b = append(o.b, b...)
	return len(b), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.b)
}
