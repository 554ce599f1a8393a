package echo

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/wire"
)

// matching is an engine whose probes are put in flight by hand, without a network.
type matching struct {
	*testing.T
	*Engine
	events []Event
}

// idle is a network, and a connection, on which nothing happens.
type idle struct {
	icmpsock.Network
	icmpsock.Conn
}

func (idle) Open(icmpsock.Class) (icmpsock.Conn, error) { return idle{}, nil }
func (idle) Facts() icmpsock.Facts {
	return icmpsock.Facts{Raw: true, ID: 7, RecvStamps: true, SendStamps: true, RecvBuffer: 1 << 20}
}
func (idle) Drops() uint32 { return 0 }
func (idle) Close() error  { return nil }

func newMatching(t *testing.T) *matching {
	m := &matching{T: t}
	e, err := New(Config{
		Network: idle{},
		Observe: func(ev *Event) { m.events = append(m.events, *ev) },
		Clock:   func() (Instant, int64) { return 1000, 1000 },
	})
	require.NoError(t, err)
	m.Engine = e
	return m
}

// flies puts a probe with a sequence number in flight, of a target of its own.
func (m *matching) flies(addr string, seq uint16, size int, mark uint32) int32 {
	m.Helper()
	s, err := m.prepare(Target{Addr: netip.MustParseAddr(addr), Timeout: time.Second, Size: size, Mark: mark})
	require.NoError(m, err)
	s.id, s.first = TargetID(len(m.subjects.byID)+1), seq-1
	m.addSubject(s)
	i, l := m.subjects.byID[s.id], m.linkFor(s)
	m.enter(i, s, l)
	slot := l.slots[0]
	l.shift(1)
	m.table.fly(slot, m.now, m.now, time.Second)
	m.count.Sent++
	m.count.InFlight++
	return slot
}

// reply is the right reply to a probe, from the address of its target.
func (m *matching) reply(slot int32) icmpsock.In {
	p := m.table.at(slot)
	s := m.subjects.all[p.target]
	request, err := m.links[p.link].request(int(p.size))
	require.NoError(m, err)
	b := request.Put(make([]byte, request.Len()), p.seq, m.signer.token(slot, p.generation, s))
	b[0] = 0 // an echo reply: 8 less in the sum
	sum := wire.Checksum(append([]byte{b[0], b[1], 0, 0}, b[4:]...))
	b[2], b[3] = byte(sum>>8), byte(sum)
	return icmpsock.In{Kind: icmpsock.Packet, From: s.addr, Data: b, Hops: 64}
}

func (m *matching) kinds() []Kind {
	var kinds []Kind
	for _, ev := range m.events {
		kinds = append(kinds, ev.Kind)
	}
	return kinds
}

// TestTokenCovers makes tokens that differ in one thing only.
func TestTokenCovers(t *testing.T) {
	g := newSigner()
	near, far := newSubject(1, Target{}), newSubject(2, Target{})
	near.addr, near.scope = netip.MustParseAddr("fe80::1"), 3
	far.addr = near.addr
	token := g.token(5, 6, near)
	require.True(t, g.valid(token, near))
	require.False(t, g.valid(token, far), "another link")
	far.addr, far.scope = netip.MustParseAddr("fe80::2"), near.scope
	require.False(t, g.valid(token, far), "another address")
	for _, other := range []wire.Token{g.token(4, 6, near), g.token(5, 7, near), newSigner().token(5, 6, near)} {
		require.NotEqual(t, token.MAC, other.MAC)
	}
}

// TestAlike takes targets with one address out in every order: the others are found.
func TestAlike(t *testing.T) {
	for _, gone := range []int{0, 1, 2} {
		m := newMatching(t)
		var slots []int32
		for range 3 {
			slots = append(slots, m.flies("192.0.2.1", 100+uint16(len(slots)), 8, 0))
		}
		m.removeSubject(m.table.at(slots[gone]).target)
		for k, slot := range slots {
			if k != gone {
				in := m.reply(slot)
				m.arrived(m.links[0], &in)
			}
		}
		require.Equal(t, []Kind{Abandoned, Reply, Reply}, m.kinds())
	}
}

