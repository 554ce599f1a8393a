package main

// agent measures the plugin in a real Telegraf agent, beside inputs.ping. Every probe
// is answered there, so that all loss is false.
func agent(s *session) error {
	of := func(input string) command {
		return command{s.program("agent"), "-input", input, "-targets", "10000", "-for", "60s"}
	}
	us, err := printed(of("rawping"))
	if err != nil {
		return err
	}
	them, err := printed(of("ping"))
	if err != nil {
		return err
	}
	const work, peer = "Telegraf agent, 10,000 targets, one probe each per second, 60 s", "inputs.ping"
	s.rows = append(s.rows,
		row{work, "CPU per echo", us["cpu_s"] / us["echoes"], peer, them["cpu_s"] / them["echoes"], microseconds, ratioAtMost(1.0 / 40)},
		row{work, "CPU of one core", us["cpu_s"] / us["wall_s"], peer, them["cpu_s"] / them["wall_s"], percent, atMost(0.2)},
		row{work, "resident memory", us["resident"], peer, them["resident"], megabytes, atMost(120e6)},
		row{work, "echoes", us["echoes"], peer, them["echoes"], count, bar{}},
		row{work, "called lost", us["lost"], peer, them["lost"], count, atMost(0)},
		row{work, "could not be sent", us["not_sent"], peer, them["not_sent"], count, atMost(0)},
	)
	return nil
}

// plugin measures the plugin with many targets, as an agent runs it.
func plugin(s *session) error {
	f, err := printed(command{s.program("plugin"), "-targets", "100000", "-interval", "10s", "-gathers", "6"})
	if err != nil {
		return err
	}
	const work = "plugin, 100,000 targets, one probe each per 10 s, 60 s"
	s.rows = append(s.rows,
		row{work, "state per target", f["state"], "", 0, wholeBytes, atMost(1000)},
		row{work, "CPU of a Gather", f["gather_s"], "accumulator alone", f["alone_s"], seconds, ratioAtMost(1.3)},
		row{work, "resident memory", f["resident"], "", 0, megabytes, bar{}},
		row{work, "probes decided", f["decided"], "", 0, count, bar{}},
		row{work, "called lost", f["lost"], "", 0, count, atMost(0)},
		row{work, "could not be sent", f["not_sent"], "", 0, count, atMost(0)},
	)
	return nil
}
