package icmpsock

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/wire"
)

// TestControlSize writes all that a send can carry: it must have room.
func TestControlSize(t *testing.T) {
	for family, source := range map[wire.Family]string{wire.V4: "192.0.2.1", wire.V6: "2001:db8::1"} {
		var b [sendControlSize]byte
		w := controlWriter{b: b[:]}
		w.options(family, &Options{Hops: 255, TrafficClass: 255, Source: netip.MustParseAddr(source), Interface: 9})
		w.key(^uint32(0))
		got := parseControl(w.written())
		assert.Equal(t, 255, got.hops)
		if family == wire.V6 { // IPv4 has it go out as an integer and come in as a byte: TestOptions
			assert.Equal(t, 255, got.trafficClass)
		}
		assert.Equal(t, 9, got.iface)
	}
}

func TestControlEmpty(t *testing.T) {
	for _, o := range []*Options{nil, {}} {
		var b [sendControlSize]byte
		w := controlWriter{b: b[:]}
		w.options(wire.V4, o)
		w.options(wire.V6, o)
		assert.Empty(t, w.written())
	}
}

// received writes control messages as the kernel does.
func received(write ...func(w *controlWriter)) []byte {
	w := controlWriter{b: make([]byte, 1024)}
	for _, f := range write {
		f(&w)
	}
	return w.written()
}

func TestParseStamp(t *testing.T) {
	const sec, nsec = 1_800_000_000, 123_456_789
	wide := func(typ int) func(*controlWriter) {
		return func(w *controlWriter) {
			data := w.next(unix.SOL_SOCKET, typ, 48)
			binary.NativeEndian.PutUint64(data, sec)
			binary.NativeEndian.PutUint64(data[8:], nsec)
		}
	}
	narrow := func(w *controlWriter) {
		data := w.next(unix.SOL_SOCKET, unix.SO_TIMESTAMPING_OLD, 24)
		binary.NativeEndian.PutUint32(data, sec)
		binary.NativeEndian.PutUint32(data[4:], nsec)
	}
	for _, write := range []func(*controlWriter){wide(unix.SO_TIMESTAMPING_OLD), wide(unix.SO_TIMESTAMPING_NEW), narrow} {
		assert.Equal(t, int64(sec*1e9+nsec), parseControl(received(write)).time)
	}
}

func TestParseError(t *testing.T) {
	router := netip.MustParseAddr("2001:db8::1")
	b := received(func(w *controlWriter) {
		data := w.next(unix.SOL_IPV6, unix.IPV6_RECVERR, extErrSize+sockaddrSize)
		data[4], data[5], data[6] = unix.SO_EE_ORIGIN_ICMP6, 2, 7
		binary.NativeEndian.PutUint32(data[8:], 1280)
		binary.NativeEndian.PutUint32(data[12:], 42)
		var name [sockaddrSize]byte
		putSockaddr(&name, wire.V6, router, 0)
		copy(data[extErrSize:], name[:])
	}, func(w *controlWriter) { w.integer(unix.SOL_IPV6, unix.IPV6_HOPLIMIT, 61) })
	assert.Equal(t, control{
		hops: 61, trafficClass: -1,
		hasErr: true, origin: unix.SO_EE_ORIGIN_ICMP6, icmpType: 2, icmpCode: 7, info: 1280, key: 42, offender: router,
	}, parseControl(b))
}

func TestSockaddr(t *testing.T) {
	for _, tt := range []struct {
		addr  string
		scope int
	}{{"192.0.2.77", 0}, {"2001:db8::1", 0}, {"fe80::1", 3}} {
		var b [sockaddrSize]byte
		want := netip.MustParseAddr(tt.addr)
		n := putSockaddr(&b, wire.FamilyOf(want), want, tt.scope)
		addr, scope := parseSockaddr(b[:n])
		assert.Equal(t, want, addr)
		assert.Equal(t, tt.scope, scope)
		addr, _ = parseSockaddr(b[:n-1])
		assert.False(t, addr.IsValid(), "cut short")
	}
	var b [sockaddrSize]byte
	assert.Zero(t, putSockaddr(&b, wire.V6, netip.MustParseAddr("192.0.2.1"), 0))
	assert.Zero(t, putSockaddr(&b, wire.V6, netip.MustParseAddr("::ffff:192.0.2.1"), 0))
	assert.Zero(t, putSockaddr(&b, wire.V4, netip.MustParseAddr("::1"), 0))
	assert.Zero(t, putSockaddr(&b, wire.V4, netip.Addr{}, 0))
}

func TestStripHeader(t *testing.T) {
	packet := make([]byte, 24+8)
	packet[0], packet[1], packet[8], packet[19] = 0x46, 0xb8, 61, 9
	said := control{hops: -1, trafficClass: -1}
	assert.Len(t, stripHeader(packet, &said), 8)
	assert.Equal(t, 61, said.hops)
	assert.Equal(t, 0xb8, said.trafficClass)
	assert.Equal(t, "0.0.0.9", said.to.String())
	for _, bad := range [][]byte{nil, packet[:19], packet[:23], append([]byte{0x44}, packet[1:]...), append([]byte{0x65}, packet[1:]...)} {
		assert.Nil(t, stripHeader(bad, &said))
	}
}

// FuzzControlMessages parses any bytes.
func FuzzControlMessages(f *testing.F) {
	f.Add([]byte{})
	f.Add(received(func(w *controlWriter) {
		w.options(wire.V4, &Options{Hops: 1, TrafficClass: 2, Interface: 3})
		w.options(wire.V6, &Options{Hops: 1, TrafficClass: 2, Interface: 3})
		w.next(unix.SOL_SOCKET, unix.SO_TIMESTAMPING_NEW, 48)
		w.next(unix.SOL_IP, unix.IP_RECVERR, extErrSize+16)
	}))
	f.Fuzz(func(_ *testing.T, b []byte) {
		c := parseControl(b)
		_, _ = parseSockaddr(b)
		_ = stripHeader(b, &c)
	})
}
