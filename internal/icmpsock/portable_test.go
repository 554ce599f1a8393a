//go:build !linux

package icmpsock

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"github.com/rawping/rawping/internal/wire"
)

// openPortable opens a connection, or skips where the user has no right to.
func openPortable(t *testing.T, class Class) (Network, Conn) {
	t.Helper()
	n, err := System(Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, n.Close()) })
	c, err := n.Open(class)
	if errors.Is(err, os.ErrPermission) || runtime.GOOS == "windows" && err != nil {
		if os.Getenv("RAWPING_REQUIRE_ALL") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	require.NoError(t, err)
	return n, c
}

func TestPortableLoopback(t *testing.T) {
	for family, host := range map[wire.Family]string{wire.V4: "127.0.0.1", wire.V6: "::1"} {
		t.Run(family.String(), func(t *testing.T) {
			n, c := openPortable(t, Class{Family: family})
			facts := c.Facts()
			assert.False(t, facts.RecvStamps || facts.SendStamps)
			assert.Positive(t, facts.RecvBuffer)
			m := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: int(facts.ID), Seq: 7, Data: make([]byte, 16)}}
			if family == wire.V6 {
				m.Type = ipv6.ICMPTypeEchoRequest
			}
			data, err := m.Marshal(nil)
			require.NoError(t, err)
			out := Out{Dst: netip.MustParseAddr(host), Data: data}
			limited := out
			limited.Options = &Options{Hops: 9, TrafficClass: 0x20, Source: out.Dst}
			before := time.Now().UnixNano()
			sent, err := c.Send([]Out{out, limited, out})
			require.NoError(t, err)
			require.Equal(t, 3, sent)

			var got []In
			for len(got) < 3 {
				select {
				case <-n.Ready():
				case <-time.After(time.Minute):
					t.Fatalf("%d replies", len(got))
				}
				ins, err := c.Recv()
				require.NoError(t, err)
				got = append(got, ins...)
			}
			for _, in := range got {
				assert.Equal(t, host, in.From.String())
				assert.Equal(t, m.Body.(*icmp.Echo).Seq, int(in.Data[7]))
				assert.GreaterOrEqual(t, in.Time, before)
			}
			ins, err := c.Recv()
			require.NoError(t, err)
			assert.Empty(t, ins)
		})
	}
}

func TestPortableClose(t *testing.T) {
	n, c := openPortable(t, Class{Family: wire.V4})
	sent, err := c.Send([]Out{{Dst: netip.MustParseAddr("::1"), Data: make([]byte, 8)}})
	assert.Zero(t, sent)
	assert.Equal(t, OtherCause, CauseOf(err))
	require.NoError(t, c.Close())
	require.NoError(t, c.Close())
	sent, err = c.Send([]Out{{Dst: netip.MustParseAddr("127.0.0.1"), Data: make([]byte, 8)}})
	assert.Zero(t, sent)
	assert.Equal(t, SocketLost, CauseOf(err))
	_, err = c.Recv()
	assert.Equal(t, SocketLost, CauseOf(err))
	require.NoError(t, n.Close())
	require.NoError(t, n.Close())
	_, err = n.Open(Class{Family: wire.V4})
	assert.ErrorIs(t, err, net.ErrClosed)
	_, err = (&network{}).Open(Class{Family: wire.V4, Mark: 1})
	assert.ErrorIs(t, err, errors.ErrUnsupported)
}
