package icmpsock

import (
	"encoding/binary"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/wire"
)

// TestReplyFilter runs the filter in x/net's machine.
func TestReplyFilter(t *testing.T) {
	header := make([]byte, 20)
	header[0] = 0x45
	withOptions := make([]byte, 24)
	withOptions[0] = 0x46
	message := func(typ byte, id uint16) []byte {
		m := make([]byte, 8)
		m[0] = typ
		binary.BigEndian.PutUint16(m[4:], id)
		return m
	}
	for _, tt := range []struct {
		name   string
		family wire.Family
		header []byte
		m      []byte
		pass   bool
	}{
		{"our reply", wire.V4, header, message(0, 0x1234), true},
		{"reply to another", wire.V4, header, message(0, 0x1235), false},
		{"our reply behind IP options", wire.V4, withOptions, message(0, 0x1234), true},
		{"reply to another behind IP options", wire.V4, withOptions, message(0, 0x3412), false},
		{"unreachable", wire.V4, header, message(3, 0), true},
		{"time exceeded", wire.V4, header, message(11, 0), true},
		{"cut reply", wire.V4, header, message(0, 0x1234)[:5], false},
		{"our reply", wire.V6, nil, message(129, 0x1234), true},
		{"reply to another", wire.V6, nil, message(129, 0x1235), false},
		{"unreachable", wire.V6, nil, message(1, 0), true},
		{"packet too big", wire.V6, nil, message(2, 1280), true},
	} {
		vm, err := bpf.NewVM(replyFilter(tt.family, 0x1234))
		require.NoError(t, err)
		packet := append(append([]byte(nil), tt.header...), tt.m...)
		n, err := vm.Run(packet)
		require.NoError(t, err)
		assert.Equal(t, tt.pass, n >= len(packet), "%s, %s", tt.family, tt.name)
	}
}

// TestOthersReplies pings by two connections of a host at once.
func TestOthersReplies(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			inNamespace(t, func() {
				n, a := openHere(t, Config{Policy: k.policy}, Class{Family: k.family})
				opened, err := n.Open(Class{Family: k.family, Lane: 1})
				require.NoError(t, err)
				b := opened.(*conn)
				require.NotEqual(t, a.facts.ID, b.facts.ID)
				for _, c := range []*conn{a, b} {
					_, err := c.Send([]Out{{Dst: k.host, Data: request(t, k.family, c.facts.ID, 1, 16)}})
					require.NoError(t, err)
				}
				time.Sleep(10 * time.Millisecond)
				for _, c := range []*conn{a, b} {
					ins := collect(t, c, packets(noStamps{c}, 1))
					assert.Equal(t, 1, count(ins, Packet))
					for _, in := range ins {
						if in.Kind == Packet {
							assert.Equal(t, c.facts.ID, idOf(in.Data))
						}
					}
				}
			})
		})
	}
}

func TestForcedIdentifier(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			inNamespace(t, func() {
				n, c := openHere(t, Config{Policy: k.policy, ID: 4711}, Class{Family: k.family})
				assert.Equal(t, uint16(4711), c.facts.ID)
				_, err := n.Open(Class{Family: k.family, Lane: 1})
				if c.facts.Raw {
					assert.NoError(t, err)
				} else {
					assert.ErrorIs(t, err, unix.EADDRINUSE)
					assert.ErrorContains(t, err, "identifier 4711")
				}
			})
		})
	}
}

// TestEmptyAtFirst opens raw sockets while the host is full of ICMP messages
// that are none of the connection's.
func TestEmptyAtFirst(t *testing.T) {
	inNamespace(t, func() {
		network, err := System(Config{ID: 1})
		require.NoError(t, err)
		defer func() { require.NoError(t, network.Close()) }()
		noise, err := net.ListenPacket("ip4:icmp", "127.0.0.1")
		require.NoError(t, err)
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			to := &net.IPAddr{IP: net.IPv4(127, 0, 0, 1)}
			for m := make([]byte, 8); ; m[5]++ { // replies with all low identifiers
				select {
				case <-stop:
					return
				default:
				}
				if m[5] != 1 {
					_, _ = noise.WriteTo(m, to)
				}
			}
		}()
		for range 100 {
			c, err := network.Open(Class{Family: wire.V4})
			require.NoError(t, err)
			ins, err := c.Recv()
			require.NoError(t, err)
			assert.Empty(t, ins)
			require.NoError(t, c.Close())
		}
		close(stop)
		<-stopped
		require.NoError(t, noise.Close())
	})
}
