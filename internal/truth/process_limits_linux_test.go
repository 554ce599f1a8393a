package truth

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/rawping/rawping/internal/testbed"
	"github.com/rawping/rawping/internal/wire"
)

// TestLimitsOfNobody: only root may go without a limit, or ask a host more often
// than every millisecond; on the loopback anybody may.
func TestLimitsOfNobody(t *testing.T) {
	inField(t, anyGroup, nil, func(f *field) {
		for _, family := range families {
			w := &world{TB: f, Bed: f.Bed, family: family}
			host := w.host(1)
			for _, tt := range []struct{ args, words string }{
				{"--rate 0", `rate "0": only root may send without a limit`},
				{"--rate 5001", `rate "5001": only root may go above 5000 packets per second`},
				{"-i 500us", `interval 500µs: only root may go below 1ms`},
				{"-i 0.000999", `interval 999µs: only root may go below 1ms`},
			} {
				r := f.run(nobody, "rawping", append(strings.Fields("-c 2 "+tt.args), host.String())...)
				r.says(f, 2, tt.words)
			}
			f.check(nobody, "-i", "0.5ms", "-H", host.String()).says(f, 3, `interval 500µs: only root may go below 1ms`)
			assert.Zero(f, f.echoes(host), "%v", family)

			f.run(root, "rawping", "-q", "-c", "20", "-i", "500us", "--rate", "0", "-W", "3", host.String()).says(f, 0, ` 0% packet loss`)
			loopback := map[wire.Family]string{wire.V4: "127.0.0.1", wire.V6: "::1"}[family]
			f.run(nobody, "rawping", "-q", "-c", "20", "-i", "500us", "-W", "3", loopback).says(f, 0, ` 0% packet loss`)

			// "As soon as the last one is decided" is no way around it.
			hasty := w.host(2)
			r := f.run(nobody, "rawping", "-q", "-c", "1000", "-i", "0", "-W", "3", hasty.String())
			r.says(f, 0, ` 0% packet loss`)
			assert.Greater(f, r.took, 999*time.Millisecond)
			r = f.check(nobody, "-n", "1000", "-i", "0", "-w", "3000,40%", "-c", "3000,80%", "-H", hasty.String())
			r.says(f, 0, `lost 0%`)
			assert.Greater(f, r.took, 999*time.Millisecond)
		}
	})
}

// TestLimitsOfNobodyPerHost: a host that is named several times is one host, and
// gets no more than a packet each millisecond.
func TestLimitsOfNobodyPerHost(t *testing.T) {
	inField(t, anyGroup, nil, func(f *field) {
		f.everyWay(func(w *way) {
			if w.raw() {
				return // root may
			}
			for n, command := range []string{"rawping -q -c 300 -i 1ms -W 3", "check_rawping -n 300 -i 1 -w 3000,40% -c 3000,80%"} {
				host, args := w.host(byte(1+n)), strings.Fields(command)
				name := host.String()
				r := w.field.run(w.as, args[0], append(args[1:], name, name, name, name)...)
				sent := w.field.echoes(host)
				assert.LessOrEqual(w, sent, 1+int(r.took/ms), "%s: packets in %v", r.line, r.took)
			}
		})
	})
}

// TestLimitsOfNobodyInAll: 5,000 packets per second, however many hosts there
// are and however short the interval; 250 of them at once.
func TestLimitsOfNobodyInAll(t *testing.T) {
	inField(t, anyGroup, nil, func(f *field) {
		recorded := f.witness()
		const hosts, count = 500, 40 // 50,000 packets per second are asked for
		r := f.start(nobody, list(f.Responder.V4.Addr(), hosts), "rawping",
			"-q", "-c", fmt.Sprint(count), "-i", "0.01", "-W", "5", "-f", "-").end()
		r.says(f, 0)
		assert.Greater(f, r.took, time.Second*(hosts*count-250)/5000)
		var sent []time.Time
		for _, p := range recorded.echoes() {
			if !p.reply {
				sent = append(sent, p.at)
			}
		}
		assert.Len(f, sent, hosts*count)
		most, first := 0, 0
		for i := range sent {
			for sent[i].Sub(sent[first]) > time.Second {
				first++
			}
			most = max(most, i+1-first)
		}
		f.Logf("%d in one second", most)
		const late = 2 * 64 // a standstill can hold up what is made already: a batch of each lane
		assert.LessOrEqual(f, most, 5250+late, "in one second")
	})
}

