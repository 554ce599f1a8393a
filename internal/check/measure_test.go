package check

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo/echotest"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/resolve"
)

const ms = time.Millisecond

// measured is what a plan came to on a simulated network.
type measured struct {
	*Results
	err  error
	took time.Duration
}

// counts returns how many packets to each host were answered, and how many were
// decided.
func (m measured) counts() (counts [][2]uint64) {
	for _, h := range m.Hosts {
		c := h.Window.Counts()
		counts = append(counts, [2]uint64{c.Replies, c.Decided()})
	}
	return counts
}

// measureOn carries a plan out in virtual time. Addresses that end in an odd
// number are silent, the others answer after 10 ms.
func measureOn(t *testing.T, plan *Plan, change func(*world)) measured {
	t.Helper()
	return measureStopped(t, "", plan, change)
}

// measureStopped is measureOn, stopped by a signal before it begins if that has a
// name.
func measureStopped(t *testing.T, by string, plan *Plan, change func(*world)) (m measured) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := world{
			network: &echotest.Network{
				Facts: icmpsock.Facts{Raw: true, RecvStamps: true, SendStamps: true},
				Host: func(a netip.Addr) echotest.Host {
					if bytes := a.AsSlice(); bytes[len(bytes)-1]%2 == 1 {
						return echotest.Silent
					}
					return echotest.Replies(10 * ms)
				},
			},
			dropRights: func() error { return nil },
		}
		if change != nil {
			change(&w)
		}
		began := time.Now()
		ctx, end := context.WithCancelCause(t.Context())
		defer end(nil)
		if by != "" {
			end(stop{Signal: by})
		}
		ctx, cancel := context.WithDeadlineCause(ctx, began.Add(plan.Timeout), stop{Deadline: true})
		defer cancel()
		m.Results, m.err = w.measure(ctx, plan, began)
		m.took = time.Since(began)
	})
	return m
}

// planFor returns a plan for hosts.
func planFor(names ...string) *Plan {
	p := &Plan{Packets: 5, Interval: 80 * ms, Wait: time.Second, Timeout: 10 * time.Second, Size: 56}
	for _, name := range names {
		p.Targets = append(p.Targets, Target{Name: name})
	}
	return p
}

func TestMeasure(t *testing.T) {
	m := measureOn(t, planFor("192.0.2.2", "192.0.2.1", "2001:db8::2"), nil)
	require.NoError(t, m.err)
	assert.Equal(t, [][2]uint64{{5, 5}, {0, 5}, {5, 5}}, m.counts())
	assert.Equal(t, 4*80*ms+time.Second, m.took.Round(ms))
	assert.Equal(t, Ending{}, m.Ending)
}

func TestStagger(t *testing.T) {
	p := planFor("192.0.2.2", "192.0.2.4", "192.0.2.6")
	p.Packets, p.Stagger = 1, 300*ms
	m := measureOn(t, p, nil)
	require.NoError(t, m.err)
	assert.Equal(t, 610*ms, m.took)
	assert.Equal(t, 600*ms, p.Span(3))
	assert.Equal(t, 300*time.Second, p.Span(1001))
	p.Stagger = 0
	assert.Equal(t, time.Second, p.Span(5001), "the rate holds for the first packets, too")
}

func TestDeadline(t *testing.T) {
	p := planFor("192.0.2.2", "192.0.2.1")
	p.Timeout, p.Interval = 250*ms, 100*ms
	m := measureOn(t, p, nil)
	require.NoError(t, m.err)
	assert.Equal(t, Ending{Deadline: true}, m.Ending)
	assert.Equal(t, [][2]uint64{{3, 3}, {0, 3}}, m.counts(), "silence until the deadline is an answer")
	assert.Equal(t, 250*ms, m.took)
}

// A signal that came while the command line was read is not forgotten.
func TestStoppedBefore(t *testing.T) {
	m := measureStopped(t, "SIGTERM", planFor("192.0.2.2", "192.0.2.1"), nil)
	require.NoError(t, m.err)
	assert.Equal(t, Ending{Signal: "SIGTERM"}, m.Ending)
	assert.Equal(t, [][2]uint64{{0, 0}, {0, 0}}, m.counts())
	assert.Zero(t, m.took)
}

// Look-ups do not count towards the time for probing.
func TestProbing(t *testing.T) {
	p := planFor("slow.test")
	p.Probing, p.Interval = 250*ms, 100*ms
	m := measureOn(t, p, func(w *world) {
		w.resolver.Lookup = func(context.Context, string, string) ([]netip.Addr, error) {
			time.Sleep(3 * time.Second)
			return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
		}
	})
	require.NoError(t, m.err)
	assert.Equal(t, Ending{Deadline: true}, m.Ending)
	assert.Equal(t, [][2]uint64{{0, 3}}, m.counts())
	assert.Equal(t, 3250*ms, m.took)
}

