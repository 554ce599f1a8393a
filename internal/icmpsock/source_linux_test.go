package icmpsock

import (
	"net"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/wire"
)

// TestLinkLocalSource binds a socket to a source that two links have.
func TestLinkLocalSource(t *testing.T) {
	for _, k := range kinds {
		if k.family == wire.V4 {
			continue
		}
		t.Run(k.name, func(t *testing.T) {
			inNamespace(t, func() {
				for _, d := range []string{"d0", "d1"} {
					run(t, "ip link add "+d+" type veth peer name "+d+"peer")
					run(t, "ip link set "+d+"peer up")
					run(t, "ip link set "+d+" up")
					addAddress(t, "fe80::5/64", d)
					addAddress(t, "fe80::77/64", d)
				}
				iface, err := net.InterfaceByName("d1")
				require.NoError(t, err)
				source, dst := netip.MustParseAddr("fe80::5"), netip.MustParseAddr("fe80::77")
				_, c := openHere(t, Config{Policy: k.policy}, Class{Family: k.family, Source: source, Scope: iface.Index})
				out := Out{Dst: dst, Scope: iface.Index, Data: request(t, k.family, c.facts.ID, 1, 16)}
				out.Options = &Options{Source: netip.MustParseAddr("fe80::9")}
				_, err = c.Send([]Out{out})
				assert.Equal(t, NoSource, CauseOf(err), "%v", err)
				out.Options = &Options{Source: source}
				_, err = c.Send([]Out{out})
				require.NoError(t, err)
				for _, in := range collect(t, c, packets(c, 1)) {
					if in.Kind == Packet {
						assert.Equal(t, source, in.To)
						assert.Equal(t, iface.Index, in.Interface)
					}
				}
			})
		})
	}
}

// TestClassSource binds a socket to its source, which IPv6 datagram sockets
// need.
func TestClassSource(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			source := netip.MustParseAddr("127.0.0.5")
			if k.family == wire.V6 {
				source = netip.MustParseAddr("fd00::5")
			}
			_, c := openIn(t, Config{Policy: k.policy}, Class{Family: k.family, Source: source}, func() {
				addAddress(t, "fd00::5/128", "lo")
				n, err := System(Config{Policy: k.policy})
				require.NoError(t, err)
				for _, foreign := range []string{"2001:db8::1", "192.0.2.1"} {
					_, err = n.Open(Class{Family: k.family, Source: netip.MustParseAddr(foreign)})
					assert.ErrorContains(t, err, foreign)
				}
				require.NoError(t, n.Close())
			})
			_, err := c.Send([]Out{{Dst: k.host, Data: request(t, k.family, c.facts.ID, 1, 16)}})
			require.NoError(t, err)
			for _, in := range collect(t, c, packets(c, 1)) {
				if in.Kind == Packet {
					assert.Equal(t, source, in.To)
				}
			}
		})
	}
}
