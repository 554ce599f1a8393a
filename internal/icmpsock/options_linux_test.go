package icmpsock

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"github.com/rawping/rawping/internal/wire"
)

// seen is what another socket of the host sees of a request.
type seen struct {
	hops, class int
	from        netip.Addr
	df          bool
}

// observe4 returns what of the next request with that sequence number.
func observe4(t testing.TB, pc net.PacketConn) func(seq uint16) seen {
	raw, err := ipv4.NewRawConn(pc)
	require.NoError(t, err)
	require.NoError(t, raw.SetReadDeadline(time.Now().Add(patience)))
	return func(seq uint16) seen {
		b := make([]byte, 70000)
		for {
			h, p, _, err := raw.ReadFrom(b)
			require.NoError(t, err)
			if p[0] == byte(ipv4.ICMPTypeEcho) && seqOf(p) == seq {
				from, _ := netip.AddrFromSlice(h.Src.To4())
				return seen{h.TTL, h.TOS, from, h.Flags&ipv4.DontFragment != 0}
			}
		}
	}
}

func observe6(t testing.TB, pc net.PacketConn) func(seq uint16) seen {
	p6 := ipv6.NewPacketConn(pc)
	require.NoError(t, p6.SetControlMessage(ipv6.FlagHopLimit|ipv6.FlagTrafficClass, true))
	require.NoError(t, p6.SetReadDeadline(time.Now().Add(patience)))
	return func(seq uint16) seen {
		b := make([]byte, 70000)
		for {
			n, cm, from, err := p6.ReadFrom(b)
			require.NoError(t, err)
			if n >= 8 && b[0] == byte(ipv6.ICMPTypeEchoRequest) && seqOf(b) == seq {
				addr, _ := netip.AddrFromSlice(from.(*net.IPAddr).IP)
				return seen{hops: cm.HopLimit, class: cm.TrafficClass, from: addr}
			}
		}
	}
}

func TestOptions(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			source := netip.MustParseAddr("127.0.0.5")
			if k.family == wire.V6 {
				source = netip.MustParseAddr("fd00::5")
			}
			var observe func(uint16) seen
			_, c := openIn(t, Config{Policy: k.policy}, Class{Family: k.family}, func() {
				network, host := "ip4:icmp", "127.0.0.1"
				if k.family == wire.V6 {
					addAddress(t, "fd00::5/128", "lo")
					network, host = "ip6:ipv6-icmp", "::1"
				}
				pc, err := net.ListenPacket(network, host)
				require.NoError(t, err)
				t.Cleanup(func() { _ = pc.Close() })
				if k.family == wire.V6 {
					observe = observe6(t, pc)
				} else {
					observe = observe4(t, pc)
				}
			})
			type test struct {
				options *Options
				want    seen
			}
			cases := []test{
				{nil, seen{64, 0, k.host, false}},
				{&Options{Hops: 7}, seen{7, 0, k.host, false}},
				{&Options{Hops: 255, TrafficClass: 0xb8}, seen{255, 0xb8, k.host, false}},
				{&Options{Source: source}, seen{64, 0, source, false}},
				{&Options{Interface: 1}, seen{64, 0, k.host, false}},
				{&Options{Hops: 1, TrafficClass: 0x20, Source: source, Interface: 1}, seen{1, 0x20, source, false}},
				{nil, seen{64, 0, k.host, false}},
			}
			if c.facts.OneSource {
				cases = slices.DeleteFunc(cases, func(tt test) bool { return tt.options != nil && tt.options.Source.IsValid() })
			}
			if c.facts.NoOptions { // TestNoOptions
				cases = slices.DeleteFunc(cases, func(tt test) bool { return tt.options != nil })
			}
			var outs []Out
			for i, tt := range cases {
				data := request(t, k.family, c.facts.ID, uint16(i), 16)
				outs = append(outs, Out{Dst: k.host, Options: tt.options, Data: data})
			}
			n, err := c.Send(outs)
			require.NoError(t, err)
			require.Equal(t, len(outs), n)
			for i, tt := range cases {
				assert.Equal(t, tt.want, observe(uint16(i)), "case %d", i)
			}
			for _, in := range collect(t, c, packets(c, len(cases))) {
				if in.Kind == Packet { // the kernel answers with the class, from and to the same addresses
					want := cases[seqOf(in.Data)].want
					assert.Equal(t, want.class, in.TrafficClass)
					assert.Equal(t, want.from, in.To)
					assert.Equal(t, k.host, in.From)
				}
			}
		})
	}
}

