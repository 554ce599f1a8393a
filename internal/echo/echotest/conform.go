package echotest

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/wire"
)

// Conform is the conformance test of a network, simulated or real: open makes
// a new one, on which a host at addr answers.
func Conform(t *testing.T, addr netip.Addr, open func(*testing.T) icmpsock.Network) {
	t.Helper()
	for _, test := range []func(*fixture){
		(*fixture).testEcho, (*fixture).testMany, (*fixture).testEmpty, (*fixture).testStamps,
		(*fixture).testReady, (*fixture).testTwo, (*fixture).testClose,
	} {
		// Not t.Run: a synctest bubble allows no subtests.
		f := &fixture{T: t, addr: addr, network: open(t), class: icmpsock.Class{Family: wire.FamilyOf(addr)}}
		test(f)
		f.noError(f.network.Close())
	}
}

// fixture is a network under test.
type fixture struct {
	*testing.T
	addr    netip.Addr
	class   icmpsock.Class
	network icmpsock.Network
}

func (f *fixture) open() icmpsock.Conn {
	c, err := f.network.Open(f.class)
	f.noError(err)
	if facts := c.Facts(); facts.ID == 0 || facts.RecvBuffer <= 0 {
		f.Fatalf("an open connection knows its identifier and its buffer, not %+v", facts)
	}
	return c
}

// request returns an echo request, made by x/net.
func (f *fixture) request(c icmpsock.Conn, seq int) icmpsock.Out {
	m := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: int(c.Facts().ID), Seq: seq, Data: []byte("conformance")}}
	if f.class.Family == wire.V6 {
		m.Type = ipv6.ICMPTypeEchoRequest
	}
	b, err := m.Marshal(nil)
	f.noError(err)
	return icmpsock.Out{Dst: f.addr, Data: b, Key: uint32(seq)}
}

func (f *fixture) send(c icmpsock.Conn, from, to int) {
	var ms []icmpsock.Out
	for seq := from; seq < to; seq++ {
		ms = append(ms, f.request(c, seq))
	}
	n, err := c.Send(ms)
	f.noError(err)
	f.equal(len(ms), n)
}

// traffic is what came in by a connection: times by sequence number.
type traffic struct{ replies, stamps map[int]int64 }

// await reads the connections until n replies have come by each.
func (f *fixture) await(n int, conns ...icmpsock.Conn) []traffic {
	got := make([]traffic, len(conns))
	for i := range got {
		got[i] = traffic{map[int]int64{}, map[int]int64{}}
	}
	deadline := time.After(5 * time.Second)
	for {
		missing := 0
		for i, c := range conns {
			f.read(c, got[i])
			missing += n - len(got[i].replies)
		}
		if missing == 0 {
			return got
		}
		select {
		case <-f.network.Ready():
		case <-deadline:
			f.Fatalf("%d replies are missing", missing)
		}
	}
}

// read reads what has arrived by a connection.
func (f *fixture) read(c icmpsock.Conn, got traffic) {
	in, err := c.Recv()
	f.noError(err)
	if packets := countOf(in, icmpsock.Packet); packets > icmpsock.Batch {
		f.Fatalf("%d packets in one read", packets)
	}
	for _, m := range in {
		switch m.Kind {
		case icmpsock.Stamp:
			seq := int(m.Key)
			if c.Facts().StampQuotes {
				seq = int(binary.BigEndian.Uint16(m.Data[6:]))
				f.equal(f.addr, m.To)
			}
			got.stamps[seq] = m.Time
		case icmpsock.Packet:
			f.check(c, m, got.replies)
		}
	}
}

func countOf(in []icmpsock.In, kind icmpsock.Kind) int {
	n := 0
	for _, m := range in {
		if m.Kind == kind {
			n++
		}
	}
	return n
}

// check notes a reply; anything else is passed over.
func (f *fixture) check(c icmpsock.Conn, m icmpsock.In, replies map[int]int64) {
	parsed, err := Parse(f.class.Family, m.Data)
	f.noError(err)
	body, ok := parsed.Body.(*icmp.Echo)
	if !ok || parsed.Type != ipv4.ICMPTypeEchoReply && parsed.Type != ipv6.ICMPTypeEchoReply {
		return
	}
	f.equal(int(c.Facts().ID), body.ID)
	f.equal("conformance", string(body.Data))
	f.equal(f.addr, m.From)
	if _, twice := replies[body.Seq]; twice {
		f.Fatalf("reply %d came twice", body.Seq)
	}
	replies[body.Seq] = m.Time
}

func (f *fixture) testEcho() {
	c := f.open()
	f.send(c, 1, 2)
	f.await(1, c)
	if o := f.request(c, 1); !c.Facts().SilentRefusal {
		f.noError(c.Withheld(&o, time.Second))
	}
}

func (f *fixture) testMany() {
	c := f.open()
	f.send(c, 1, 201)
	f.await(200, c)
	f.equal(uint32(0), c.Drops())
}

func (f *fixture) testEmpty() {
	c := f.open()
	in, err := c.Recv()
	f.noError(err)
	f.equal(0, len(in))
	n, err := c.Send(nil)
	f.noError(err)
	f.equal(0, n)
}

func (f *fixture) testStamps() {
	c := f.open()
	f.send(c, 1, 3) // the first may come before the kernel has switched its stamps on
	f.await(2, c)
	f.send(c, 10, 20)
	got := f.await(10, c)[0]
	if !c.Facts().SendStamps || !c.Facts().RecvStamps {
		return
	}
	for seq, arrived := range got.replies {
		if left := got.stamps[seq]; left != 0 && arrived != 0 {
			if left > arrived {
				f.Fatalf("it left at %d, after its reply arrived at %d", left, arrived)
			}
		}
	}
}

func (f *fixture) testReady() {
	c := f.open()
	ready := f.network.Ready()
	f.equal(ready, f.network.Ready())
	f.send(c, 1, 2)
	select {
	case <-ready:
	case <-time.After(5 * time.Second):
		f.Fatal("nothing said that there is something to read")
	}
	f.await(1, c)
}

func (f *fixture) testTwo() {
	a, b := f.open(), f.open()
	f.send(a, 1, 11)
	f.send(b, 1, 11)
	f.await(10, a, b)
	f.noError(a.Close())
	f.send(b, 20, 21)
	f.await(1, b)
}

func (f *fixture) testClose() {
	f.open()
	f.network.Ready()
	f.noError(f.network.Close())
	f.noError(f.network.Close())
}

func (f *fixture) noError(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) equal(want, got any) {
	f.Helper()
	if want != got {
		f.Fatalf("want %v, got %v", want, got)
	}
}