// A packet in flight at the end is lost if the plan had patience enough.
func TestPatience(t *testing.T) {
	for patience, want := range map[time.Duration]uint64{0: 1, 300 * ms: 2, 200 * ms: 3, 150 * ms: 4} {
		p := planFor("192.0.2.2")
		p.Packets, p.Timeout, p.Interval, p.Patience = 4, 350*ms, 100*ms, patience
		m := measureOn(t, p, func(w *world) {
			w.network.(*echotest.Network).Host = func(netip.Addr) echotest.Host {
				return echotest.Sometimes(3, 4, echotest.Silent, echotest.Replies(10*ms))
			}
		})
		require.NoError(t, m.err)
		assert.Equal(t, [][2]uint64{{1, want}}, m.counts(), "patience %v", patience)
	}

	p := planFor("192.0.2.2")
	p.Interval, p.Patience, p.Wait = 100*ms, 120*ms, 5*time.Second
	p.After = func(h *Host) Next {
		if h.Window.Counts().Replies == 1 {
			return RunDone
		}
		return GoOn
	}
	m := measureOn(t, p, func(w *world) {
		w.network.(*echotest.Network).Host = func(netip.Addr) echotest.Host {
			return echotest.Sometimes(1, 5, echotest.Silent, echotest.Replies(250*ms))
		}
	})
	require.NoError(t, m.err)
	assert.Equal(t, [][2]uint64{{1, 2}}, m.counts(), "one that has not waited longer than a reply took is not lost")
}

// A plan may look at each verdict and go on differently.
func TestAfter(t *testing.T) {
	for _, c := range []struct {
		name  string
		after func(*Host) Next
		want  [][2]uint64
		took  time.Duration
	}{
		{
			"more for the silent",
			func(h *Host) Next {
				if c := h.Window.Counts(); c.Replies == 0 && c.Lost == 5 {
					return 8
				}
				return GoOn
			},
			[][2]uint64{{5, 5}, {0, 8}},
			// The sixth packet is due when the fifth is lost.
			4*80*ms + time.Second + 2*80*ms + time.Second,
		},
		{
			"fewer for who answers",
			func(h *Host) Next {
				if c := h.Window.Counts(); c.Replies == 2 {
					return 3
				}
				return GoOn
			},
			[][2]uint64{{3, 3}, {0, 5}},
			4*80*ms + time.Second,
		},
		{
			"enough of the silent",
			func(h *Host) Next {
				if c := h.Window.Counts(); c.Lost == 1 {
					return HostDone
				}
				return GoOn
			},
			[][2]uint64{{5, 5}, {0, 1}},
			time.Second,
		},
		{
			"enough of all",
			func(h *Host) Next {
				if c := h.Window.Counts(); c.Replies == 2 {
					return RunDone
				}
				return GoOn
			},
			[][2]uint64{{2, 2}, {0, 0}},
			90 * ms,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := planFor("192.0.2.2", "192.0.2.1")
			p.After = c.after
			m := measureOn(t, p, nil)
			require.NoError(t, m.err)
			assert.Equal(t, c.want, m.counts())
			assert.Equal(t, c.took, m.took.Round(ms))
			assert.Equal(t, Ending{}, m.Ending)
		})
	}
}

// A name may stand for several hosts.
func TestAllAddresses(t *testing.T) {
	p := planFor("web.example", "192.0.2.2")
	p.Targets[0].All, p.Targets[0].Family = true, resolve.Both
	found := func(w *world) {
		w.resolver.Lookup = func(context.Context, string, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("192.0.2.4"), netip.MustParseAddr("192.0.2.6"), netip.MustParseAddr("2001:db8::1")}, nil
		}
	}
	m := measureOn(t, p, found)
	require.NoError(t, m.err)
	assert.Equal(t, [][2]uint64{{5, 5}, {5, 5}, {0, 5}, {5, 5}}, m.counts())
	assert.Equal(t, []int{0, 0, 0, 1}, []int{m.Hosts[0].Target, m.Hosts[1].Target, m.Hosts[2].Target, m.Hosts[3].Target})

	p.Targets[0].All = false
	m = measureOn(t, p, found)
	require.NoError(t, m.err)
	assert.Equal(t, [][2]uint64{{5, 5}, {0, 5}, {5, 5}}, m.counts(), "one of each family")

	p.Resolved = func(hosts []*Host) error {
		hosts[1].Err = errors.New("not this one")
		return nil
	}
	m = measureOn(t, p, found)
	require.NoError(t, m.err)
	assert.Equal(t, [][2]uint64{{5, 5}, {0, 0}, {5, 5}}, m.counts())

	p.Resolved = func([]*Host) error { return errors.New("none of them") }
	m = measureOn(t, p, found)
	assert.EqualError(t, m.err, "none of them")
}

func TestNoName(t *testing.T) {
	m := measureOn(t, planFor("web.example", "192.0.2.2"), func(w *world) {
		w.resolver.Lookup = func(context.Context, string, string) ([]netip.Addr, error) {
			return nil, errors.New("no such name")
		}
	})
	require.NoError(t, m.err)
	assert.Equal(t, [][2]uint64{{0, 0}, {5, 5}}, m.counts())
	var failure *resolve.Error
	require.ErrorAs(t, m.Hosts[0].Err, &failure)
	assert.NotContains(t, m.Hosts[0].Why().Error(), "web.example")
}

