package icmpsock

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/wire"
)

// prepareWays makes an interface with neighbours in every state, routes over them,
// and two interfaces that do not tell what leaves by them.
func prepareWays(t testing.TB) {
	run(t, "ip link add near type veth peer name far")
	writeSetting(t, "net/ipv6/neigh/near/base_reachable_time_ms", "3600000")
	writeSetting(t, "net/ipv6/neigh/near/delay_first_probe_time", "3600")
	run(t, "ip link set far up")
	run(t, "ip link set near up")
	addAddress(t, "fd05::1/64", "near")
	addAddress(t, "fe80::5/64", "near")
	for addr, state := range map[string]string{
		"fd05::11": "permanent", "fd05::12": "reachable", "fd05::13": "stale", "fd05::14": "stale", "fd05::15": "noarp",
		"fd05::21": "probe", "fe80::11": "permanent",
	} {
		run(t, "ip -6 neigh replace "+addr+" lladdr 02:00:00:00:00:02 dev near nud "+state)
	}
	for _, addr := range []string{"fd05::22", "fe80::22"} {
		run(t, "ip -6 neigh replace "+addr+" dev near nud failed")
	}
	run(t, "ip -6 neigh replace fd05::23 dev near nud incomplete")

	run(t, "ip -6 route add fd11::/64 via fd05::11")
	run(t, "ip -6 route add fd22::/64 via fd05::22")
	run(t, "ip -6 route add fd24::/64 via fd05::24")
	run(t, "ip -6 route add fd31::/64 nexthop via fd05::11 nexthop via fd05::12")
	run(t, "ip -6 route add fd32::/64 encap ip6 dst fd05::11 via fd05::11")
	run(t, "ip -6 route add unreachable fd33::/64")
	run(t, "ip -6 rule add fwmark 7 lookup 77")
	run(t, "ip -6 route add fd11::/64 via fd05::22 table 77")
	run(t, "ip -6 rule add from fd05::1 lookup 78")
	run(t, "ip -6 route add fd11::/64 via fd05::22 table 78")
	run(t, "ip -6 rule add tos 0x10 lookup 79")
	run(t, "ip -6 route add fd11::/64 via fd05::22 table 79")

	run(t, "ip link add sibling link far type macvlan mode bridge")
	run(t, "ip link add bridge type bridge")
	for dev, prefix := range map[string]string{"sibling": "fd41::", "bridge": "fd42::"} {
		run(t, "ip link set "+dev+" up")
		addAddress(t, prefix+"1/64", dev)
		run(t, "ip -6 neigh add "+prefix+"11 lladdr 02:00:00:00:00:02 dev "+dev+" nud permanent")
	}
}

// used sends to a stale neighbour, whose state is "delay" from then on.
func used(t *testing.T, iface int, neighbour netip.Addr) {
	t.Helper()
	_, c := openHere(t, Config{Policy: DatagramOnly}, Class{Family: wire.V6})
	needStamps(t, c, false)
	_, err := c.Send([]Out{{Dst: neighbour, Data: request(t, wire.V6, c.facts.ID, 1, 16)}})
	require.NoError(t, err)
	state, ok := c.witness.kernel.neighbour(iface, neighbour)
	require.True(t, ok)
	require.Equal(t, uint16(unix.NUD_DELAY), state)
}

