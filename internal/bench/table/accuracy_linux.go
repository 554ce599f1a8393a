package main

import (
	"fmt"
	"strconv"
)

// accuracy holds the RTTs of each pinger against the interface's, on a busy host.
func accuracy(s *session) error {
	const targets, rounds = 2000, 3
	f, err := printed(command{s.program("accuracy"), "-targets", strconv.Itoa(targets), "-rounds", strconv.Itoa(rounds)})
	if err != nil {
		return err
	}
	for _, us := range []string{"rawping", "rawping nokeys"} {
		if n := f[us+" compared"] + f[us+" false loss"]; n != targets*rounds {
			return fmt.Errorf("%s: the capture saw %.0f of %d probes answered", us, n, targets*rounds)
		}
	}
	const work = "2,000 targets at once, all cores busy, RTTs against a capture"
	const same = "the same beside pro-bing"
	const old = "the same as on kernels before 6.13"
	const bound = 50e-6
	against := func(work, us, peer, figure, what string, u unit, b bar) row {
		theirs := 0.0
		if peer != "" {
			theirs = f[peer+" "+figure]
		}
		return row{work, what, f[us+" "+figure], peer, theirs, u, b}
	}
	for _, c := range []struct{ work, us, peer string }{
		{work, "rawping", "inputs.ping"}, {same, "rawping", "pro-bing"}, {old, "rawping nokeys", ""},
	} {
		held := func(b bar) bar {
			if c.peer == "pro-bing" {
				return bar{} // said above
			}
			return b
		}
		s.rows = append(s.rows,
			against(c.work, c.us, c.peer, "p50", "off by, median", duration, bar{}),
			against(c.work, c.us, c.peer, "p99", "off by, p99", duration, held(atMost(bound))),
			against(c.work, c.us, c.peer, "max", "off by, most", duration, bar{}),
			against(c.work, c.us, c.peer, "false loss", "called lost, of 6,000 answered", count, held(atMost(0))),
		)
	}
	return nil
}
