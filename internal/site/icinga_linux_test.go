package site

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/steady"
	"github.com/rawping/rawping/internal/testbed"
	"github.com/rawping/rawping/internal/wire"
)

// first is enough: the first result.
func first(IcingaResult) bool { return true }

// list writes words in Icinga's language.
func list(words []string) string {
	text, _ := json.Marshal(words) // strings have no other form there
	return string(text)
}

// TestIcinga: what check_rawping says arrives in Icinga 2, whose user runs it.
func TestIcinga(t *testing.T) {
	t.Parallel()
	steady.Run(t, func(t testing.TB) {
		b := newBed(t)
		objects := fmt.Sprintf(`
object CheckCommand "who" { command = [ "/usr/bin/id", "-un" ] }
object CheckCommand "rawping" {
  command = [ PluginDir + "/check_rawping" ]
  arguments = { "args" = { value = "$args$"; skip_key = true } }
}
object Host "up" {
  import "host"
  address = "%v"
  check_command = "rawping"
  vars.args = [ "-H", "$address$", "-w", "3000,80%%", "-c", "5000,100%%", "-n", "2" ]
}
object Host "down" {
  import "host"
  address = "%v"
  check_command = "rawping"
  vars.args = [ "-H", "$address$", "-w", "1000,80%%", "-c", "1000,100%%", "-n", "2" ]
}
object Service "who" { import "service"; host_name = "up"; check_command = "who" }
`, b.ServerAddr.V6, b.host(wire.V4, 1, dead))
		all := trials(b)
		for _, tt := range all {
			objects += fmt.Sprintf("object Service %q { import \"service\"; host_name = \"up\"; check_command = \"rawping\"; vars.args = %s }\n",
				tt.name, list(tt.args))
		}
		i := StartIcinga(t, b.Client, IcingaConfig{Objects: objects, Seen: seen(t)})

		require.Equal(t, "nagios", i.Service("up", "who", first).Output)
		for _, tt := range all {
			r := i.Service("up", tt.name, first)
			tt.holds(t, r.Result)
			assert.Equal(t, tt.state, r.Exit)
			assert.Equal(t, tt.args, r.Command[1:])
			for _, value := range r.Values {
				assert.NotContains(t, value, " ")
			}
		}
		upAndDown(t, i.Host("up", first).Result, i.Host("down", first).Result)
	})
}

// TestIcingaTimeout: Icinga asks a check that takes too long to end (SIGTERM), and
// gets what is known by then. It waits for a tenth of the timeout before it kills
// the check, and its clock may be half a second late; so a short timeout would
// leave nothing of that, and a later check may have more luck than the first.
func TestIcingaTimeout(t *testing.T) {
	t.Parallel()
	steady.Run(t, func(t testing.TB) {
		b := newBed(t)
		fine, silent := b.host(wire.V4, 1, testbed.Fault{}), b.host(wire.V4, 2, dead)
		i := StartIcinga(t, b.Client, IcingaConfig{Seen: seen(t), Objects: fmt.Sprintf(`
object CheckCommand "long" {
  command = [ PluginDir + "/check_rawping", "-H", "$address$", "-n", "1000", "-i", "1s", "-c", "1000,60%%" ]
  timeout = 10s
}
object Host "fine" { import "host"; check_command = "dummy"; address = "%v" }
object Host "silent" { import "host"; check_command = "dummy"; address = "%v" }
apply Service "long" { import "service"; check_command = "long"; assign where true }
`, fine, silent)})
		for _, h := range []struct{ name, output, perfdata string }{
			{"fine", fine.String() + `: rta \d+\.\d{3}ms, lost 0%`, `rta=\d+\.\d{3}ms;200\.000;1000\.000;0; pl=0%;40;60;; .*`},
			{"silent", silent.String() + `: rta nan, lost 100%`, `rta=U;200\.000;1000\.000;0; pl=100%;40;60;; .*`},
		} {
			r := i.Service(h.name, "long", func(r IcingaResult) bool { return !strings.Contains(r.Output, "Terminated by signal") })
			assert.Equal(t, 3, r.State)
			assert.Regexp(t, `^<Timeout exceeded\.>UNKNOWN - stopped by SIGTERM\. `+h.output+`$`, r.Output)
			assert.Regexp(t, `^`+h.perfdata+`$`, r.Perfdata)
			// Icinga 2.14 says here what it made of the exit code.
			assert.Regexp(t, `: \d+ packets not sent before SIGTERM(<Terminated with exit code 128 \(0x80\)\.>)?$`, r.Long)
		}
	})
}

