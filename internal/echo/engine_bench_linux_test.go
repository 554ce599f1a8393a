package echo_test

import (
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
)

// BenchmarkEngine is 300,000 echoes: over the loopback, and over a mirror, where
// the kernel has no part in it.
func BenchmarkEngine(b *testing.B) {
	const echoes = 300_000
	for _, over := range []struct {
		name    string
		network func() icmpsock.Network
	}{
		{"mirror", newMirror},
		{"loopback", func() icmpsock.Network { return system(b, icmpsock.Config{}) }},
	} {
		for _, many := range []int{1000, 100_000} {
			b.Run(fmt.Sprintf("%s/%d", over.name, many), func(b *testing.B) {
				used := newUsage(b)
				for b.Loop() {
					e, err := echo.New(echo.Config{Network: over.network(), Observe: func(*echo.Event) {}})
					require.NoError(b, err)
					for i := range many {
						target := to(loopback(i), echoes/many)
						target.Interval = 0
						_, err := e.Add(target)
						require.NoError(b, err)
					}
					require.NoError(b, e.Run(b.Context()))
					require.EqualValues(b, echoes, e.Counters().Replies)
				}
				used.report(b, b.N*echoes)
			})
		}
	}
}

// usage is what the process had used when a benchmark began.
type usage struct {
	cpu     time.Duration
	mallocs uint64
}

func newUsage(b *testing.B) usage {
	var r syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &r))
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{time.Duration(r.Utime.Nano() + r.Stime.Nano()), m.Mallocs}
}

// report tells what has been used since, for each echo.
func (u usage) report(b *testing.B, echoes int) {
	now := newUsage(b)
	b.ReportMetric(float64((now.cpu-u.cpu).Nanoseconds())/float64(echoes), "cpu-ns/echo")
	b.ReportMetric(float64(now.mallocs-u.mallocs)/float64(echoes), "allocs/echo")
}

// mirror is a network of hosts that answer at once, for next to nothing.
type mirror struct {
	conns []*reflection
	ready chan struct{}
}

func newMirror() icmpsock.Network { return &mirror{ready: make(chan struct{}, 1)} }

// Open implements icmpsock.Network.
func (m *mirror) Open(icmpsock.Class) (icmpsock.Conn, error) {
	c := &reflection{}
	m.conns = append(m.conns, c)
	return c, nil
}

// Ready implements icmpsock.Network.
func (m *mirror) Ready() <-chan struct{} {
	for _, c := range m.conns {
		if len(c.replies) > 0 && len(m.ready) == 0 {
			m.ready <- struct{}{}
		}
	}
	return m.ready
}

// Close implements icmpsock.Network.
func (*mirror) Close() error { return nil }

// reflection is a connection to the mirror.
type reflection struct {
	stamps, replies []icmpsock.In
	out             []icmpsock.In // what the last Recv returned
	spare           [][]byte
}

// Send implements icmpsock.Conn.
func (c *reflection) Send(ms []icmpsock.Out) (int, error) {
	now := time.Now().UnixNano()
	for i := range ms {
		m := &ms[i]
		c.stamps = append(c.stamps, icmpsock.In{Kind: icmpsock.Stamp, Time: now, Key: m.Key, Hops: -1, TrafficClass: -1})
		var reply []byte
		if last := len(c.spare) - 1; last >= 0 {
			reply, c.spare = c.spare[last], c.spare[:last]
		}
		reply = append(reply[:0], m.Data...)
		reply[0] = 0                                            // echo reply; RFC 1624 for the checksum:
		sum := uint32(reply[2])<<8 + uint32(reply[3]) + 0x08_00 // the type was 8
		sum += sum >> 16
		reply[2], reply[3] = byte(sum>>8), byte(sum)
		c.replies = append(c.replies, icmpsock.In{Kind: icmpsock.Packet, Time: now, Data: reply, From: m.Dst, Hops: 64})
	}
	return len(ms), nil
}

// Recv implements icmpsock.Conn.
func (c *reflection) Recv() ([]icmpsock.In, error) {
	for i := range c.out {
		if c.out[i].Data != nil {
			c.spare = append(c.spare, c.out[i].Data)
		}
	}
	n := min(len(c.replies), icmpsock.Batch)
	c.out = append(append(c.out[:0], c.replies[:n]...), c.stamps...)
	c.replies = c.replies[:copy(c.replies, c.replies[n:])]
	c.stamps = c.stamps[:0]
	return c.out, nil
}

// Facts implements icmpsock.Conn.
func (*reflection) Facts() icmpsock.Facts {
	facts := best
	facts.ID, facts.RecvBuffer, facts.SendBuffer = 1, 64<<20, 64<<20
	return facts
}

// Drops implements icmpsock.Conn.
func (*reflection) Drops() uint32 { return 0 }

// Withheld implements icmpsock.Conn.
func (*reflection) Withheld(*icmpsock.Out, time.Duration) error { return nil }

// Close implements icmpsock.Conn.
func (*reflection) Close() error { return nil }
