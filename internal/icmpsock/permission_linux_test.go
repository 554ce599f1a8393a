package icmpsock

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/wire"
)

func TestGroupAllowed(t *testing.T) {
	for _, tt := range []struct {
		text   string
		groups []int
		want   bool
		why    string
	}{
		{"1\t0\n", []int{0, 5}, false, `it is "1 0" now, which allows nobody`},
		{"0\t2147483647\n", []int{1000}, true, `it is "0 2147483647" now, which allows group 1000`},
		{"100 200", []int{99, 201}, false, `it is "100 200" now, which leaves out group 99`},
		{"100 200", []int{99, 150}, true, `it is "100 200" now, which allows group 150`},
		{"0 4294967294", []int{1}, true, `it is "0 4294967294" now, which allows group 1`},
		{"", []int{1}, false, `net.ipv4.ping_group_range is ""`},
		{"a b", []int{1}, false, `net.ipv4.ping_group_range is "a b"`},
	} {
		ok, why := groupAllowed(tt.text, tt.groups)
		assert.Equal(t, tt.want, ok, tt.text)
		assert.Equal(t, tt.why, why)
	}
}

// TestNoRight opens without any right: one line says what would give it.
func TestNoRight(t *testing.T) {
	executable, err := os.Executable()
	require.NoError(t, err)
	setcap, sysctl := "setcap cap_net_raw+p "+executable, `sysctl net.ipv4.ping_group_range="0 2147483647"`
	inNamespace(t, func() {
		writeSetting(t, "net/ipv4/ping_group_range", "1 0")
		withoutRights(t)
		ok, _ := DatagramAllowed()
		assert.False(t, ok)
		for _, family := range []wire.Family{wire.V4, wire.V6} {
			for policy, remedies := range map[Policy][]string{
				Auto: {setcap, sysctl, `"1 0"`}, RawOnly: {setcap}, DatagramOnly: {sysctl, `"1 0"`},
			} {
				n, err := System(Config{Policy: policy})
				require.NoError(t, err)
				_, err = n.Open(Class{Family: family})
				require.ErrorIs(t, err, os.ErrPermission)
				for _, remedy := range remedies {
					assert.ErrorContains(t, err, remedy)
				}
				assert.NotContains(t, err.Error(), "\n")
				require.NoError(t, n.Close())
			}
		}
	})
}

// TestDatagramInstead opens without CAP_NET_RAW where a group is allowed.
func TestDatagramInstead(t *testing.T) {
	inNamespace(t, func() {
		withoutRights(t)
		ok, why := DatagramAllowed()
		assert.True(t, ok, why)
		for _, family := range []wire.Family{wire.V4, wire.V6} {
			n, c := openHere(t, Config{}, Class{Family: family})
			assert.False(t, c.facts.Raw)
			_, err := n.Open(Class{Family: family, Mark: 7})
			require.ErrorIs(t, err, os.ErrPermission)
			assert.ErrorContains(t, err, "firewall mark 7 needs CAP_NET_ADMIN")
		}
	})
}

func TestOpenError(t *testing.T) {
	err := openError(Auto, wire.V6, unix.EAFNOSUPPORT)
	assert.ErrorIs(t, err, unix.EAFNOSUPPORT)
	assert.True(t, strings.HasPrefix(err.Error(), "IPv6 is switched off on this host"), err.Error())
	_, err = open(Config{}, Class{})
	assert.ErrorContains(t, err, "neither IPv4 nor IPv6")
}

// TestRaise opens a raw socket with a capability that is permitted but not
// effective, as setcap cap_net_raw+p gives it, and leaves it as it was.
func TestRaise(t *testing.T) {
	inNamespace(t, func() {
		caps, err := readCapabilities()
		require.NoError(t, err)
		caps[0].Effective &^= openingRights
		require.NoError(t, caps.write())
		_, c := openHere(t, Config{}, Class{Family: wire.V4})
		assert.True(t, c.facts.Raw)
		assert.Equal(t, 2*defaultBuffer, c.facts.RecvBuffer)
		after, err := readCapabilities()
		require.NoError(t, err)
		assert.Equal(t, caps, after)
	})
}