// TestIcingaInfluxDB: Icinga's writer puts the figures into InfluxDB, in units of
// its own. It cannot write what has no value, and complains of each U: of which our
// command passes none, unless it is told to.
func TestIcingaInfluxDB(t *testing.T) {
	t.Parallel()
	steady.Run(t, func(t testing.TB) {
		b := newBed(t)
		db := StartInfluxDB(t, b.Client)
		db.Create("icinga2") // the writer does not
		i := StartIcinga(t, b.Client, IcingaConfig{Seen: seen(t), Files: []string{shipped(t, "contrib/icinga2/rawping.conf")}, Objects: fmt.Sprintf(`
object InfluxdbWriter "influxdb" {
  host = "127.0.0.1"
  port = %s
  database = "icinga2"
  flush_threshold = 1
  flush_interval = 1s
  enable_send_thresholds = true
  enable_send_metadata = true
  service_template = { measurement = "$service.check_command$"; tags = { hostname = "$host.name$"; service = "$service.name$" } }
}
template Service "rawping" {
  import "service"
  check_command = "rawping"
  vars += { rawping_interval = 10; rawping_wrta = 3000; rawping_wpl = 60; rawping_crta = 5000; rawping_cpl = 80 }
}
object Host "lossy" { import "host"; check_command = "dummy"; address = "%v" }
object Host "down" { import "host"; check_command = "dummy"; address = "%v" }
apply Service "ping" { import "rawping"; assign where true }
apply Service "with U" { import "rawping"; vars.rawping_no_data = "U"; assign where host.name == "down" }
`, db.URL[strings.LastIndex(db.URL, ":")+1:], b.host(wire.V4, 1, testbed.Fault{Lose: 1, Of: 5}), b.RouterErrors4[1].Addr)})

		figures := map[string][]any{}
		for _, s := range db.Await("icinga2", `SELECT last(value), warn, crit, unit FROM rawping WHERE hostname = 'lossy' GROUP BY metric`,
			func(s []Series) bool { return len(s) == 4 }) {
			require.Equal(t, []string{"time", "last", "warn", "crit", "unit"}, s.Columns)
			figures[s.Tags["metric"]] = s.Values[0][1:]
		}
		number := func(text string) json.Number { return json.Number(text) }
		assert.Equal(t, []any{number("20"), number("60"), number("80"), "percent"}, figures["pl"])
		require.Contains(t, figures, "rta")
		assert.Equal(t, []any{number("3"), number("5"), "seconds"}, figures["rta"][1:])
		for _, metric := range []string{"rta", "rtmax", "rtmin"} {
			require.Contains(t, figures, metric)
			value, err := figures[metric][0].(json.Number).Float64()
			require.NoError(t, err)
			assert.Positive(t, value, metric)
			assert.Less(t, value, 3.0, metric)
		}

		down := db.Await("icinga2", `SELECT last(value) FROM rawping WHERE hostname = 'down' AND service = 'ping' GROUP BY metric; `+
			`SELECT last(state) FROM rawping WHERE hostname = 'down' AND service = 'ping'`,
			func(s []Series) bool { return len(s) == 2 })
		assert.Equal(t, map[string]string{"metric": "pl"}, down[0].Tags)
		assert.Equal(t, number("100"), down[0].Values[0][1])
		assert.Equal(t, number("2"), down[1].Values[0][1])
		const complaint = "Ignoring invalid perfdata for checkable 'down!"
		i.daemon.await("complaint", func() error {
			if log := i.Log(); !strings.Contains(log, complaint+"with U' and command 'rawping' with value: rta=U;") {
				return fmt.Errorf("only %q", log)
			}
			return nil
		})
		assert.NotContains(t, i.Log(), complaint+"ping'")
	})
}
