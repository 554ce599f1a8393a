package rawping

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/icmpsock"
)

func TestNoRights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "192.0.2.1", "2001:db8::1", "web.example")
		var rights denied
		rights.Store(true)
		w.RawPing.network = func() (icmpsock.Network, error) {
			n := newNetwork()
			n.OpenError = rights.open
			return n, nil
		}
		require.ErrorContains(t, w.Probe(), "no right to open an ICMP socket")
		require.NoError(t, w.Start(&w.acc))
		const logged = `E! Cannot send to "192.0.2.1" and 1 more, trying again: no right to open an ICMP socket: operation not permitted`
		require.Equal(t, []string{logged}, w.lines(), "at once")
		for range 5 {
			for url, m := range w.gather(t) {
				code, _ := m.GetField("result_code")
				require.Equal(t, int64(2), code, url)
				require.False(t, m.HasField("percent_packet_loss"), "what could not be sent is no loss")
				cause, _ := m.GetField("not_sent_cause")
				require.Equal(t, "no right to open an ICMP socket: operation not permitted", cause, url)
			}
			time.Sleep(5 * time.Second)
		}
		require.Equal(t, []string{logged}, w.lines(), "and once")

		rights.Store(false)
		require.NoError(t, w.Probe())
		time.Sleep(time.Minute)
		for url, m := range w.gather(t) {
			code, _ := m.GetField("result_code")
			require.Equal(t, int64(0), code, url)
		}
		require.Equal(t, []string{
			logged, `I! IPv4 socket opened anew`, `I! IPv6 socket opened anew`,
			`I! Sending to "192.0.2.1" and 2 more again`,
		}, w.lines())
		w.Stop()
	})
}

func TestSocketLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "192.0.2.1")
		require.NoError(t, w.Start(&w.acc))
		w.gather(t)
		w.network.Kill()
		time.Sleep(10 * time.Second)
		m := w.gather(t)["192.0.2.1"]
		code, _ := m.GetField("result_code")
		require.Equal(t, int64(0), code)
		require.Equal(t, []string{
			`W! IPv4 socket lost, opening it anew: bad file descriptor`, `I! IPv4 socket opened anew`,
		}, w.lines())
		w.Stop()
	})
}