// TestCost counts what a probe can fill of a receive buffer: its reply, its stamp, and
// the packet where the stamp brings that back.
func TestCost(t *testing.T) {
	l := &link{}
	require.Equal(t, 832+2*56, l.cost(56))
	l.facts.SendStamps = true
	require.Equal(t, 2*832+2*56, l.cost(56))
	l.facts.StampQuotes = true
	require.Equal(t, 2*832+4*56, l.cost(56))
}

// TestProven takes from a right reply what makes it one, one thing at a time.
func TestProven(t *testing.T) {
	for name, c := range map[string]struct {
		change func(m *matching, slot int32, other *link) (by *link)
		want   []Kind
	}{
		"right": {func(*matching, int32, *link) *link { return nil }, []Kind{Reply}},
		"another use of the slot": {func(m *matching, slot int32, _ *link) *link {
			m.table.at(slot).generation++
			return nil
		}, []Kind{Corrupt}},
		"another number": {func(m *matching, slot int32, _ *link) *link {
			m.table.at(slot).seq++
			return nil
		}, nil},
		"by another socket": {func(_ *matching, _ int32, other *link) *link { return other }, nil},
		"not sent yet": {func(m *matching, slot int32, _ *link) *link {
			m.table.at(slot).state = entered
			return nil
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMatching(t)
			slot := m.flies("192.0.2.1", 100, 56, 0)
			m.flies("192.0.2.2", 100, 56, 1) // by another socket
			in, by := m.reply(slot), m.links[0]
			if l := c.change(m, slot, m.links[1]); l != nil {
				by = l
			}
			m.arrived(by, &in)
			require.Equal(t, c.want, m.kinds())
			if c.want == nil {
				require.Equal(t, uint64(1), m.count.Foreign)
			}
		})
	}
}

// TestWeakByItsSocket has two sockets get the reply to a probe without a token: it
// counts on the one that sent it.
func TestWeakByItsSocket(t *testing.T) {
	m := newMatching(t)
	slot := m.flies("192.0.2.1", 100, 8, 0)
	m.flies("192.0.2.2", 100, 8, 1)
	in := m.reply(slot)
	m.arrived(m.links[1], &in)
	require.Empty(t, m.events)
	m.arrived(m.links[0], &in)
	require.Equal(t, []Kind{Reply}, m.kinds())
}

// TestDamaged has a reply with a wrong token come from the right host with the right
// number: it may be the damaged answer to a probe in flight, but of one that has its
// verdict it is a stranger's.
func TestDamaged(t *testing.T) {
	m := newMatching(t)
	slot := m.flies("192.0.2.1", 100, 56, 0)
	right, damaged := m.reply(slot), m.reply(slot)
	damaged.Data[20] ^= 1
	m.arrived(m.links[0], &damaged)
	m.arrived(m.links[0], &right)
	m.arrived(m.links[0], &damaged)
	require.Equal(t, []Kind{Corrupt, Reply}, m.kinds())
	require.Equal(t, uint64(1), m.count.Foreign)
}

