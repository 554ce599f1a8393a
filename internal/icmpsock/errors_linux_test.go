package icmpsock

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/wire"
)

// badHosts are hosts that a prepared namespace cannot be asked to reach, and
// why.
func badHosts(family wire.Family) map[netip.Addr]Cause {
	prefix := "10.9.9."
	if family == wire.V6 {
		prefix = "fd09::"
	}
	hosts := make(map[netip.Addr]Cause)
	for last, cause := range map[string]Cause{
		"1": Prohibited, "2": Unreachable, "3": Blackhole, "4": NoRoute, "5": Firewall,
	} {
		hosts[netip.MustParseAddr(prefix+last)] = cause
	}
	return hosts
}

func prepareBadHosts(t testing.TB, family wire.Family) {
	prefix, ip, proto := "10.9.9.", "ip -4", "ip"
	if family == wire.V6 {
		prefix, ip, proto = "fd09::", "ip -6", "ip6"
	}
	run(t, ip+" route add prohibit "+prefix+"1")
	run(t, ip+" route add unreachable "+prefix+"2")
	run(t, ip+" route add blackhole "+prefix+"3")
	run(t, ip+" route add local "+prefix+"5 dev lo")
	run(t, "nft add table inet f")
	run(t, "nft add chain inet f o { type filter hook output priority 0 ; }")
	run(t, "nft add rule inet f o "+proto+" daddr "+prefix+"5 drop")
}

func TestSendErrors(t *testing.T) {
	needTool(t, "nft")
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			_, c := openIn(t, Config{Policy: k.policy}, Class{Family: k.family},
				func() { prepareBadHosts(t, k.family) })
			for host, cause := range badHosts(k.family) {
				if cause == Firewall && c.facts.SilentRefusal {
					continue // see TestSilentRefusal
				}
				good := Out{Dst: k.host, Data: request(t, k.family, c.facts.ID, 1, 16)}
				bad := Out{Dst: host, Data: request(t, k.family, c.facts.ID, 2, 16)}

				n, err := c.Send([]Out{good, good, bad, good})
				assert.Equal(t, 2, n, cause)
				assert.Equal(t, cause, CauseOf(err), "%v", err)
				n, err = c.Send([]Out{bad, good})
				assert.Equal(t, 0, n, cause)
				assert.Equal(t, cause, CauseOf(err), "%v", err)
				n, err = c.Send([]Out{good})
				assert.Equal(t, 1, n)
				require.NoError(t, err)

				ins := collect(t, c, packets(noStamps{c}, 3))
				assert.Equal(t, 3, count(ins, Packet))
				assert.Zero(t, count(ins, Error))
			}
		})
	}
}

func TestSendErrorsOfTheRequest(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			_, c := openIn(t, Config{Policy: k.policy}, Class{Family: k.family}, nil)
			data := request(t, k.family, c.facts.ID, 1, 16)
			other, foreign := netip.MustParseAddr("::1"), netip.MustParseAddr("10.1.2.3")
			if k.family == wire.V6 {
				other, foreign = netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("fd00::9")
			}
			for name, tt := range map[string]struct {
				out  Out
				want Cause
			}{
				"other family":       {Out{Dst: other}, OtherCause},
				"no address":         {Out{}, OtherCause},
				"no such interface":  {Out{Dst: k.host, Options: &Options{Interface: 9999}}, LinkDown},
				"source not our own": {Out{Dst: k.host, Options: &Options{Source: foreign}}, NoSource},
				"TTL not possible":   {Out{Dst: k.host, Options: &Options{Hops: 999}}, Blackhole},
			} {
				tt.out.Data = data
				if o := tt.out.Options; c.facts.NoOptions && o != nil && !o.Source.IsValid() {
					tt.want = OtherCause
				}
				good := Out{Dst: k.host, Data: data}
				n, err := c.Send([]Out{good, tt.out, good})
				assert.Equal(t, 1, n, name)
				assert.Equal(t, tt.want, CauseOf(err), "%s: %v", name, err)
			}
		})
	}
}

