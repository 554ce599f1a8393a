package main

import (
	"os"

	"github.com/rawping/rawping/internal/bench"
)

// checkICMP is where Debian's monitoring-plugins-basic puts it.
const checkICMP = "/usr/lib/nagios/plugins/check_icmp"

// check measures the check beside Debian's. Both send the next packet when the reply
// is there.
func check(s *session) error {
	args := []string{"-H", "127.0.0.1", "-n", "5", "-i", "0"}
	ours, debians := command{s.program("check_rawping")}, command{checkICMP}
	programs := []command{ours.with(args...), debians.with(args...), {s.program("empty")}, {s.program("emptyc")}}
	const times = 200
	medians, err := inTurn(times, process, programs...)
	if err != nil {
		return err
	}
	memory, err := inTurn(5, s.resident, programs...)
	if err != nil {
		return err
	}
	sizes := bench.Figures{}
	for _, c := range programs[:2] {
		info, err := os.Stat(c[0])
		if err != nil {
			return err
		}
		sizes[c[0]] = float64(info.Size())
	}
	const work, peer = "check of 127.0.0.1, -n 5 -i 0, whole process, 200 runs", "check_icmp"
	cpu := func(i int) float64 { return medians[i]["cpu_s"] }
	s.rows = append(s.rows,
		row{work, "CPU", cpu(0), peer, cpu(1), milliseconds, ratioAtMost(4)},
		row{work, "CPU of a Go program that does nothing", cpu(2), peer, cpu(1), milliseconds, bar{}},
		row{work, "CPU of a C program that does nothing", cpu(3), peer, cpu(1), milliseconds, bar{}},
		row{work, "wall time", medians[0]["wall_s"], peer, medians[1]["wall_s"], milliseconds, bar{}},
		row{work, "resident memory", memory[0]["resident"], peer, memory[1]["resident"], megabytes, atMost(8e6)},
		row{work, "binary", sizes[ours[0]], peer, sizes[debians[0]], megabytes, atMost(6e6)},
	)
	return nil
}