// TestQuoted has targets with one address, and one number, met by ICMP errors.
func TestQuoted(t *testing.T) {
	dst := netip.MustParseAddr("192.0.2.1")
	m := newMatching(t)
	a := m.flies("192.0.2.1", 100, 56, 0)
	b := m.flies("192.0.2.1", 100, 56, 0)
	other := m.flies("192.0.2.1", 100, 56, 1) // by another socket
	find := func(l *link, payload []byte) int32 {
		m.message = wire.Message{Quote: wire.Quote{Valid: true, ID: 7, Seq: 100, Payload: payload}}
		slot, _ := m.quoted(l, &icmpsock.In{}, dst)
		return slot
	}
	token := func(slot int32) []byte { return m.reply(slot).Data[wire.HeaderLen:][:wire.TokenLen] }
	require.Equal(t, a, find(m.links[0], token(a)))
	require.Equal(t, b, find(m.links[0], token(b)))
	require.Equal(t, none, find(m.links[0], token(other)), "not by this socket")
	require.Equal(t, other, find(m.links[1], token(other)))
	forged := token(a)
	forged[wire.TokenLen-1]++
	require.Equal(t, none, find(m.links[0], forged))

	first := find(m.links[0], nil)
	m.judgeLost(first, m.now)
	second := find(m.links[0], nil)
	require.ElementsMatch(t, []int32{a, b}, []int32{first, second}, "what is in flight comes first")
	require.Equal(t, first, find(m.links[0], token(first)), "a token tells also what has been judged")
	m.judgeLost(second, m.now)
	require.NotEqual(t, none, find(m.links[0], nil))
	m.table.at(other).state = entered
	require.Equal(t, none, find(m.links[1], token(other)), "not sent yet")
}

// TestRemoveAfterWrap removes a target whose sequence numbers have wrapped while all of
// its probes are remembered: nothing in the table points to it any more.
func TestRemoveAfterWrap(t *testing.T) {
	m := newMatching(t)
	slot := m.flies("192.0.2.1", 100, 56, 0)
	i, l := m.table.at(slot).target, m.links[0]
	s := m.subjects.all[i]
	for range maxRing + 10 {
		m.table.judge(slot, answered, m.now)
		l.load, s.flying = 0, 0
		m.enter(i, s, l)
		slot = l.slots[0]
		l.shift(1)
		m.table.fly(slot, m.now, m.now, time.Second)
	}
	m.table.judge(slot, answered, m.now)
	s.flying = 0
	m.removeSubject(i)
	for slot := range m.table.slots {
		require.NotEqual(t, i, m.table.at(slot).target)
	}
}

// TestArrivesWhileReading has a reply arrive after this turn's time was read, and
// before the socket is.
func TestArrivesWhileReading(t *testing.T) {
	m := newMatching(t)
	now := Instant(1000)
	m.config.Clock = func() (Instant, int64) { return now, int64(now) }
	in := m.reply(m.flies("192.0.2.1", 100, 56, 0))
	now = Instant(time.Millisecond)
	in.Time = int64(now) - 1000
	m.links[0].conn = reading{in: []icmpsock.In{in}}
	m.drain()
	require.Equal(t, []Kind{Reply}, m.kinds())
	require.Equal(t, MixedTime, m.events[0].RTTSource)
	require.Equal(t, time.Millisecond-2000, m.events[0].RTT)
}

// reading is an idle connection with something to read.
type reading struct {
	idle
	in []icmpsock.In
}

func (r reading) Recv() ([]icmpsock.In, error) { return r.in, nil }

// TestReadByThisProcess has arrivals that this process stamped, as on systems other
// than Linux: their time counts, and is not called the kernel's.
func TestReadByThisProcess(t *testing.T) {
	for kernel, want := range map[bool]RTTSource{true: MixedTime, false: UserTime} {
		m := newMatching(t)
		in := m.reply(m.flies("192.0.2.1", 100, 56, 0))
		m.links[0].facts.RecvStamps = kernel
		m.now, in.Time = 5000, 3000
		m.arrived(m.links[0], &in)
		require.Equal(t, []Kind{Reply}, m.kinds())
		require.Equal(t, 2*time.Microsecond, m.events[0].RTT)
		require.Equal(t, want, m.events[0].RTTSource)
	}
}

// TestDepartedOnce: a packet that is stamped twice on its way out left when it was
// first.
func TestDepartedOnce(t *testing.T) {
	m := newMatching(t)
	slot := m.flies("192.0.2.1", 100, 56, 0)
	m.now = 5000
	m.timeline.observe(5000, 5000)
	for _, at := range []int64{2000, 4000} {
		m.departed(m.links[0], &icmpsock.In{Kind: icmpsock.Stamp, Key: uint32(slot), Time: at})
	}
	require.Equal(t, Instant(2000), m.table.at(slot).stamp)
}