// TestSocketFull: packets to neighbours that do not answer fill the send buffer.
// Both kinds of sockets say so in the same way, though the kernel does not.
func TestSocketFull(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			_, c := openIn(t, Config{Policy: k.policy, SendBuffer: 8192}, Class{Family: k.family}, func() {
				run(t, "ip link add near type veth peer name far")
				run(t, "ip link set near up")
				run(t, "ip link set far up")
				run(t, "ip addr add 10.5.0.1/24 dev near")
				addAddress(t, "fd05::1/64", "near")
			})
			data := request(t, k.family, c.facts.ID, 1, 1000)
			dead := netip.MustParseAddr("10.5.0.2")
			if k.family == wire.V6 {
				dead = netip.MustParseAddr("fd05::2")
			}
			var err error
			for range 100 {
				if _, err = c.Send([]Out{{Dst: dead, Data: data}}); err != nil {
					break
				}
				dead = dead.Next()
			}
			require.Equal(t, SocketFull, CauseOf(err), "%v", err)
		})
	}
}

// TestNoBuffers has no room on the way out of one interface: the socket is not full.
func TestNoBuffers(t *testing.T) {
	needTool(t, "tc")
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			_, c := openIn(t, Config{Policy: k.policy}, Class{Family: k.family}, func() {
				run(t, "tc qdisc add dev lo root bfifo limit 1")
			})
			_, err := c.Send([]Out{{Dst: k.host, Data: request(t, k.family, c.facts.ID, 1, 16)}})
			if c.facts.SilentRefusal {
				require.NoError(t, err)
				return
			}
			require.Equal(t, NoBuffers, CauseOf(err), "%v", err)
		})
	}
}

// TestSilentRefusal is about the one kind of socket that says "sent" to what a
// local firewall refused. The other packets have their stamps, and the lack of one
// tells, unless it is a neighbour that keeps the packet here.
func TestSilentRefusal(t *testing.T) {
	needTool(t, "nft")
	k := kinds[3]
	for _, quotes := range []bool{false, true} {
		_, c := openIn(t, Config{Policy: k.policy, NoStampKeys: quotes}, Class{Family: k.family}, func() {
			prepareBadHosts(t, k.family)
			run(t, "ip link add near type veth peer name far")
			run(t, "ip link set far up")
			run(t, "ip link set near up")
			addAddress(t, "fd05::1/64", "near")
		})
		require.True(t, c.facts.SilentRefusal)
		needStamps(t, c, false)
		good := Out{Dst: k.host, Key: 1, Data: request(t, k.family, c.facts.ID, 1, 16)}
		collect(t, c, func([]In) bool { return true })
		bad, dead := good, good
		bad.Dst, bad.Key, bad.Data = netip.MustParseAddr("fd09::5"), 2, request(t, k.family, c.facts.ID, 2, 16)
		dead.Dst, dead.Key, dead.Data = netip.MustParseAddr("fd05::2"), 3, request(t, k.family, c.facts.ID, 3, 16)
		began := time.Now()
		n, err := c.Send([]Out{bad, good, dead, bad, good})
		require.NoError(t, err)
		require.Equal(t, 5, n)
		for _, in := range collect(t, c, packets(c, 2)) {
			if in.Kind == Stamp && c.facts.StampQuotes {
				assert.Equal(t, uint16(1), seqOf(in.Data))
			} else if in.Kind == Stamp {
				assert.Equal(t, uint32(1), in.Key)
			}
		}
		assert.Equal(t, Firewall, CauseOf(c.Withheld(&bad, time.Since(began))))
		assert.NoError(t, c.Withheld(&dead, time.Since(began)))
	}
}

func TestBroadcast(t *testing.T) {
	host := netip.MustParseAddr("127.255.255.255")
	for _, k := range kinds {
		for _, allow := range []bool{false, true} {
			if k.family == wire.V6 {
				continue
			}
			_, c := openIn(t, Config{Policy: k.policy, Broadcast: allow}, Class{Family: k.family}, nil)
			_, err := c.Send([]Out{{Dst: host, Data: request(t, k.family, c.facts.ID, 1, 16)}})
			if allow {
				assert.NoError(t, err, k.name)
			} else {
				assert.Equal(t, Prohibited, CauseOf(err), k.name)
			}
		}
	}
}

