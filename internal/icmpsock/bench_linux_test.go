package icmpsock

import (
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/wire"
)

// echoes sends the same batch again and again and receives the replies.
type echoes struct {
	c    Conn
	outs []Out
}

func newEchoes(t testing.TB, c *conn, host netip.Addr) *echoes {
	e := &echoes{c: c}
	var options *Options
	if !c.facts.NoOptions {
		options = &Options{Hops: 64}
	}
	for i := range batchSize {
		e.outs = append(e.outs, Out{
			Dst: host, Key: uint32(i), Options: options,
			Data: request(t, c.class.Family, c.facts.ID, uint16(i), 56),
		})
	}
	return e
}

// round sends one batch and reads until its replies have come: on the loopback
// they have when Send returns.
func (e *echoes) round(t testing.TB) {
	n, err := e.c.Send(e.outs)
	if err != nil || n != len(e.outs) {
		t.Fatalf("sent %d: %v", n, err)
	}
	for replies := 0; replies < n; {
		ins, err := e.c.Recv()
		if err != nil {
			t.Fatal(err)
		}
		for i := range ins {
			if ins[i].Kind == Packet {
				replies++
			}
		}
	}
}

func TestNoAllocations(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			_, c := openIn(t, Config{Policy: k.policy}, Class{Family: k.family}, nil)
			e := newEchoes(t, c, k.host)
			for range 10 {
				e.round(t)
			}
			assert.Zero(t, testing.AllocsPerRun(100, func() { e.round(t) }))
		})
	}
}

// BenchmarkLoopback measures a batch of echoes on the loopback, in which the kernel
// answers itself: requests, replies, and stamps with keys, with quotes or none.
func BenchmarkLoopback(b *testing.B) {
	for _, stamps := range []struct {
		name   string
		config Config
	}{
		{"keys", Config{}},
		{"quotes", Config{NoStampKeys: true}},
		{"nostamps", Config{NoSendStamps: true}},
	} {
		for _, k := range kinds {
			b.Run(k.name+"/"+stamps.name, func(b *testing.B) {
				config := stamps.config
				config.Policy = k.policy
				_, c := openIn(b, config, Class{Family: k.family}, nil)
				benchEchoes(b, newEchoes(b, c, k.host), func() {})
			})
		}
	}
}

// BenchmarkReady is BenchmarkLoopback with an owner that asks to be woken
// after every batch, as an idle engine does.
func BenchmarkReady(b *testing.B) {
	n, c := openIn(b, Config{Policy: RawOnly}, Class{Family: wire.V4}, nil)
	benchEchoes(b, newEchoes(b, c, kinds[0].host), func() {
		select {
		case <-n.Ready():
		default:
		}
	})
}

func benchEchoes(b *testing.B, e *echoes, each func()) {
	b.ReportAllocs()
	cpu := cpuTime(b)
	n := 0
	for b.Loop() {
		e.round(b)
		each()
		n += len(e.outs)
	}
	b.ReportMetric(float64((cpuTime(b)-cpu).Nanoseconds())/float64(n), "cpu-ns/echo")
}

func cpuTime(t testing.TB) time.Duration {
	var usage syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