func TestDontFragment(t *testing.T) {
	for _, k := range kinds {
		for _, df := range []bool{false, true} {
			name := k.name + "/may"
			if df {
				name = k.name + "/mustnot"
			}
			t.Run(name, func(t *testing.T) {
				inNamespace(t, func() {
					run(t, "ip link set lo mtu 1400")
					var observe func(uint16) seen
					if k.family == wire.V4 {
						pc, err := net.ListenPacket("ip4:icmp", "127.0.0.1")
						require.NoError(t, err)
						defer func() { _ = pc.Close() }()
						observe = observe4(t, pc)
					}
					_, c := openHere(t, Config{Policy: k.policy}, Class{Family: k.family, DontFragment: df})
					n, err := c.Send([]Out{
						{Dst: k.host, Data: request(t, k.family, c.facts.ID, 1, 16)},
						{Dst: k.host, Data: request(t, k.family, c.facts.ID, 2, 1500)},
					})
					if observe != nil {
						assert.Equal(t, df, observe(1).df)
					}
					if df {
						checkTooBig(t, c, n, err)
						return
					}
					require.NoError(t, err)
					require.Equal(t, 2, n)
					collect(t, c, packets(noStamps{c}, 2))
				})
			})
		}
	}
}

// checkTooBig checks that the second packet was longer than an MTU of 1400.
func checkTooBig(t *testing.T, c *conn, n int, err error) {
	t.Helper()
	require.Equal(t, 1, n)
	assert.Equal(t, TooBig, CauseOf(err))
	var tooBig *TooBigError
	require.ErrorAs(t, err, &tooBig)
	assert.Equal(t, 1400, tooBig.MTU)
	ins := collect(t, c, packets(noStamps{c}, 1))
	assert.Zero(t, count(ins, Error), "a local error is no ICMP error")
}

// TestPathMTU has two ways to a host, one of which is narrower.
func TestPathMTU(t *testing.T) {
	for _, k := range kinds {
		if k.family == wire.V6 {
			continue
		}
		t.Run(k.name, func(t *testing.T) {
			inNamespace(t, func() {
				for _, link := range []struct{ name, mtu, net string }{{"wide", "1400", "10.5.0."}, {"narrow", "1300", "10.6.0."}} {
					run(t, "ip link add "+link.name+" mtu "+link.mtu+" type veth peer name "+link.name+"peer")
					run(t, "ip link set "+link.name+"peer up")
					run(t, "ip link set "+link.name+" up")
					run(t, "ip addr add "+link.net+"1/24 dev "+link.name)
				}
				run(t, "ip route add 10.9.0.0/24 via 10.5.0.2")
				run(t, "ip route add 10.9.0.0/24 via 10.6.0.2 metric 9")
				run(t, "ip route add 10.9.0.0/24 via 10.6.0.2 table 100")
				run(t, "ip rule add fwmark 7 lookup 100")
				narrow, err := net.InterfaceByName("narrow")
				require.NoError(t, err)
				for _, way := range []struct {
					mark    uint32
					options *Options
					mtu     int
				}{{0, nil, 1400}, {0, &Options{Interface: narrow.Index}, 1300}, {7, nil, 1300}, {0, nil, 1400}} {
					_, c := openHere(t, Config{Policy: k.policy}, Class{Family: k.family, DontFragment: true, Mark: way.mark})
					_, err := c.Send([]Out{{
						Dst: netip.MustParseAddr("10.9.0.1"), Data: request(t, k.family, c.facts.ID, 1, 1500), Options: way.options,
					}})
					var tooBig *TooBigError
					require.ErrorAs(t, err, &tooBig)
					assert.Equal(t, way.mtu, tooBig.MTU)
				}
			})
		})
	}
}

// TestLargest sends the largest echo requests there are, and one beyond.
func TestLargest(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			_, c := openIn(t, Config{Policy: k.policy}, Class{Family: k.family}, nil)
			largest := 65507
			if k.family == wire.V6 {
				largest = 65527 - 40 // the kernel keeps to the length of its own MTU
			}
			_, err := c.Send([]Out{{Dst: k.host, Data: request(t, k.family, c.facts.ID, 1, largest)}})
			require.NoError(t, err)
			for _, in := range collect(t, c, packets(c, 1)) {
				if in.Kind == Packet {
					assert.False(t, in.Truncated)
					assert.Len(t, in.Data, 8+largest)
				}
			}
			n, err := c.Send([]Out{{Dst: k.host, Data: request(t, k.family, c.facts.ID, 2, 65536)}})
			assert.Zero(t, n)
			assert.Equal(t, TooBig, CauseOf(err))
		})
	}
}

