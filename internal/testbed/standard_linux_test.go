package testbed

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Each standard rule does what it says, as far as the responder's own counts
// tell: the faults themselves have tests of their own.
func TestStandard(t *testing.T) {
	b := New(t)
	b.UseStandard()
	for _, f := range families {
		o := observe(t, b, f)
		for _, r := range Standard() {
			o.send(r.Host(f), 1, payload())
			o.send(r.Host(f), 2, payload())
		}
		for _, r := range Standard() {
			fault := r.Fault(f)
			want := Tally{Requests: 2, Forged: 2 * (fault.Forge + fault.ForgeErrors)}
			switch {
			case fault.Of > 0 && fault.Of == fault.Lose, fault.Of > 2:
				want.Lost = 2
			case fault.Of == 2:
				want.Lost = 1
			}
			answered := 2 - want.Lost
			if fault.ICMPError != nil {
				want.Errors = answered
			}
			if fault.ICMPError == nil || fault.EchoToo {
				want.Replies = answered * (1 + fault.Duplicate)
				if fault.TwoDifferent {
					want.Replies += answered
				}
			}
			prefix := r.Prefix.Of(f)
			require.Eventually(t, func() bool { return b.Seen(prefix).Requests == 2 }, eventually, tick, r.Name)
			if fault.LoseRandom > 0 {
				continue
			}
			require.Equal(t, want, b.Seen(prefix), "%s %v", r.Name, f)
		}
	}
}
