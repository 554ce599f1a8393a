package icmpsock

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/sys/unix"
)

// nlAttr is a netlink attribute as the kernel writes it.
func nlAttr(typ uint16, value ...byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(4+len(value)))
	b = append(binary.NativeEndian.AppendUint16(b, typ), value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func nlInteger(typ uint16, value uint32) []byte {
	return nlAttr(typ, binary.NativeEndian.AppendUint32(nil, value)...)
}

// nlRoute is the body of an answer about a route.
func nlRoute(attributes ...[]byte) []byte {
	body := []byte{unix.AF_INET6, 64, 0, 0, unix.RT_TABLE_MAIN, 0, 0, unix.RTN_UNICAST, 0, 0, 0, 0}
	for _, a := range attributes {
		body = append(body, a...)
	}
	return body
}

// nlMessage is a netlink message.
func nlMessage(typ uint16, seq uint32, body []byte) []byte {
	b := binary.NativeEndian.AppendUint32(nil, uint32(16+len(body)))
	b = binary.NativeEndian.AppendUint16(b, typ)
	b = append(b, 0, 0)
	b = binary.NativeEndian.AppendUint32(b, seq)
	return append(append(b, 0, 0, 0, 0), body...)
}

func TestReadRoute(t *testing.T) {
	gateway := netip.MustParseAddr("fd05::11")
	via := nlAttr(unix.RTA_GATEWAY, gateway.AsSlice()...)
	oif := nlInteger(unix.RTA_OIF, 5)
	other := nlAttr(unix.RTA_PREF, 1)
	for name, tt := range map[string]struct {
		body []byte
		want route
	}{
		"on the link":          {nlRoute(oif), route{kind: unix.RTN_UNICAST, iface: 5}},
		"by a gateway":         {nlRoute(other, via, oif), route{kind: unix.RTN_UNICAST, iface: 5, gateway: gateway}},
		"nothing said":         {nlRoute(), route{kind: unix.RTN_UNICAST}},
		"several":              {nlRoute(nlAttr(unix.RTA_MULTIPATH|0x8000, oif...)), route{kind: unix.RTN_UNICAST, special: true}},
		"encapsulated":         {nlRoute(nlAttr(unix.RTA_ENCAP), oif), route{kind: unix.RTN_UNICAST, iface: 5, special: true}},
		"another family's":     {nlRoute(nlAttr(unix.RTA_VIA, 2, 0, 1, 2, 3, 4), oif), route{kind: unix.RTN_UNICAST, iface: 5, special: true}},
		"interface, misshapen": {nlRoute(nlAttr(unix.RTA_OIF, 5)), route{kind: unix.RTN_UNICAST, special: true}},
		"gateway, misshapen":   {nlRoute(oif, nlAttr(unix.RTA_GATEWAY, 1, 2, 3, 4)), route{kind: unix.RTN_UNICAST, iface: 5, special: true}},
		"padding cut off":      {nlRoute(oif, nlAttr(unix.RTA_PREF, 1))[:12+8+5], route{kind: unix.RTN_UNICAST, iface: 5}},
	} {
		got, ok := readRoute(tt.body)
		assert.True(t, ok, name)
		assert.Equal(t, tt.want, got, name)
	}
	ipv4 := nlRoute(oif)
	ipv4[0] = unix.AF_INET
	for name, body := range map[string][]byte{
		"nothing":             nil,
		"short":               nlRoute()[:11],
		"of another family":   ipv4,
		"half an attribute":   nlRoute(oif)[:12+3],
		"attribute cut off":   nlRoute(oif)[:12+7],
		"attribute of length": nlRoute([]byte{3, 0, 4, 0}),
		"attribute too long":  nlRoute([]byte{9, 0, 4, 0, 0, 0, 0, 0}),
	} {
		_, ok := readRoute(body)
		assert.False(t, ok, name)
	}
}

func TestReadNeighbour(t *testing.T) {
	body := []byte{unix.AF_INET6, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0}
	binary.NativeEndian.PutUint16(body[8:], unix.NUD_STALE)
	state, ok := readNeighbour(body)
	assert.True(t, ok)
	assert.Equal(t, uint16(unix.NUD_STALE), state)
	_, ok = readNeighbour(body[:11])
	assert.False(t, ok)
	body[0] = unix.AF_INET
	_, ok = readNeighbour(body)
	assert.False(t, ok)
}

func TestReadMessage(t *testing.T) {
	whole := nlMessage(unix.RTM_NEWROUTE, 7, []byte("body"))
	seq, typ, body := readMessage(append(whole, "next"...))
	assert.Equal(t, uint32(7), seq)
	assert.Equal(t, uint16(unix.RTM_NEWROUTE), typ)
	assert.Equal(t, "body", string(body))
	for n := range whole {
		seq, _, body := readMessage(whole[:n])
		assert.Zero(t, seq, n)
		assert.Empty(t, body, n)
	}
	binary.NativeEndian.PutUint32(whole, 15)
	seq, _, _ = readMessage(whole)
	assert.Zero(t, seq, "shorter than its header")
}

// TestRTNetlinkAnswers has errors, old answers and none at all come in the place of
// the kernel's answer.
func TestRTNetlinkAnswers(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_NONBLOCK, 0)
	assert.NoError(t, err)
	defer func() { _ = unix.Close(pair[1]) }()
	r := &rtnetlink{fd: pair[0]}
	defer r.close()
	to := errand{dst: netip.MustParseAddr("fd05::2")}
	answer := func(messages ...[]byte) (route, bool) {
		for _, m := range messages {
			_, err := unix.Write(pair[1], m)
			assert.NoError(t, err)
		}
		got, ok := r.route(&to, false)
		var b [4096]byte
		for _, fd := range pair { // nothing is left for the next
			for n := 1; n > 0; {
				n, _ = unix.Read(fd, b[:])
			}
		}
		return got, ok
	}
	good := nlRoute(nlInteger(unix.RTA_OIF, 5))

	_, ok := answer()
	assert.False(t, ok, "no answer")
	_, ok = answer(nlMessage(unix.RTM_NEWROUTE, r.seq+1, good))
	assert.True(t, ok)
	_, ok = answer(nlMessage(unix.NLMSG_ERROR, r.seq+1, good))
	assert.False(t, ok, "an error")
	_, ok = answer(nlMessage(unix.RTM_NEWROUTE, r.seq, good), nil, nlMessage(unix.RTM_NEWROUTE, r.seq+1, good))
	assert.True(t, ok, "behind answers to earlier questions")
	var many [][]byte
	for range strays {
		many = append(many, nlMessage(unix.RTM_NEWROUTE, r.seq, good))
	}
	_, ok = answer(append(many, nlMessage(unix.RTM_NEWROUTE, r.seq+1, good))...)
	assert.False(t, ok, "too far behind")
	_, ok = answer(append(nlMessage(unix.RTM_NEWROUTE, r.seq+1, good), make([]byte, 5000)...))
	assert.True(t, ok, "longer than the room for it")
	_, ok = answer(nlMessage(unix.RTM_NEWROUTE, r.seq+1, append(good, make([]byte, 5000)...)))
	assert.False(t, ok, "cut off")
}

func FuzzRTNetlink(f *testing.F) {
	f.Add(nlMessage(unix.RTM_NEWROUTE, 1, nlRoute(nlInteger(unix.RTA_OIF, 5), nlAttr(unix.RTA_GATEWAY, make([]byte, 16)...))))
	f.Add(nlMessage(unix.RTM_NEWNEIGH, 1, []byte{unix.AF_INET6, 0, 0, 0, 5, 0, 0, 0, 2, 0, 0, 0}))
	f.Add([]byte{16, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _, body := readMessage(b)
		assert.LessOrEqual(t, len(body), max(0, len(b)-16))
		for _, part := range [][]byte{b, body} {
			if r, ok := readRoute(part); ok && r.gateway.IsValid() {
				assert.True(t, r.gateway.Is6())
			}
			_, _ = readNeighbour(part)
		}
	})
}