// rejecting makes a host that answers with an ICMP error, which reaches the
// sender before its send returns.
func rejecting(t testing.TB, family wire.Family) {
	run(t, "nft add table inet f")
	run(t, "nft add chain inet f i { type filter hook input priority 0 ; }")
	if family == wire.V6 {
		addAddress(t, "fd00::99/128", "lo")
		run(t, "nft add rule inet f i ip6 daddr fd00::99 icmpv6 type echo-request reject with icmpv6 type addr-unreachable")
		return
	}
	run(t, "nft add rule inet f i ip daddr 127.0.0.99 reject with icmp type host-unreachable")
}

func rejectingHost(family wire.Family) netip.Addr {
	if family == wire.V6 {
		return netip.MustParseAddr("fd00::99")
	}
	return netip.MustParseAddr("127.0.0.99")
}

// TestErrorOfAnother is about the trap of shared datagram sockets: the ICMP
// error of one host makes the next send, to another host, fail.
func TestErrorOfAnother(t *testing.T) {
	needTool(t, "nft")
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			_, c := openIn(t, Config{Policy: k.policy}, Class{Family: k.family}, func() { rejecting(t, k.family) })
			dead := rejectingHost(k.family)
			var outs []Out
			for i := range 100 {
				dst := k.host
				if i == 3 {
					dst = dead
				}
				outs = append(outs, Out{Dst: dst, Data: request(t, k.family, c.facts.ID, uint16(i), 16)})
			}
			if !c.facts.Raw { // first without the remedy: is there such a trap at all?
				_, errno := c.sendBatch(outs[3:4])
				require.Zero(t, errno)
				queued := []unix.PollFd{{Fd: int32(c.fd)}}
				_, err := unix.Poll(queued, 3000)
				require.NoError(t, err)
				_, errno = c.sendBatch(outs[4:5])
				if errno != 0 || !c.facts.StampQuotes && !c.facts.NoOptions { // Linux 5.10 has no such trap
					require.Equal(t, unix.EHOSTUNREACH, errno)
				}
				collect(t, c, func(ins []In) bool { return count(ins, Error) == 1 })
			}
			n, err := c.Send(outs)
			require.NoError(t, err)
			require.Equal(t, len(outs), n)
			ins := collect(t, c, func(ins []In) bool { return count(ins, Packet)+count(ins, Error) >= 100 })
			checkError(t, c, dead, ins)
		})
	}
}

// TestErrorFoundBySend: what a send takes off the error queue is still something to read.
func TestErrorFoundBySend(t *testing.T) {
	needTool(t, "nft")
	for _, k := range kinds {
		if k.policy != DatagramOnly {
			continue // no send takes errors off
		}
		t.Run(k.name, func(t *testing.T) {
			n, c := openIn(t, Config{Policy: k.policy}, Class{Family: k.family}, func() { rejecting(t, k.family) })
			_, errno := c.sendBatch([]Out{{Dst: rejectingHost(k.family), Data: request(t, k.family, c.facts.ID, 1, 16)}})
			require.Zero(t, errno)
			_, err := unix.Poll([]unix.PollFd{{Fd: int32(c.fd)}}, 3000)
			require.NoError(t, err)
			require.True(t, c.clearErrors())
			<-n.Ready()
			ins, err := c.Recv()
			require.NoError(t, err)
			require.Equal(t, 1, count(ins, Error))
		})
	}
}