func TestSources(t *testing.T) {
	p := planFor("192.0.2.2", "2001:db8::2")
	p.Sources = []netip.Addr{netip.MustParseAddr("198.51.100.1")}
	m := measureOn(t, p, nil)
	require.NoError(t, m.err)
	assert.Equal(t, [][2]uint64{{5, 5}, {0, 0}}, m.counts())
	assert.EqualError(t, m.Hosts[1].Err, "source 198.51.100.1: cannot reach 2001:db8::2, which is IPv6")

	p.Sources = append(p.Sources, netip.MustParseAddr("2001:db8::1"))
	m = measureOn(t, p, nil)
	require.NoError(t, m.err)
	assert.Equal(t, [][2]uint64{{5, 5}, {5, 5}}, m.counts())
}

func TestNoRights(t *testing.T) {
	m := measureOn(t, planFor("192.0.2.2"), func(w *world) {
		w.network.(*echotest.Network).OpenError = func(icmpsock.Class) error { return os.ErrPermission }
	})
	assert.ErrorIs(t, m.err, os.ErrPermission)
}

// A silent host behind three routers, the second of which does not answer.
func TestTrace(t *testing.T) {
	routers := map[int]netip.Addr{1: netip.MustParseAddr("203.0.113.1"), 3: netip.MustParseAddr("203.0.113.3")}
	behind := func(w *world) {
		network := w.network.(*echotest.Network)
		host := network.Host
		network.Host = func(dst netip.Addr) echotest.Host {
			return func(r echotest.Request) []echotest.Answer {
				if r.Options == nil || dst.String() == "192.0.2.2" {
					return host(dst)(r)
				}
				if router, ok := routers[r.Options.Hops]; ok {
					return echotest.Refuses(5*ms, router, echotest.ICMPError{Type: 11})(r)
				}
				if r.Options.Hops > 3 && dst.String() == "192.0.2.3" {
					return echotest.Refuses(7*ms, routers[3], echotest.ICMPError{Type: 3, Code: 1})(r)
				}
				return nil
			}
		}
	}
	p := planFor("192.0.2.1", "192.0.2.2", "192.0.2.3")
	p.Trace = true
	m := measureOn(t, p, behind)
	require.NoError(t, m.err)
	assert.Equal(t, [][2]uint64{{0, 5}, {5, 5}, {0, 5}}, m.counts(), "the trace changes no figure")
	assert.Equal(t, 4*80*ms+time.Second+hopInterval+time.Second, m.took.Round(ms), "all hops at once")
	assert.Equal(t, "path: 1 203.0.113.1 5.000ms, 2 no answer, 3 203.0.113.3 5.000ms; nothing answers from hop 4 on", m.Hosts[0].PathText())
	assert.Empty(t, m.Hosts[1].PathText(), "it answers")
	assert.Equal(t, "path: 1 203.0.113.1 5.000ms, 2 no answer, 3 203.0.113.3 5.000ms, 4 203.0.113.3 7.000ms (host unreachable)", m.Hosts[2].PathText())

	routers = nil
	m = measureOn(t, p, behind)
	require.NoError(t, m.err)
	assert.Equal(t, "path: nothing answers from hop 1 on", m.Hosts[0].PathText())

	m = measureOn(t, p, func(w *world) {
		behind(w)
		w.network.(*echotest.Network).SendError = func(r echotest.Request) error {
			if r.Options != nil {
				return os.NewSyscallError("sendmmsg", syscall.ENOSYS)
			}
			return nil
		}
	})
	require.NoError(t, m.err)
	assert.Equal(t, "path not looked for: sendmmsg: function not implemented", m.Hosts[0].PathText(), "no hop limits")

	p.Timeout = 1500 * ms
	m = measureOn(t, p, behind)
	require.NoError(t, m.err)
	assert.Equal(t, 1500*ms, m.took, "the deadline holds")
	assert.Equal(t, [][2]uint64{{0, 5}, {5, 5}, {0, 5}}, m.counts())

	p = planFor()
	for i := range 3 * mostTraces {
		p.Targets = append(p.Targets, Target{Name: netip.AddrFrom4([4]byte{192, 0, 2, byte(2*i + 1)}).String()})
	}
	p.Trace = true
	m = measureOn(t, p, behind)
	require.NoError(t, m.err)
	traced := 0
	for _, h := range m.Hosts {
		if h.Path != nil {
			traced++
		}
	}
	assert.Equal(t, mostTraces, traced)
}

func TestKeepProbes(t *testing.T) {
	p := planFor("192.0.2.2", "192.0.2.1")
	p.KeepProbes, p.Packets = true, 2
	m := measureOn(t, p, nil)
	require.NoError(t, m.err)
	var kinds []string
	for _, h := range m.Hosts {
		for _, ev := range h.Probes {
			kinds = append(kinds, ev.Kind.String())
		}
	}
	assert.Equal(t, []string{"reply", "reply", "lost", "lost"}, kinds)
}