func TestTruncated(t *testing.T) {
	var forger net.PacketConn
	_, c := openIn(t, Config{Policy: RawOnly}, Class{Family: wire.V4}, func() {
		var err error
		forger, err = net.ListenPacket("ip4:icmp", "127.0.0.2")
		require.NoError(t, err)
	})
	defer func() { _ = forger.Close() }()
	reply := make([]byte, 5000) // type 0: echo reply
	binary.BigEndian.PutUint16(reply[4:], c.facts.ID)
	_, err := forger.WriteTo(reply, &net.IPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	in := collect(t, c, packets(Conn(noStamps{c}), 1))[0]
	assert.True(t, in.Truncated)
	assert.Len(t, in.Data, minRecvSize-20)
	assert.Equal(t, "127.0.0.2", in.From.String())
}

// noStamps is a connection that says it has no transmit stamps.
type noStamps struct{ *conn }

func (c noStamps) Facts() Facts { return Facts{} }

func TestLinkLocal(t *testing.T) {
	for _, k := range kinds {
		if k.family == wire.V4 {
			continue
		}
		t.Run(k.name, func(t *testing.T) {
			var index int
			_, c := openIn(t, Config{Policy: k.policy}, Class{Family: k.family}, func() {
				for _, d := range []string{"d0", "d1"} {
					run(t, "ip link add "+d+" type veth peer name "+d+"peer")
					run(t, "ip link set "+d+"peer up")
					run(t, "ip link set "+d+" up")
				}
				addAddress(t, "fe80::77/64", "d0")
				addAddress(t, "fe80::77/64", "d1")
				iface, err := net.InterfaceByName("d1")
				require.NoError(t, err)
				index = iface.Index
			})
			dst := netip.MustParseAddr("fe80::77")
			_, err := c.Send([]Out{{Dst: dst, Scope: index, Data: request(t, k.family, c.facts.ID, 1, 16)}})
			require.NoError(t, err)
			for _, in := range collect(t, c, packets(c, 1)) {
				if in.Kind == Packet {
					assert.Equal(t, dst, in.From)
					assert.Equal(t, index, in.Scope)
				}
			}
		})
	}
}

// TestMark: what is refused from the first packet on is known even where the stamps of
// older kernels are the only proof.
func TestMark(t *testing.T) {
	needTool(t, "nft")
	for _, k := range kinds {
		for _, quotes := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s quotes %v", k.name, quotes), func(t *testing.T) {
				testMark(t, Config{Policy: k.policy, NoStampKeys: quotes}, k.family, k.host)
			})
		}
	}
}

func testMark(t *testing.T, config Config, family wire.Family, host netip.Addr) {
	t.Helper()
	_, c := openIn(t, config, Class{Family: family, Mark: 7}, func() {
		run(t, "nft add table inet f")
		run(t, "nft add chain inet f o { type filter hook output priority 0 ; }")
		run(t, "nft add rule inet f o meta mark 7 drop")
	})
	o := Out{Dst: host, Data: request(t, family, c.facts.ID, 1, 16)}
	_, err := c.Send([]Out{o})
	if c.facts.SilentRefusal {
		needStamps(t, c, false)
		require.NoError(t, err)
		time.Sleep(10 * time.Millisecond)
		ins, recvErr := c.Recv()
		require.NoError(t, recvErr)
		assert.Empty(t, ins)
		err = c.Withheld(&o, time.Minute)
	}
	assert.Equal(t, Firewall, CauseOf(err))
}

// TestNoOptions: where the kernel would ignore them, a packet with options is not sent
// without them.
func TestNoOptions(t *testing.T) {
	k := kinds[3]
	source := netip.MustParseAddr("fd00::5")
	_, c := openIn(t, Config{Policy: k.policy, NoOptions: true}, Class{Family: k.family, Source: source}, func() {
		addAddress(t, "fd00::5/128", "lo")
	})
	assert.False(t, c.facts.SendStamps)
	good := Out{Dst: k.host, Options: &Options{Source: source}, Data: request(t, k.family, c.facts.ID, 1, 16)}
	for _, options := range []Options{{Hops: 7}, {TrafficClass: 8}, {Interface: 1}, {Hops: 7, Source: source}} {
		bad := good
		bad.Options = &options
		n, err := c.Send([]Out{good, bad, good})
		assert.Equal(t, 1, n)
		assert.Equal(t, OtherCause, CauseOf(err))
		assert.ErrorContains(t, err, "takes no TTL, traffic class or interface before Linux 5.18")
	}
	ins := collect(t, c, packets(c, 4))
	assert.Len(t, ins, 4)
	assert.Equal(t, source, ins[0].To)

	for _, k := range kinds[:3] {
		_, c := openIn(t, Config{Policy: k.policy, NoOptions: true}, Class{Family: k.family}, nil)
		assert.False(t, c.facts.NoOptions, "%s: no kernel is so", k.name)
	}
}
