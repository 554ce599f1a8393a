package icmpsock

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/wire"
)

// TestDrops fills a tiny receive buffer: what is missing was counted.
func TestDrops(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			_, c := openIn(t, Config{Policy: k.policy, RecvBuffer: 1, NoSendStamps: true}, Class{Family: k.family}, nil)
			const n = 200
			outs := requests(t, c, k.host, n)
			for range 2 {
				before := c.Drops()
				_, err := c.Send(outs)
				require.NoError(t, err)
				var drops int
				ins := collect(t, c, func(ins []In) bool { // the last may still be on its way
					drops = int(c.Drops() - before)
					return count(ins, Packet)+drops >= n
				})
				assert.NotZero(t, drops)
				missing := n - count(ins, Packet)
				if c.facts.Raw { // our own requests count too
					assert.GreaterOrEqual(t, drops, missing)
					assert.LessOrEqual(t, drops, missing+n)
				} else {
					assert.Equal(t, missing, drops)
				}
			}
		})
	}
}

// TestNoDropsByForgery sends replies with a bad checksum to a raw IPv6 socket.
// The kernel counts each as a drop, and Drops does not.
func TestNoDropsByForgery(t *testing.T) {
	inNamespace(t, func() {
		_, c := openHere(t, Config{}, Class{Family: wire.V6})
		require.True(t, c.facts.Raw)
		forger, err := unix.Socket(unix.AF_INET6, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
		require.NoError(t, err)
		defer func() { _ = unix.Close(forger) }()
		packet := make([]byte, 40+8)
		packet[0], packet[5], packet[6], packet[7] = 0x60, 8, unix.IPPROTO_ICMPV6, 64
		packet[23], packet[39] = 1, 1 // from ::1 to ::1
		copy(packet[40:], []byte{129, 0, 0xba, 0xd0, byte(c.facts.ID >> 8), byte(c.facts.ID), 0, 1})
		for range 10 {
			require.NoError(t, unix.Sendto(forger, packet, 0, &unix.SockaddrInet6{Addr: [16]byte{15: 1}}))
		}
		require.Eventually(t, func() bool {
			m, err := readMeminfo(c.fd)
			return err == nil && m[unix.SK_MEMINFO_DROPS] == 10
		}, patience, time.Millisecond, "does this kernel count bad checksums as drops?")
		assert.Zero(t, c.Drops())
	})
}

func TestDepth(t *testing.T) {
	const buffer = 100 * messageCost
	var d depth
	assert.False(t, d.deep(0, buffer))
	assert.False(t, d.deep(buffer/2-1, buffer))
	assert.True(t, d.deep(buffer/2, buffer), "full now")

	for range 49 {
		d.took(0)
	}
	assert.False(t, d.deep(0, buffer))
	d.took(0)
	assert.True(t, d.deep(0, buffer), "50 read in one run")
	d.emptied()
	assert.True(t, d.deep(0, buffer), "the run went on after the last call")
	assert.False(t, d.deep(0, buffer), "and ended before this one")

	for range 100 {
		d.took(0)
		d.emptied()
	}
	assert.False(t, d.deep(0, buffer), "never two at once")
	for range 10 {
		d.took(buffer / 20)
	}
	d.emptied()
	assert.True(t, d.deep(0, buffer), "long messages count more")
}

func TestDropCountWraps(t *testing.T) {
	d := dropCount{last: ^uint32(0) - 1}
	d.rise(3, true)
	assert.Equal(t, uint32(5), d.total)
	d.rise(10, false)
	d.rise(11, true)
	assert.Equal(t, uint32(6), d.total)
}

func TestBuffers(t *testing.T) {
	inNamespace(t, func() {
		_, c := openHere(t, Config{}, Class{Family: wire.V4})
		assert.Equal(t, 2*defaultBuffer, c.facts.RecvBuffer)
		assert.Equal(t, 2*defaultBuffer, c.facts.SendBuffer)
		assert.Empty(t, c.facts.Limit)

		withoutRights(t)
		_, c = openHere(t, Config{RecvBuffer: 1 << 30, SendBuffer: 1 << 30}, Class{Family: wire.V4})
		assert.False(t, c.facts.Raw)
		for _, setting := range []string{"net.core.rmem_max = ", "net.core.wmem_max = "} {
			_, after, found := strings.Cut(c.facts.Limit, setting)
			require.True(t, found, c.facts.Limit)
			assert.NotEmpty(t, after)
		}
		if text, err := os.ReadFile("/proc/sys/net/core/rmem_max"); err == nil {
			value := strings.TrimSpace(string(text))
			assert.Contains(t, c.facts.Limit, "rmem_max = "+value)
			most, err := strconv.Atoi(value)
			require.NoError(t, err)
			_, c = openHere(t, Config{RecvBuffer: most + most/2, SendBuffer: 4608}, Class{Family: wire.V4})
			assert.Equal(t, "net.core.rmem_max = "+value, c.facts.Limit, "a little more than it allows")
		}
		assert.Positive(t, c.facts.RecvBuffer)
		assert.Less(t, c.facts.RecvBuffer, 1<<30)
	})
}

// withoutRights takes the calling thread's opening rights for good. The thread
// must be one that ends with its goroutine, as inNamespace's.
func withoutRights(t testing.TB) {
	t.Helper()
	caps, err := readCapabilities()
	require.NoError(t, err)
	caps[0].Effective &^= openingRights
	caps[0].Permitted &^= openingRights
	require.NoError(t, caps.write())
}
