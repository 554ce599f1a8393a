package icmpsock

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/wire"
)

// TestRecvEmptiesDespiteErrors: an ICMP error that comes while recvmmsg(2) reads has
// it return before the socket is empty. Whoever took that for all that has arrived
// would judge lost what waits to be read.
func TestRecvEmptiesDespiteErrors(t *testing.T) {
	const waiting, rounds = 50, 100
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			var storm *errorStorm
			_, c := openIn(t, Config{Policy: k.policy, NoSendStamps: true}, Class{Family: k.family}, func() {
				storm = newErrorStorm(t, k.family)
			})
			storm.about(t, c)
			outs := make([]Out, waiting)
			for i := range outs {
				outs[i] = Out{Dst: k.host, Data: request(t, k.family, c.facts.ID, uint16(i), 16)}
			}
			_, err := c.Send(outs)
			require.NoError(t, err)
			time.Sleep(50 * time.Millisecond) // the loopback delivers at once, as a rule
			full := queued(t, c)
			require.Len(t, collect(t, c, packets(c, waiting)), waiting)

			for range rounds {
				_, err := c.Send(outs)
				require.NoError(t, err)
				await(t, func() bool { return queued(t, c) >= full })
				end := storm.begin()
				ins, err := c.Recv()
				end()
				require.NoError(t, err)
				if count(ins, Packet) < Batch {
					require.Equal(t, waiting, replies(ins))
				}
				await(t, func() bool {
					_, err := c.Recv()
					require.NoError(t, err)
					time.Sleep(time.Millisecond) // an error may still be on its way
					return queued(t, c) == 0
				})
			}
		})
	}
}

// TestRecvTheWholeErrorQueue has more waiting than one system call reads: the stamps
// of all come with the first replies.
func TestRecvTheWholeErrorQueue(t *testing.T) {
	const sent = 3 * Batch
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			_, c := openIn(t, Config{Policy: k.policy}, Class{Family: k.family}, nil)
			var outs []Out
			for i := range sent {
				outs = append(outs, Out{Dst: k.host, Data: request(t, k.family, c.facts.ID, uint16(i), 16)})
			}
			var one uint32 // what a reply and a stamp take
			for range 5 {
				_, err := c.Send(outs[:1])
				require.NoError(t, err)
				time.Sleep(10 * time.Millisecond)
				one = max(one, queued(t, c))
				collect(t, c, packets(c, 1))
			}
			_, err := c.Send(outs)
			require.NoError(t, err)
			await(t, func() bool { return queued(t, c) >= sent*one })
			ins, err := c.Recv()
			require.NoError(t, err)
			require.Equal(t, Batch, count(ins, Packet))
			require.Equal(t, sent, count(ins, Stamp))
		})
	}
}

func await(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Second); !done(); {
		if time.Now().After(deadline) {
			t.Fatal("not within 3 s")
		}
	}
}

// queued returns how much of its receive buffer a socket uses.
func queued(t *testing.T, c *conn) uint32 {
	t.Helper()
	m, err := readMeminfo(c.fd)
	require.NoError(t, err)
	return m[unix.SK_MEMINFO_RMEM_ALLOC]
}

func replies(ins []In) int {
	n := 0
	for _, in := range ins {
		if in.Kind == Packet && isReply(in.Data) {
			n++
		}
	}
	return n
}

// errorStorm is a host that sends ICMP errors about a connection's requests.
type errorStorm struct {
	fd      int
	to      unix.Sockaddr
	message []byte
}

// newErrorStorm opens a socket in the namespace of the calling thread.
func newErrorStorm(t *testing.T, family wire.Family) *errorStorm {
	t.Helper()
	s := &errorStorm{to: &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}}
	domain, proto := unix.AF_INET, unix.IPPROTO_ICMP
	if family == wire.V6 {
		domain, proto = unix.AF_INET6, unix.IPPROTO_ICMPV6
		s.to = &unix.SockaddrInet6{Addr: [16]byte{15: 1}}
	}
	var err error
	s.fd, err = unix.Socket(domain, unix.SOCK_RAW, proto)
	require.NoError(t, err)
	t.Cleanup(func() { _ = unix.Close(s.fd) })
	return s
}

// about makes the message.
func (s *errorStorm) about(t *testing.T, c *conn) {
	t.Helper()
	m := icmp.Message{Type: ipv4.ICMPTypeDestinationUnreachable, Code: 1}
	quoted := make([]byte, 20)
	quoted[0], quoted[8], quoted[9], quoted[12], quoted[15], quoted[16], quoted[19] = 0x45, 64, 1, 127, 1, 127, 1
	if c.class.Family == wire.V6 {
		m.Type, m.Code = ipv6.ICMPTypeDestinationUnreachable, 3
		quoted = make([]byte, 40)
		quoted[0], quoted[5], quoted[6], quoted[7], quoted[23], quoted[39] = 0x60, 24, 58, 64, 1, 1
	}
	m.Body = &icmp.DstUnreach{Data: append(quoted, request(t, c.class.Family, c.facts.ID, 9999, 16)...)}
	var err error
	s.message, err = m.Marshal(nil)
	require.NoError(t, err)
}

// begin sends as fast as it can, and returns when the first error has left.
func (s *errorStorm) begin() (end func()) {
	var over atomic.Bool
	begun, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		_ = unix.Sendto(s.fd, s.message, 0, s.to)
		close(begun)
		for !over.Load() {
			_ = unix.Sendto(s.fd, s.message, 0, s.to)
		}
	}()
	<-begun
	return func() {
		over.Store(true)
		<-ended
	}
}