// TestErrorsWait: an ICMP error is not told before the packets that came before it,
// although a read brings one batch of these and all of the error queue.
func TestErrorsWait(t *testing.T) {
	needTool(t, "nft")
	for _, k := range kinds {
		if k.policy != DatagramOnly {
			continue // their errors are packets
		}
		t.Run(k.name, func(t *testing.T) {
			_, c := openIn(t, Config{Policy: k.policy}, Class{Family: k.family}, func() { rejecting(t, k.family) })
			for _, part := range []int{10, Batch + 10, 10} { // replies before an error, and behind the last
				var outs []Out
				for i := range part {
					outs = append(outs, Out{Dst: k.host, Data: request(t, k.family, c.facts.ID, uint16(i), 16)})
				}
				n, err := c.Send(outs)
				require.NoError(t, err)
				require.Equal(t, part, n)
				_, errno := c.sendBatch([]Out{{Dst: rejectingHost(k.family), Data: request(t, k.family, c.facts.ID, 999, 16)}})
				require.Zero(t, errno)
			}
			full := false
			var packets, errs int
			for packets < Batch+30 || errs < 3 {
				ins, err := c.Recv()
				require.NoError(t, err)
				require.NotEmpty(t, ins, "%d packets, %d errors", packets, errs)
				packets, errs = packets+count(ins, Packet), errs+count(ins, Error)
				if count(ins, Packet) < Batch {
					continue // it has emptied the socket
				}
				full = true
				last := ins[lastOf(ins, Packet)].Time
				for _, in := range ins {
					require.False(t, in.Kind == Error && in.Time > last, "%v after the last packet", time.Duration(in.Time-last))
				}
				require.Equal(t, 1, errs)
			}
			require.True(t, full)
		})
	}
}

// lastOf returns the index of the last message of a kind.
func lastOf(ins []In, kind Kind) int {
	for i, in := range slices.Backward(ins) {
		if in.Kind == kind {
			return i
		}
	}
	return -1
}

// checkError finds the one ICMP error about sequence number 3.
func checkError(t *testing.T, c *conn, dead netip.Addr, ins []In) {
	t.Helper()
	errs := 0
	for _, in := range ins {
		switch {
		case in.Kind == Error:
			errs++
			assert.Equal(t, dead, in.From)
			assert.Equal(t, dead, in.To)
			assert.Equal(t, c.facts.ID, idOf(in.Data))
			assert.Equal(t, uint16(3), seqOf(in.Data))
			assert.NotZero(t, in.Time, "time of arrival")
			if c.class.Family == wire.V6 {
				assert.Equal(t, [2]uint8{1, 3}, [2]uint8{in.Type, in.Code})
			} else {
				assert.Equal(t, [2]uint8{3, 1}, [2]uint8{in.Type, in.Code})
			}
		case in.Kind == Packet && !isReply(in.Data):
			errs++
			assert.True(t, c.facts.Raw)
		}
	}
	assert.Equal(t, 1, errs)
	assert.GreaterOrEqual(t, count(ins, Packet), 99)
}

// TestErrorsAgainAndAgain has every batch meet an ICMP error of the one before it, on
// a kernel whose stamps bring the packets back: what they quote is not kept for ever.
func TestErrorsAgainAndAgain(t *testing.T) {
	needTool(t, "nft")
	k := kinds[2]
	_, c := openIn(t, Config{Policy: k.policy, NoStampKeys: true}, Class{Family: k.family}, func() { rejecting(t, k.family) })
	require.True(t, c.facts.StampQuotes)
	outs := []Out{
		{Dst: rejectingHost(k.family), Data: request(t, k.family, c.facts.ID, 1, 16)},
		{Dst: k.host, Data: request(t, k.family, c.facts.ID, 2, 16)},
	}
	const rounds = 2000
	stamps := 0
	for range rounds {
		for _, out := range outs {
			_, err := c.Send([]Out{out})
			require.NoError(t, err)
		}
		ins, err := c.Recv()
		require.NoError(t, err)
		for _, in := range ins {
			if in.Kind == Stamp {
				stamps++
				require.Equal(t, in.To == k.host, seqOf(in.Data) == 2, "%v", in)
			}
		}
	}
	require.Greater(t, stamps, rounds)
	require.Less(t, cap(c.quotes), rounds*stampQuote/2)
}

func TestDeadSocket(t *testing.T) {
	n, c := openIn(t, Config{}, Class{Family: wire.V4}, nil)
	_ = n.Ready()
	require.NoError(t, c.closeSocket())
	require.Equal(t, -1, c.fd, "the number may be another's by now")
	_, err := c.Recv()
	assert.Equal(t, SocketLost, CauseOf(err))
	_, err = c.Send([]Out{{Dst: kinds[0].host, Data: make([]byte, 8)}})
	assert.Equal(t, SocketLost, CauseOf(err))
	assert.Zero(t, c.Drops())
	delete(n.conns, c) // closed already
}
