package testbed

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/wire"
)

// The first rule that matches decides, and a prefix that has one keeps its place.
func TestRules(t *testing.T) {
	b := New(t)
	o := observe(t, b, wire.V4)
	host := netip.MustParseAddr("198.18.1.1")
	b.Rule(netip.MustParsePrefix("198.18.1.0/24"), Fault{WrongSeq: 1})
	b.Rule(netip.MustParsePrefix("198.18.0.0/16"), Fault{WrongSeq: 2})
	b.Rule(netip.MustParsePrefix("198.18.1.99/24"), Fault{WrongSeq: 3})
	for _, test := range []struct {
		host netip.Addr
		seq  int
	}{{host, 4}, {netip.MustParseAddr("198.18.2.1"), 3}, {netip.MustParseAddr("198.19.0.1"), 1}} {
		o.send(test.host, 1, nil)
		require.Equal(t, test.seq, o.must().echo().Seq)
	}
	b.Rules()
	o.send(host, 1, nil)
	require.Equal(t, 1, o.must().echo().Seq)
	require.Panics(t, func() { b.Rule(netip.MustParsePrefix("198.0.0.0/8"), Fault{}) })
	require.Panics(t, func() { b.Rule(single(host), Fault{Lose: 2, Of: 1}) })
	require.Panics(t, func() { b.Rule(single(host), Fault{WrongSource: netip.IPv6Unspecified()}) })

	// What has a bad checksum is no request.
	bad := []byte{8, 0, 1, 2, 3, 4, 5, 6}
	sendRaw(t, o, host, bad)
	require.Eventually(t, func() bool { return b.Seen(single(host)).Malformed == 1 }, eventually, tick)
	o.nothing()
}
