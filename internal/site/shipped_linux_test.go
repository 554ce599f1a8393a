package site

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shipped returns the path of a copy of a file of the project, which all users reach:
// the project itself may lie in root's home.
func shipped(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", name))
	require.NoError(t, err)
	path := filepath.Join(newDirectory(t, "shipped", "root"), filepath.Base(name))
	require.NoError(t, os.WriteFile(path, text, 0o644))
	return path
}

// exampleHosts gives the client the addresses of the examples, all but one of the
// cluster, so that they answer.
func exampleHosts(t testing.TB, b bed) {
	t.Helper()
	require.NoError(t, b.Client.IP(`address add 192.0.2.201/32 dev lo
address add 192.0.2.202/32 dev lo
address add 2001:db8::201/128 dev lo nodad
address add 2001:db8::204/128 dev lo nodad
`))
}

// example is what becomes of a service of the examples.
type example struct {
	name, args, output, perfdata string // patterns but for args, which Icinga passes
}

func examples() []example {
	const (
		figure = `\d+\.\d{3}ms`
		rest   = ` rtmax=` + figure + `;;;; rtmin=` + figure + `;;;;`
	)
	return []example{
		{
			"ping", "-H 192.0.2.201 --confirm 5 --no-data omit -c 500,60% -n 5 -w 100,20%",
			`OK - 192\.0\.2\.201: rta ` + figure + `, lost 0%`, `rta=` + figure + `;100\.000;500\.000;0; pl=0%;20;60;;` + rest,
		},
		{
			"voice", "-H 192.0.2.201 --dscp ef --no-data omit -J 30,50 -M 3.8,3.3 -i 20 -n 100",
			`OK - 192\.0\.2\.201: .*, jitter ` + figure + `, mos 4\.\d+`, `.*jitter_avg=` + figure + `;30\.000;50\.000;.* mos=4\.\d+;3\.8;3\.3;0;5`,
		},
		{
			"resolvers", "-H 192.0.2.202 -H 192.0.2.203 -H 2001:db8::204 --no-data omit -m 2",
			`OK - 192\.0\.2\.202: rta ` + figure + `, lost 0% :: 192\.0\.2\.203: no route .* :: 2001:db8::204: rta ` + figure + `, lost 0%`,
			`192\.0\.2\.202rta=` + figure + `;.* 2001:db8:0:0:0:0:0:204rtmin=` + figure + `;;;;`,
		},
	}
}

// holds says whether a result is the example's. It is asked again and again: the
// examples' thresholds are narrow for a busy machine.
func (e example) holds(r Result) bool {
	return r.State == 0 && regexp.MustCompile("^"+e.output+"$").MatchString(r.Output) &&
		regexp.MustCompile("^"+e.perfdata+"$").MatchString(r.Perfdata)
}

// certain is what the check of a host says that needs no more than one reply.
const certain = "192.0.2.201: 4 packets not sent: the verdict was certain"

