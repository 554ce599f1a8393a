package site

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// itlCase is a service that a command of Icinga's template library checks.
type itlCase struct {
	command  string
	vars     string // more of the service, in Icinga's language
	args     string // what the command line is, without the program
	state    int
	output   string // patterns, of all of it
	perfdata string
}

// itlCases are the commands with their default values, and with others.
func itlCases(b bed) []itlCase {
	const (
		ms       = `\d+\.\d{3}ms`
		pingOK   = `PING OK - Packet loss = 0%, RTA = \d+\.\d\d ms`
		ping     = `rta=\d+\.\d{6}ms;100\.000000;200\.000000;0\.000000 pl=0%;5;15;0;`
		alive    = `rta=\d+\.\d{6}ms;3000\.000000;5000\.000000;0\.000000 pl=0%;80;100;0;`
		icmp     = `rta=` + ms + `;100\.000;200\.000;0; pl=0%;5;15;; rtmax=` + ms + `;;;; rtmin=` + ms + `;;;;`
		fping    = `loss=0%;5;15;0;100 rta=\d\.\d{6}s;0\.100000;0\.200000;0\.000000`
		defaults = "-c 200,15% -w 100,5%"
		fpings   = "-c 200,15% -i 500 -n 5 -w 100,5%"
		// Those of Icinga 2.13; 2.14 has 10% and 30%.
		icmpLimits = `vars.icmp_wpl = 5; vars.icmp_cpl = 15`
	)
	up, up6, router := b.ServerAddr.V4.String(), b.ServerAddr.V6.String(), b.RouterAddr.V4.String()
	refused, silent := b.RouterErrors4[1].Addr.String(), b.Silent.V4.Addr().Next().String()
	icmpOK := func(host string) string { return `OK - ` + host + `: rta ` + ms + `, lost 0%` }
	return []itlCase{
		{"ping", ``, "-H " + up + " " + defaults, 0, pingOK, ping},
		{"ping", `vars.check_ipv6 = true`, "-H " + up6 + " " + defaults, 0, pingOK, ping},
		{
			"ping", `vars.ping_packets = 2; vars.ping_timeout = 2; vars.address = "` + silent + `"`, "-H " + silent + " -c 200,15% -p 2 -t 2 -w 100,5%",
			2, `PING CRITICAL - Packet loss = 100%`, `rta=U;100\.000000;200\.000000;; pl=100%;5;15;0;`,
		},
		{
			"ping", `vars.ping_address = [ "` + up + `", "` + up + `" ]; vars.ping_packets = 1`, "-H " + up + " -H " + up + " -c 200,15% -p 1 -w 100,5%",
			0, up + ` is alive`, ``,
		},
		{"ping4", ``, "-4 -H " + up + " " + defaults, 0, pingOK, ping},
		{
			"ping6", `vars.ping_wrta = 100.5; vars.ping_packets = 3`, "-6 -H " + up6 + " -c 200,15% -p 3 -w 100.500000,5%",
			0, pingOK, strings.Replace(ping, `100\.0`, `100\.5`, 1),
		},
		{"hostalive", ``, "-H " + up + " -c 5000,100% -w 3000,80%", 0, pingOK, alive},
		{"hostalive4", ``, "-4 -H " + up + " -c 5000,100% -w 3000,80%", 0, pingOK, alive},
		{"hostalive6", ``, "-6 -H " + up6 + " -c 5000,100% -w 3000,80%", 0, pingOK, alive},
		{"hostalive", `vars.address = "` + refused + `"`, "-H " + refused + " -c 5000,100% -w 3000,80%", 2, `CRITICAL - Host Unreachable \(` + refused + `\)`, ``},
		{"icmp", icmpLimits, defaults + " -H " + up, 0, icmpOK(up), icmp},
		{"icmp", icmpLimits + `; vars.icmp_address = "$address6$"`, defaults + " -H " + up6, 0, icmpOK(up6), icmp},
		{
			"icmp", icmpLimits + `; vars.icmp_address = [ "` + up + `", "` + refused + `" ]; vars.icmp_hosts_alive = 1; vars.icmp_packets = 3; ` +
				`vars.icmp_data_bytes = 100; vars.icmp_timeout = 8; vars.icmp_ttl = 9; vars.icmp_packet_interval = "10ms"; vars.icmp_target_interval = "5ms"`,
			"-I 5ms -b 100 -c 200,15% -i 10ms -l 9 -m 1 -n 3 -t 8 -w 100,5% -H " + up + " " + refused,
			0, icmpOK(up) + ` :: ` + refused + `: Host unreachable @ ` + router + `\. rta nan, lost 100%`,
			up + `rta=` + ms + `;100\.000;200\.000;0; ` + up + `pl=0%;5;15;; .* ` + refused + `pl=100%;5;15;; .*`,
		},
		{"fping4", ``, up + " -4 " + fpings, 0, `FPING OK - ` + up + ` \(loss=0%, rta=\d+\.\d{6} ms\)`, fping},
		{"fping6", ``, up6 + " -6 " + fpings, 0, `FPING OK - ` + up6 + ` \(loss=0%, rta=\d+\.\d{6} ms\)`, fping},
		{
			"fping4", `vars.fping_number = 2; vars.fping_interval = 50; vars.fping_target_timeout = 200; vars.address = "` + silent + `"`,
			silent + " -4 -T 200 -c 200,15% -i 50 -n 2 -w 100,5%", 2, `FPING CRITICAL - ` + silent + ` \(loss=100% \)`, `loss=100%;5;15;0;100`,
		},
	}
}

// TestITL: the commands of Icinga's template library run unchanged.
func TestITL(t *testing.T) {
	t.Parallel()
	byWhom(t, func(t *testing.T, b bed, seen map[string]string) {
		all := itlCases(b)
		objects := fmt.Sprintf(`
object Host "up" { import "host"; check_command = "hostalive"; address = "%v"; address6 = "%v" }
`, b.ServerAddr.V4, b.ServerAddr.V6)
		for n, tt := range all {
			objects += fmt.Sprintf("object Service \"%d\" { import \"service\"; host_name = \"up\"; check_command = %q; %s }\n", n, tt.command, tt.vars)
		}
		i := StartIcinga(t, b.Client, IcingaConfig{Objects: objects, Seen: seen})
		for n, tt := range all {
			output, perfdata := regexp.MustCompile("^"+tt.output+"$"), regexp.MustCompile("^"+tt.perfdata+"$")
			// Again and again: the library's thresholds are narrow for a busy machine.
			r := i.Service("up", fmt.Sprint(n), func(r IcingaResult) bool {
				return r.State == tt.state && output.MatchString(r.Output) && perfdata.MatchString(r.Perfdata)
			})
			assert.Equal(t, tt.args, strings.Join(r.Command[1:], " "))
			assert.Equal(t, tt.state, r.Exit)
		}
		alive := i.Host("up", func(r IcingaResult) bool { return r.State == 0 })
		assert.Regexp(t, `^PING OK - Packet loss = 0%, RTA = \d+\.\d\d ms$`, alive.Output)
	})
}
