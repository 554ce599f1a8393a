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
			storm, saw, c := openInStorm(t, k.policy, k.family)
			outs := requests(t, c, k.host, waiting)
			for range rounds {
				_, err := c.Send(outs)
				require.NoError(t, err)
				saw.replies(t, c.facts.ID, waiting)
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
			var saw onlooker
			_, c := openIn(t, Config{Policy: k.policy}, Class{Family: k.family}, func() { saw = newOnlooker(t, k.family) })
			_, err := c.Send(requests(t, c, k.host, sent))
			require.NoError(t, err)
			saw.replies(t, c.facts.ID, sent)
			ins, err := c.Recv()
			require.NoError(t, err)
			require.Equal(t, Batch, count(ins, Packet))
			require.Equal(t, sent, count(ins, Stamp))
		})
	}
}

// TestRecvEnds has more errors waiting than the buffer holds, as far as Recv knows, as if
// they came as fast as they are read: they must not keep it, nor cost it a packet.
func TestRecvEnds(t *testing.T) {
	const waiting, errors = 50, 5 * Batch
	for _, k := range kinds[2:] { // raw sockets have them as packets
		t.Run(k.name, func(t *testing.T) {
			storm, saw, c := openInStorm(t, k.policy, k.family)
			outs := requests(t, c, k.host, waiting)
			_, err := c.Send(outs)
			require.NoError(t, err)
			saw.replies(t, c.facts.ID, waiting)
			for range errors {
				require.NoError(t, unix.Sendto(storm.fd, storm.message, 0, storm.to))
			}
			for last := uint32(0); last != queued(t, c); time.Sleep(20 * time.Millisecond) {
				last = queued(t, c)
			}
			c.facts.RecvBuffer = 2 * Batch * leastCost
			ins, err := c.Recv()
			require.NoError(t, err)
			require.Equal(t, waiting, count(ins, Packet))
			require.Equal(t, 2*Batch, count(ins, Error))
			ins = collect(t, c, func(ins []In) bool { return count(ins, Error) >= errors-2*Batch })
			require.Equal(t, errors-2*Batch, count(ins, Error))
		})
	}
}

func await(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
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

// onlooker is a raw socket beside a connection: what it has seen, the connection has.
// The kernel gives a reply to the raw socket that was opened last first, and to datagram
// sockets right after the raw ones.
type onlooker struct{ *icmp.PacketConn }

// newOnlooker opens a socket in the namespace of the calling thread.
func newOnlooker(t *testing.T, family wire.Family) onlooker {
	t.Helper()
	network, address := "ip4:icmp", "0.0.0.0"
	if family == wire.V6 {
		network, address = "ip6:ipv6-icmp", "::"
	}
	p, err := icmp.ListenPacket(network, address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Close() })
	if family == wire.V6 {
		var f ipv6.ICMPFilter
		f.SetAll(true)
		f.Accept(ipv6.ICMPTypeEchoReply)
		require.NoError(t, p.IPv6PacketConn().SetICMPFilter(&f))
		return onlooker{p}
	}
	var f ipv4.ICMPFilter
	f.SetAll(true)
	f.Accept(ipv4.ICMPTypeEchoReply)
	require.NoError(t, p.IPv4PacketConn().SetICMPFilter(&f))
	return onlooker{p}
}

// replies waits for n replies with an identifier.
func (o onlooker) replies(t *testing.T, id uint16, n int) {
	t.Helper()
	require.NoError(t, o.SetReadDeadline(time.Now().Add(patience)))
	m := make([]byte, 1500)
	for n > 0 {
		length, _, err := o.ReadFrom(m)
		require.NoError(t, err)
		if isReply(m[:length]) && idOf(m) == id {
			n--
		}
	}
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

// openInStorm opens a connection beside a storm about it and an onlooker.
func openInStorm(t *testing.T, policy Policy, family wire.Family) (storm *errorStorm, saw onlooker, c *conn) {
	t.Helper()
	_, c = openIn(t, Config{Policy: policy, NoSendStamps: true}, Class{Family: family}, func() {
		storm, saw = newErrorStorm(t, family), newOnlooker(t, family)
	})
	storm.about(t, c)
	return storm, saw, c
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
