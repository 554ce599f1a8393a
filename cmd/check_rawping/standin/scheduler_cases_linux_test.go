package standin_test

// schedulerCases are the commands of Icinga 2's template library with their default
// values and with others, in the order in which Icinga puts the arguments, and those
// of Debian's /etc/nagios-plugins/config.
func schedulerCases() []sideBySide {
	return []sideBySide{
		// ping, ping4, ping6
		{args: "check_ping -H {good} -c 200,15% -w 100,5%", tight: true},
		{args: "check_ping -H {good6} -c 200,15% -w 100,5%", tight: true},
		{args: "check_ping -4 -H {good} -c 200,15% -w 100,5%", tight: true},
		{args: "check_ping -6 -H {good6} -c 200,15% -w 100,5%", tight: true},
		{args: "check_ping -H {good} -c 200.000000,15.000000% -p 2 -t 10 -w 100.500000,5%", tight: true},
		{args: "check_ping -H {good} -H {good.2} -c 200,15% -w 100,5%"},

		// hostalive, hostalive4, hostalive6
		{args: "check_ping -H {good} -c 5000,100% -w 3000,80%"},
		{args: "check_ping -4 -H {good} -c 5000.0,100% -w 3000.0,80%"},
		{args: "check_ping -6 -H {good6} -c 5000,100% -w 3000,80%"},
		{args: "check_ping -H {refused} -c 5000,100% -w 3000,80%"},

		// fping4, fping6
		{args: "check_fping {good} -4 -c 200,15% -i 500 -n 5 -w 100,5%", tight: true},
		{args: "check_fping {good6} -6 -c 200,15% -i 500 -n 5 -w 100,5%", tight: true},
		{args: "check_fping {good} -4 -I wan0 -S 198.51.100.1 -T 3000 -b 56 -c 5000,15% -i 500 -n 2 -w 3000,5%"},

		// icmp, with one address and with an array
		{args: "check_icmp -c 200,15% -w 100,5% -H {good}", tight: true},
		{args: "check_icmp -c 200,15% -w 100,5% -H {good} {good.2} {good.3}", tight: true},
		{args: "check_icmp -I 10 -b 100 -c 5000,15% -i 20 -l 32 -m 2 -n 3 -s 198.51.100.1 -t 8 -w 3000,5% -H {good} {good.2} {dead}"},

		// Debian's commands for Nagios
		{args: "check_ping -H {good} -w 5000,100% -c 5000,100% -p 1"},
		{args: "check_ping -H {good} -w 5000,100% -c 5000,100% -p 1 -4"},
		{args: "check_ping -H {good} -w 3000.0,80% -c 5000.0,100% -p 5"},
		{args: "check_ping -H {good} -w 3000,20% -c 5000,60%"},
		{args: "check_fping -H {good}"},

		// Checkmk
		{args: "check_icmp -m 1 -t 10 -w 3000.00,80% -c 5000.00,100% {good}"},
	}
}