// TestShippedIcinga: what we ship for Icinga is right, and does what it says.
func TestShippedIcinga(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	exampleHosts(t, b)
	i := StartIcinga(t, b.Client, IcingaConfig{
		Seen: seen(t),
		Files: []string{
			"/etc/icinga2/conf.d/templates.conf", "/etc/icinga2/conf.d/services.conf", // what they lie beside
			shipped(t, "contrib/icinga2/rawping.conf"), shipped(t, "contrib/icinga2/examples.conf"),
		},
		Objects: `
object Service "all" {
  import "service"
  host_name = "gateway"
  check_command = "rawping"
  vars += {
    rawping_hosts_file = "/hosts"; rawping_wrta = 0.25; rawping_wpl = 10; rawping_crta = "1s"; rawping_cpl = 33.3
    rawping_packets = 3; rawping_interval = "250us"; rawping_target_interval = 5; rawping_timeout = 7; rawping_packet_timeout = "3s"
    rawping_min_alive = 1; rawping_ttl = 9; rawping_bytes = 100; rawping_source = [ "lo", "192.0.2.201" ]; rawping_ipv4 = true
    rawping_ipv6 = true; rawping_rta = "1,2"; rawping_loss = "10,20"; rawping_jitter = "3,4"; rawping_mos = "4,3"
    rawping_score = "80,70"; rawping_order = true; rawping_threshold = [ "p95=~:50,~:100", "ttl=60:" ]; rawping_confirm = 2
    rawping_early_exit = true; rawping_trace_on_failure = true; rawping_dscp = "ef"; rawping_dont_fragment = true
    rawping_fwmark = "0x0a"; rawping_resolve = "all"; rawping_family = "both"; rawping_dns_failure = "critical"
    rawping_any_source = true; rawping_accept = "truncated"; rawping_no_data = "U"; rawping_extra_opts = "ping@/plugins.ini"; rawping_verbose = 2
  }
}
`,
	})
	for _, e := range append(examples(), example{
		"ping-v6", "-H 2001:db8::201 --no-data omit -6 -n 5", `OK - 2001:db8::201: rta \d+\.\d{3}ms, lost 0%`, `rta=\d+\.\d{3}ms;200\.000;500\.000;0; pl=0%;.*`,
	}) {
		i.Reschedule("gateway!" + e.name)
		r := i.Service("gateway", e.name, func(r IcingaResult) bool {
			if !e.holds(r.Result) {
				i.Reschedule("gateway!" + e.name)
			}
			return e.holds(r.Result)
		})
		assert.Equal(t, e.args, strings.Join(r.Command[1:], " "))
	}
	i.Reschedule("gateway")
	alive := i.Host("gateway", func(r IcingaResult) bool { return r.State == 0 })
	assert.Equal(t, certain, alive.Long)

	all := i.Service("gateway", "all", first)
	// In no order: Icinga's sorting of so many is not stable.
	assert.ElementsMatch(t, []string{
		"-accept truncated", "-any-source", "-confirm 2", "-dns-failure critical", "-dont-fragment", "-dscp ef", "-early-exit",
		"-extra-opts ping@/plugins.ini", "-family both", "-fwmark 0x0a", "-hosts-file /hosts", "-no-data U", "-packet-timeout 3s",
		"-resolve all", "-threshold p95=~:50,~:100", "-threshold ttl=60:", "-trace-on-failure", "4", "6", "I 5", "J 3,4", "M 4,3", "O",
		"P 10,20", "R 1,2", "S 80,70", "b 100", "c 1s,33.300000%", "i 250us", "l 9", "m 1", "n 3", "s lo", "s 192.0.2.201", "t 7", "vv",
		"w 0.250000,10%",
	}, strings.Split(" "+strings.Join(all.Command[1:], " "), " -")[1:])
}

// Icinga's command has all of check_rawping's options, but for those that make no
// sense under a scheduler.
func TestShippedIcingaOptions(t *testing.T) {
	t.Parallel()
	require.NoError(t, build())
	help, err := exec.Command(filepath.Join(builtDir, "check_rawping"), "--help").Output()
	require.Error(t, err, "its exit code is UNKNOWN's")
	text, err := os.ReadFile(shipped(t, "contrib/icinga2/rawping.conf"))
	require.NoError(t, err)
	options := regexp.MustCompile(`(?m)^ +(?:(-\w), |    )(--[a-z-]+)`).FindAllStringSubmatch(string(help), -1)
	require.Greater(t, len(options), 30)
	none := []string{"--output", "--personality", "--version", "--help", "--quiet", "--state-file", "--on-change", "--remind"}
	for _, o := range options {
		has := strings.Contains(string(text), `"`+o[2]+`" = {`) || o[1] != "" && strings.Contains(string(text), `"`+o[1]+`" = {`)
		if assert.NotContains(t, none, o[0]); !has {
			assert.Contains(t, none, o[2])
		}
	}
}

// TestShippedNagios: what we ship for Nagios is right, and does what it says.
func TestShippedNagios(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	exampleHosts(t, b)
	n := StartNagios(t, b.Client, NagiosConfig{
		Seen: seen(t),
		Files: []string{
			"/etc/nagios4/objects/commands.cfg", "/etc/nagios4/objects/contacts.cfg",
			"/etc/nagios4/objects/timeperiods.cfg", "/etc/nagios4/objects/templates.cfg",
			"/etc/nagios-plugins/config/ping.cfg", // a template names a command of these
			shipped(t, "contrib/nagios/rawping.cfg"), shipped(t, "contrib/nagios/examples.cfg"),
		},
	})
	for _, e := range examples() {
		n.Service("gateway", e.name, func(r Result) bool {
			// Nagios passes no --no-data omit.
			r.Perfdata = regexp.MustCompile(`\S+=U;\S* `).ReplaceAllString(r.Perfdata, "")
			return e.holds(r)
		})
	}
	alive := n.Host("gateway", func(r Result) bool { return r.State == 0 })
	assert.Equal(t, certain, alive.Long)
}
