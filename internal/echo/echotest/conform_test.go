package echotest_test

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/echo/echotest"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/wire"
)

func TestSimulatedNetwork(t *testing.T) {
	for _, facts := range []icmpsock.Facts{
		{Raw: true, RecvStamps: true, SendStamps: true},
		{Raw: true, RecvStamps: true, SendStamps: true, StampQuotes: true},
		{},
	} {
		synctest.Test(t, func(t *testing.T) {
			network := func(*testing.T) icmpsock.Network {
				return &echotest.Network{Facts: facts, Host: func(netip.Addr) echotest.Host { return echotest.Replies(time.Millisecond) }}
			}
			echotest.Conform(t, netip.MustParseAddr("192.0.2.1"), network)
			echotest.Conform(t, netip.MustParseAddr("2001:db8::1"), network)
		})
	}
}

func TestSystemNetwork(t *testing.T) {
	for _, addr := range []string{"127.0.0.1", "::1"} {
		for _, config := range []icmpsock.Config{{}, {NoStampKeys: true}} {
			t.Run(fmt.Sprint(addr, " quotes ", config.NoStampKeys), func(t *testing.T) {
				addr := netip.MustParseAddr(addr)
				needRights(t, icmpsock.Class{Family: wire.FamilyOf(addr)})
				echotest.Conform(t, addr, func(t *testing.T) icmpsock.Network {
					n, err := icmpsock.System(config)
					require.NoError(t, err)
					return n
				})
			})
		}
	}
}

func needRights(t *testing.T, class icmpsock.Class) {
	t.Helper()
	n, err := icmpsock.System(icmpsock.Config{})
	require.NoError(t, err)
	defer func() { require.NoError(t, n.Close()) }()
	if _, err := n.Open(class); errors.Is(err, os.ErrPermission) {
		if os.Getenv("RAWPING_REQUIRE_ALL") != "" {
			t.Fatal(err)
		}
		t.Skip("no right to ICMP sockets: ", err)
	} else {
		require.NoError(t, err)
	}
}
