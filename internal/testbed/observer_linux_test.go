package testbed

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"github.com/rawping/rawping/internal/wire"
)

var families = []wire.Family{wire.V4, wire.V6}

// observer is a raw socket in the client, on a codec that is not the bed's own.
type observer struct {
	t      testing.TB
	family wire.Family
	conn   *icmp.PacketConn
}

// heard is an ICMP message that reached the client.
type heard struct {
	*icmp.Message
	raw  []byte
	from netip.Addr
	at   time.Time
}

func (h heard) echo() *icmp.Echo { return h.Body.(*icmp.Echo) }

func observe(t testing.TB, b *Bed, f wire.Family) *observer {
	t.Helper()
	network, address := "ip4:icmp", "0.0.0.0"
	if f == wire.V6 {
		network, address = "ip6:ipv6-icmp", "::"
	}
	o := &observer{t: t, family: f}
	require.NoError(t, b.Client.Do(func() (err error) {
		o.conn, err = icmp.ListenPacket(network, address)
		return err
	}))
	t.Cleanup(func() { _ = o.conn.Close() })
	return o
}

// payload is 56 bytes, all different.
func payload() []byte {
	b := make([]byte, 56)
	for i := range b {
		b[i] = byte(i + 1)
	}
	return b
}

const id = 0x1234

// How long a test waits for what must happen, and how often it looks.
const (
	eventually = time.Minute
	tick       = time.Millisecond
)

// send sends an echo request.
func (o *observer) send(to netip.Addr, seq int, data []byte) {
	o.t.Helper()
	m := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: id, Seq: seq, Data: data}}
	if o.family == wire.V6 {
		m.Type = ipv6.ICMPTypeEchoRequest
	}
	b, err := m.Marshal(nil)
	require.NoError(o.t, err)
	_, err = o.conn.WriteTo(b, &net.IPAddr{IP: to.AsSlice()})
	require.NoError(o.t, err)
}

// next returns the next message that is no neighbour discovery; false if none
// comes for so long.
func (o *observer) next(wait time.Duration) (heard, bool) {
	o.t.Helper()
	require.NoError(o.t, o.conn.SetReadDeadline(time.Now().Add(wait)))
	b := make([]byte, 1<<16)
	for {
		n, from, err := o.conn.ReadFrom(b)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return heard{}, false
		}
		require.NoError(o.t, err)
		proto := 1
		if o.family == wire.V6 {
			proto = 58
			if b[0] > 4 && b[0] != 129 {
				continue
			}
		}
		m, err := icmp.ParseMessage(proto, b[:n])
		if err != nil { // a cut message is somebody's matter all the same
			m = &icmp.Message{}
		}
		addr, _ := netip.AddrFromSlice(from.(*net.IPAddr).IP)
		return heard{m, b[:n], addr.Unmap(), time.Now()}, true
	}
}

// must is next for a message that has to come.
func (o *observer) must() heard {
	o.t.Helper()
	h, ok := o.next(eventually)
	require.True(o.t, ok, "nothing came")
	return h
}

// nothing asserts that no more comes.
func (o *observer) nothing() {
	o.t.Helper()
	h, ok := o.next(30 * time.Millisecond)
	require.False(o.t, ok, "%+v came from %v", h.Message, h.from)
}
