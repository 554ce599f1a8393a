package rawping

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A host that leaves its file and comes back within one interval has one row,
// with the probes of both times and the run of losses that goes on.
func TestLeaveAndComeBack(t *testing.T) {
	for _, mode := range []string{"", "count = 3"} {
		l := newLists(t)
		l.put("hosts", "192.0.2.200", "192.0.2.5")
		p, err := load(t, fmt.Sprintf("[[inputs.rawping]]\ntargets_file = [%q]\n%s", l.path("hosts"), mode))
		require.NoError(t, err)
		synctest.Test(t, func(t *testing.T) {
			w := inhabit(t, p)
			require.NoError(t, w.Start(&w.acc))
			s := w.session
			sum := map[string]int64{}
			for range 5 {
				w.gather(t)
				w.tally(t, sum)
				time.Sleep(8 * time.Second)
				l.put("hosts", "192.0.2.5")
				time.Sleep(11 * time.Second)
				l.put("hosts", "192.0.2.200", "192.0.2.5")
				time.Sleep(11 * time.Second)
			}
			f := w.gather(t)["192.0.2.200"].Fields()
			w.tally(t, sum)
			require.InDelta(t, 30, f["window_s"], 0.1)
			require.Equal(t, sum["192.0.2.200"], f["consecutive_lost"])
			require.Equal(t, sum["192.0.2.200"], f["longest_loss_run"])
			w.Stop()
			w.tally(t, sum)
			c := s.engine.Counters()
			require.Equal(t, int64(c.Sent-c.Abandoned), sum["192.0.2.200"]+sum["192.0.2.5"])
			if mode != "" {
				require.LessOrEqual(t, len(w.sent("192.0.2.200")), 3*7, "a burst for each Gather")
			}
		})
	}
}

// So does an address that a name has at times.
func TestAddressComesBack(t *testing.T) {
	for _, mode := range []string{"", "count = 4"} {
		p, err := load(t, "[[inputs.rawping]]\nurls = [\"flap.example\"]\nresolve = \"all\"\nresolve_interval = \"3s\"\nping_interval = \"300ms\"\n"+mode)
		require.NoError(t, err)
		synctest.Test(t, func(t *testing.T) {
			w := inhabit(t, p)
			lookups := 0
			p.resolver.Lookup = func(context.Context, string, string) ([]netip.Addr, error) {
				lookups++
				return []netip.Addr{addr("192.0.2.5"), addr("192.0.2.1")}[:1+lookups%2], nil
			}
			require.NoError(t, w.Start(&w.acc))
			s := w.session
			sum := map[string]int64{}
			for range 20 {
				require.NoError(t, w.Gather(&w.acc))
				w.tally(t, sum)
				time.Sleep(10 * time.Second)
			}
			w.Stop()
			w.tally(t, sum)
			c := s.engine.Counters()
			require.Equal(t, int64(c.Sent-c.Abandoned), sum["flap.example"])
			require.Greater(t, len(w.sent("192.0.2.1")), 20)
			if mode != "" {
				require.LessOrEqual(t, len(w.sent("192.0.2.1")), 4*21, "a burst for each Gather")
			}
		})
	}
}