// TestWithheld asks about packets that were never sent: the way is what counts.
func TestWithheld(t *testing.T) {
	inNamespace(t, func() {
		prepareWays(t)
		iface, err := net.InterfaceByName("near")
		require.NoError(t, err)
		near := iface.Index
		used(t, near, netip.MustParseAddr("fd05::14"))
		for name, tt := range map[string]struct {
			class    Class
			dst      string
			scope    int
			options  *Options
			size     int
			withheld bool
		}{
			"loopback":                      {dst: "::1", withheld: true},
			"own address":                   {dst: "fd05::1", withheld: true},
			"neighbour, permanent":          {dst: "fd05::11", withheld: true},
			"neighbour, reachable":          {dst: "fd05::12", withheld: true},
			"neighbour, stale":              {dst: "fd05::13", withheld: true},
			"neighbour, delay":              {dst: "fd05::14", withheld: true},
			"neighbour, no ARP":             {dst: "fd05::15", withheld: true},
			"neighbour, probe":              {dst: "fd05::21"},
			"neighbour, failed":             {dst: "fd05::22"},
			"neighbour, incomplete":         {dst: "fd05::23"},
			"neighbour, none":               {dst: "fd05::24"},
			"link-local":                    {dst: "fe80::11", scope: near, withheld: true},
			"link-local, failed":            {dst: "fe80::22", scope: near},
			"link-local, elsewhere":         {dst: "fe80::11", scope: 1},
			"gateway":                       {dst: "fd11::1", withheld: true},
			"gateway, by its interface":     {dst: "fd11::1", options: &Options{Interface: near}, withheld: true},
			"gateway, by another interface": {dst: "fd11::1", options: &Options{Interface: 1}},
			"gateway, of a class":           {dst: "fd11::1", options: &Options{TrafficClass: 0x10}},
			"gateway, of a mark":            {class: Class{Mark: 7}, dst: "fd11::1"},
			"gateway, of a source":          {class: Class{Source: netip.MustParseAddr("fd05::1")}, dst: "fd11::1"},
			"gateway, failed":               {dst: "fd22::1"},
			"gateway, none":                 {dst: "fd24::1"},
			"several gateways":              {dst: "fd31::1"},
			"encapsulation":                 {dst: "fd32::1"},
			"unreachable":                   {dst: "fd33::1"},
			"no route":                      {dst: "fd34::1"},
			"multicast":                     {dst: "ff02::1", options: &Options{Interface: near}},
			"macvlan":                       {dst: "fd41::11"},
			"bridge":                        {dst: "fd42::11"},
			"whole on every link":           {dst: "fd11::1", size: 1240, withheld: true},
			"perhaps in fragments":          {dst: "fd11::1", size: 1241},
		} {
			tt.class.Family = wire.V6
			_, c := openHere(t, Config{Policy: DatagramOnly}, tt.class)
			o := Out{Dst: netip.MustParseAddr(tt.dst), Scope: tt.scope, Options: tt.options, Data: make([]byte, max(8, tt.size))}
			err := c.Withheld(&o, time.Minute)
			if !tt.withheld {
				assert.NoError(t, err, name)
				continue
			}
			assert.Equal(t, Firewall, CauseOf(err), name)
			assert.ErrorIs(t, err, unix.EPERM, name)
		}

		withoutRights(t)
		_, c := openHere(t, Config{Policy: DatagramOnly}, Class{Family: wire.V6})
		assert.Error(t, c.Withheld(&Out{Dst: netip.MustParseAddr("fd11::1"), Data: make([]byte, 8)}, time.Minute))
	})
}

// TestWithheldOthers: the other kinds of sockets say at once what was refused.
func TestWithheldOthers(t *testing.T) {
	for _, k := range kinds {
		_, c := openIn(t, Config{Policy: k.policy}, Class{Family: k.family}, nil)
		o := Out{Dst: k.host, Data: request(t, k.family, c.facts.ID, 1, 16)}
		assert.Equal(t, c.facts.SilentRefusal && c.facts.SendStamps, c.Withheld(&o, time.Minute) != nil, k.name)

		_, c = openIn(t, Config{Policy: k.policy, NoSendStamps: true}, Class{Family: k.family}, nil)
		require.NoError(t, c.Withheld(&o, time.Minute), "%s: no stamps, no proof", k.name)
	}
}