// list returns a list of addresses, one a line: the next n after first.
func list(first netip.Addr, n int) string {
	var b strings.Builder
	for range n {
		first = first.Next()
		b.WriteString(first.String() + "\n")
	}
	return b.String()
}

// part is a share of the hosts of one process, which all have one fault.
type part struct {
	hosts  int
	fault  testbed.Fault
	line   string // what the summary says behind the host's name
	shared bool   // with all other processes
}

var parts = []part{
	{hosts: 100, line: `4/4/0%`},
	{hosts: 30, fault: testbed.Fault{Lose: 1, Of: 4}, line: `4/3/25%`},
	{hosts: 20, fault: testbed.Fault{Lose: 3, Of: 4}, line: `4/1/75%`},
	{hosts: 40, fault: testbed.Fault{Lose: 1, Of: 1}, line: `4/0/100%`},
	{hosts: 10, fault: testbed.Fault{Lose: 1, Of: 1, Forge: 2}, line: `4/0/100%`},
	{hosts: 20, fault: testbed.Fault{Duplicate: 1}, line: `4/4/0%`},
	{hosts: 30, line: `4/4/0%`, shared: true},
}

// TestManyProcessesSideBySide: every host of every process has exactly its own
// figures, and all together what the responder saw.
func TestManyProcessesSideBySide(t *testing.T) {
	inField(t, anyGroup, nil, func(f *field) {
		var runs sync.WaitGroup
		var mu sync.Mutex
		var transmitted, received int
		for n := range 5 {
			as := []user{root, nobody}[n%2]
			want := map[string]string{}
			for _, family := range families {
				for i, p := range parts {
					prefix := block(f.Responder.Of(family), n, i)
					if p.shared {
						prefix = block(f.Responder.Of(family), 9, i)
					}
					f.Rule(prefix, p.fault)
					for host := range strings.Lines(list(prefix.Addr(), p.hosts)) {
						want[strings.TrimSpace(host)] = p.line
					}
				}
			}
			assert.Len(f, want, 500)
			hosts := ""
			for host := range want { // in any order
				hosts += host + "\n"
			}
			runs.Go(func() {
				r := f.start(as, hosts, "rawping", "-q", "-c", "4", "-i", "0.5", "-W", "5", "-f", "-").end()
				r.says(f, 1)
				assert.Empty(f, r.errs)
				xmt, rcv := f.summary(r.out, want)
				mu.Lock()
				defer mu.Unlock()
				transmitted, received = transmitted+xmt, received+rcv
			})
		}
		runs.Wait()
		var seen testbed.Tally
		for _, family := range families {
			for process := range 10 {
				for i := range parts {
					tally := f.Seen(block(f.Responder.Of(family), process, i))
					seen.Requests, seen.Lost = seen.Requests+tally.Requests, seen.Lost+tally.Lost
				}
			}
		}
		assert.Equal(f, seen.Requests, transmitted)
		assert.Equal(f, seen.Requests-seen.Lost, received)
	})
}

// block returns one of the blocks of 256 addresses into which the tests divide
// the responder's.
func block(all netip.Prefix, process, part int) netip.Prefix {
	a := all.Addr().AsSlice()
	a[len(a)-2] = byte(10*process + part)
	addr, _ := netip.AddrFromSlice(a)
	return netip.PrefixFrom(addr, addr.BitLen()-8)
}

// summary checks the line of every host, and adds up what was transmitted and
// received.
func (f *field) summary(out string, want map[string]string) (xmt, rcv int) {
	for line := range strings.Lines(out) {
		host, rest, _ := strings.Cut(line, " : xmt/rcv/%loss = ")
		figures, _, _ := strings.Cut(strings.TrimSpace(rest), ", ")
		host = strings.TrimSpace(host)
		assert.Equal(f, want[host], figures, "%s", line)
		delete(want, host)
		var x, r int
		_, err := fmt.Sscanf(figures, "%d/%d/", &x, &r)
		assert.NoError(f, err, "%s", line)
		xmt, rcv = xmt+x, rcv+r
	}
	assert.Empty(f, want, "hosts without a line")
	return xmt, rcv
}
