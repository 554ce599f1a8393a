package icmpsock

import (
	"net"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

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

// TestInvalid has the kernel say "invalid", as it does to a blackhole route, to options
// that do not fit, and where the IPv6 neighbour table is full. That table is one for
// the whole host, and is not filled here: the error is as if.
func TestInvalid(t *testing.T) {
	inNamespace(t, func() {
		run(t, "ip link add near type veth peer name far")
		run(t, "ip link set far up")
		run(t, "ip link set near up")
		addAddress(t, "fd05::1/64", "near")
		run(t, "ip -6 route add blackhole fd09::1")
		near, err := net.InterfaceByName("near")
		require.NoError(t, err)
		_, c := openHere(t, Config{Policy: RawOnly}, Class{Family: wire.V6})
		for _, tt := range []struct {
			dst     string
			options *Options
			want    Cause
		}{
			{"fd05::2", nil, NoBuffers},
			{"fd05::2", &Options{Hops: 64, TrafficClass: 0xb8}, NoBuffers},
			{"fd05::2", &Options{Interface: near.Index}, NoBuffers},
			{"fd05::2", &Options{Source: netip.MustParseAddr("fd05::1")}, NoBuffers},
			{"fd05::2", &Options{Source: netip.MustParseAddr("fd05::7")}, NoSource},
			{"fd05::2", &Options{Source: netip.MustParseAddr("fe80::7")}, Blackhole},
			{"fd05::2", &Options{Hops: 256}, Blackhole},
			{"fd05::2", &Options{TrafficClass: 256}, Blackhole},
			{"fd05::2", &Options{Interface: 9999}, Blackhole},
			{"fd09::1", nil, Blackhole},
			{"fd09::1", &Options{Hops: 64}, Blackhole},
		} {
			err := c.sendError(unix.EINVAL, &Out{Dst: netip.MustParseAddr(tt.dst), Options: tt.options})
			assert.Equal(t, tt.want, CauseOf(err), "%s %+v: %v", tt.dst, tt.options, err)
		}
	})
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
