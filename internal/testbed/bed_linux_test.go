package testbed

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/steady"
	"github.com/rawping/rawping/internal/wire"
)

// hostOf returns the server, and an address of the responder.
func hostOf(b *Bed, f wire.Family) (string, string) {
	return b.ServerAddr.Of(f).String(), b.Responder.Of(f).Addr().Next().String()
}

func TestUp(t *testing.T) {
	began := time.Now()
	b := New(t)
	t.Logf("up in %v", time.Since(began))
	for _, f := range families {
		steady.Run(t, func(t testing.TB) { // ping(8) waits for the last reply only a moment, whatever it is told
			b.Forget()
			server, responder := hostOf(b, f)
			for _, addr := range []string{server, responder, b.RouterAddr.Of(f).String()} {
				b.Client.Run(t, "ping", "-n", "-q", "-c", "3", "-i", "0.2", "-W", "60", addr)
			}
			require.Equal(t, Tally{Requests: 3, Replies: 3}, b.Seen(b.Responder.Of(f)))
			for _, entry := range b.Entries(b.Responder.Of(f)) {
				require.Equal(t, 56, entry.Payload)
				require.EqualValues(t, 62, entry.Hops)
				require.Equal(t, b.ClientAddr.Of(f), entry.Src)
			}
		})
	}
}
