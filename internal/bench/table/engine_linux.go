package main

import "strconv"

// engine measures the engine alone: beside a loop that keeps no books, with few and
// with many targets, and in its steady state.
func engine(s *session) error {
	const many, few, echoes = 100_000, 1000, 3
	of := func(program string, targets, echoes int) command {
		return command{s.program(program), "-targets", strconv.Itoa(targets), "-echoes", strconv.Itoa(echoes)}
	}
	medians, err := inTurn(s.rounds, printed,
		of("engine", many, echoes), of("bare", many, echoes),
		of("engine", few, echoes*many/few), of("engine", many, echoes).with("-nokeys"))
	if err != nil {
		return err
	}
	perEcho := func(i int) float64 { return medians[i]["cpu_s"] / medians[i]["echoes"] }
	const work = "engine alone, 100,000 targets"
	s.rows = append(s.rows,
		row{work, "CPU per echo", perEcho(0), "bare loop", perEcho(1), microseconds, ratioAtMost(1.2)},
		row{work, "CPU per echo as on kernels before 6.13", perEcho(3), "bare loop", perEcho(1), microseconds, bar{}},
		row{work, "CPU per echo, growth", perEcho(0), "1,000 targets", perEcho(2), microseconds, ratioAtMost(1.3)},
		row{work, "echoes without a reply", medians[0]["missing"], "", 0, count, atMost(0)},
	)

	// From 12 s on no slot of a probe is used for the first time, for a judged probe is
	// remembered for 10 s. The engine may put work off as the plugin lets it.
	f, err := printed(of("engine", 10_000, 24).with("-interval", "1s", "-coalesce", "5ms", "-warm", "12s"))
	if err != nil {
		return err
	}
	const steady = "engine alone, 10,000 targets, one echo each per second, after 12 s"
	s.rows = append(s.rows,
		row{steady, "allocations per echo", f["mallocs"] / f["echoes"], "", 0, small, atMost(0.0005)},
		row{steady, "CPU per echo", f["cpu_s"] / f["echoes"], "", 0, microseconds, bar{}},
		row{steady, "lateness of sends, mean", f["lateness_s"], "", 0, duration, bar{}},
		row{steady, "lateness of sends, most", f["lateness_max_s"], "", 0, duration, bar{}},
		row{steady, "echoes without a reply", f["missing"], "", 0, count, atMost(0)},
	)
	return nil
}
