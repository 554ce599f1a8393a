package site

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
)

// definition is a service that a command of Debian's definitions checks.
type definition struct {
	host     string
	command  string
	state    int
	output   string // patterns, of all of it
	perfdata string
}

// definitions are the ICMP commands of Debian's /etc/nagios-plugins/config.
func definitions() []definition {
	const (
		pingOK = `PING OK - Packet loss = 0%, RTA = \d+\.\d\d ms`
		ping   = `rta=\d+\.\d{6}ms;1000\.500000;5000\.000000;0\.000000 pl=0%;20;60;0;`
		alive  = `rta=\d+\.\d{6}ms;5000\.000000;5000\.000000;0\.000000 pl=0%;100;100;0;`
		gone   = `CRITICAL - Host Unreachable \(192\.0\.2\.2\)`
		fping  = `FPING OK - \S+ \(loss=0%, rta=\d+\.\d{6} ms\)`
		values = "!1000.5,20%!5000,60%"
	)
	return []definition{
		{"up", "check_ping" + values, 0, pingOK, ping},
		{"up6", "check_ping" + values, 0, pingOK, ping},
		{"up", "check_ping_4" + values, 0, pingOK, ping},
		{"gone", "check_ping" + values, 2, gone, ``},
		{"up", "check-host-alive", 0, pingOK, alive},
		{"up6", "check-host-alive", 0, pingOK, alive},
		{"gone", "check-host-alive", 2, gone, ``},
		{"up", "check-printer-alive", 0, pingOK, alive},
		{"up", "check-switch-alive_4", 0, pingOK, alive},
		{"up", "check-fast-alive", 0, fping, `loss=0%;;;0;100 rta=\d\.\d{6}s;;;0\.000000`},
	}
}

// TestNagiosDebian: Debian's command definitions run unchanged.
func TestNagiosDebian(t *testing.T) {
	t.Parallel()
	byWhom(t, func(t *testing.T, b bed, seen map[string]string) {
		var objects string
		for name, address := range map[string]any{"up": b.ServerAddr.V4, "up6": b.ServerAddr.V6, "gone": b.RouterErrors4[1].Addr} {
			objects += fmt.Sprintf("define host {\n use host\n host_name %s\n address %v\n check_command check-host-alive\n}\n", name, address)
		}
		all := definitions()
		for n, tt := range all {
			objects += fmt.Sprintf("define service {\n use service\n host_name %s\n service_description %d\n check_command %s\n}\n", tt.host, n, tt.command)
		}
		n := StartNagios(t, b.Client, NagiosConfig{
			Objects: objects, Seen: seen,
			Files: []string{"/etc/nagios-plugins/config/ping.cfg", "/etc/nagios-plugins/config/fping.cfg"},
		})
		for number, tt := range all {
			output, perfdata := regexp.MustCompile("^"+tt.output+"$"), regexp.MustCompile("^"+tt.perfdata+"$")
			n.Service(tt.host, fmt.Sprint(number), func(r Result) bool {
				return r.State == tt.state && output.MatchString(r.Output) && perfdata.MatchString(r.Perfdata)
			})
		}
		for name, state := range map[string]int{"up": 0, "up6": 0, "gone": 1} {
			assert.Equal(t, state, n.Host(name, once).State, name)
		}
	})
}