// TestWithheldDoubts: where a stamp may have been lost, its lack proves nothing.
func TestWithheldDoubts(t *testing.T) {
	k := kinds[3]
	for _, quotes := range []bool{false, true} {
		t.Run(fmt.Sprint("quotes ", quotes), func(t *testing.T) {
			_, c := openIn(t, Config{Policy: k.policy, NoStampKeys: quotes, RecvBuffer: 1 << 16}, Class{Family: k.family}, nil)
			needStamps(t, c, false)
			o := Out{Dst: k.host, Data: request(t, k.family, c.facts.ID, 1, 16)}
			require.Error(t, c.Withheld(&o, time.Minute))
			c.witness.sure = false
			require.NoError(t, c.Withheld(&o, time.Minute), "stamps that bring the packet back may be forbidden")
			_, err := c.Send([]Out{o})
			require.NoError(t, err)
			collect(t, c, packets(c, 1)) // a stamp has been seen
			require.Error(t, c.Withheld(&o, time.Minute))

			// A stamp that is there and has not been read.
			_, err = c.Send([]Out{o})
			require.NoError(t, err)
			require.NoError(t, c.Withheld(&o, time.Minute))
			collect(t, c, packets(c, 1))
			require.Error(t, c.Withheld(&o, time.Minute))

			// A buffer that is nearly full, as long as it is not read to its end.
			outs := make([]Out, 100)
			for i := range outs {
				outs[i] = o
			}
			_, err = c.Send(outs)
			require.NoError(t, err)
			_, err = c.Recv()
			require.NoError(t, err)
			require.NoError(t, c.Withheld(&o, time.Minute))
			collect(t, c, func([]In) bool { return c.witness.run == 0 })
			require.NoError(t, c.Withheld(&o, time.Minute), "sent before that")
			require.Error(t, c.Withheld(&o, time.Since(c.witness.missed)-1), "sent since")

			// One that what has been read may just have made room in.
			c.witness.run = c.facts.RecvBuffer - 1
			require.NoError(t, c.Withheld(&o, time.Since(c.witness.missed)-1))
			c.witness.run = 0

			// A stamp whose packet cannot be read.
			c.witness.stamp(false)
			require.NoError(t, c.Withheld(&o, time.Minute))
		})
	}
}

// TestWithheldUnsure: where not even this host's own loopback shows that stamps bring
// their packets, their lack proves nothing.
func TestWithheldUnsure(t *testing.T) {
	needTool(t, "nft")
	for _, quotes := range []bool{false, true} {
		_, c := openIn(t, Config{Policy: DatagramOnly, NoStampKeys: quotes}, Class{Family: wire.V6}, func() {
			run(t, "nft add table inet f")
			run(t, "nft add chain inet f o { type filter hook output priority 0 ; }")
			run(t, "nft add rule inet f o oif lo drop")
		})
		needStamps(t, c, false)
		o := Out{Dst: kinds[3].host, Data: request(t, wire.V6, c.facts.ID, 1, 16)}
		assert.Equal(t, c.facts.StampQuotes, c.Withheld(&o, time.Minute) == nil)
	}
}

// TestWithheldFindings: the kernel is asked once in a while.
func TestWithheldFindings(t *testing.T) {
	k := kinds[3]
	_, c := openIn(t, Config{Policy: k.policy}, Class{Family: k.family}, nil)
	needStamps(t, c, false)
	w := c.witness
	o := Out{Dst: k.host, Data: make([]byte, 8)}
	now := time.Now()
	to := errand{dst: k.host}
	for range 3 {
		require.True(t, w.open(c.fd, to, now, time.Minute))
	}
	require.Equal(t, 1, w.asked)
	require.True(t, w.open(c.fd, to, now.Add(findingAge-1), findingAge-1))
	require.Equal(t, 1, w.asked)
	require.True(t, w.open(c.fd, to, now.Add(findingAge-1), findingAge-2), "sent after the answer")
	require.Equal(t, 2, w.asked)

	w.asked = findingsMost
	require.True(t, w.open(c.fd, to, now.Add(findingAge-1), 0), "known")
	require.False(t, w.open(c.fd, errand{dst: netip.MustParseAddr("::2")}, now.Add(findingAge-1), 0), "too many questions")
	require.True(t, w.open(c.fd, to, now.Add(findingAge), findingAge), "the next second")
	require.Equal(t, 1, w.asked)

	require.Error(t, c.Withheld(&o, time.Minute))
	allocs := testing.AllocsPerRun(100, func() {
		clear(w.findings)
		_ = c.Withheld(&o, time.Minute)
	})
	require.Zero(t, allocs)

	require.NoError(t, unix.Close(w.kernel.fd))
	w.kernel.fd = -1
	w.since = time.Time{}
	require.NoError(t, c.Withheld(&o, time.Minute), "nobody to ask")
}

func BenchmarkWithheld(b *testing.B) {
	k := kinds[3]
	_, c := openIn(b, Config{Policy: k.policy}, Class{Family: k.family}, func() { prepareWays(b) })
	o := Out{Dst: netip.MustParseAddr("fd11::1"), Data: make([]byte, 8)}
	b.ReportAllocs()
	for b.Loop() {
		c.witness.asked = 0
		clear(c.witness.findings)
		if c.Withheld(&o, time.Minute) == nil {
			b.Fatal("a packet that could have left")
		}
		o.Dst = o.Dst.Next()
	}
}
