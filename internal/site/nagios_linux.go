package site

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rawping/rawping/internal/testbed"
)

// nagiosUser is the user of Debian's Nagios and Icinga, who runs the checks.
const nagiosUser = "nagios"

// nagiosMain is the main configuration. An interval of 1 is a second, and first
// checks are at once: nothing is spread, and nothing waits.
const nagiosMain = `log_file=DIR/nagios.log
resource_file=DIR/resource.cfg
cfg_file=DIR/base.cfg
cfg_file=DIR/objects.cfg
object_cache_file=DIR/objects.cache
precached_object_file=DIR/objects.precache
status_file=DIR/status.dat
state_retention_file=DIR/retention.dat
lock_file=DIR/nagios.pid
temp_file=DIR/nagios.tmp
temp_path=DIR/spool
check_result_path=DIR/results
command_file=DIR/nagios.cmd
query_socket=DIR/nagios.qh
nagios_user=nagios
nagios_group=nagios
status_update_interval=1
interval_length=1
retain_state_information=0
check_for_updates=0
enable_notifications=0
enable_event_handlers=0
enable_flap_detection=0
check_workers=1
service_inter_check_delay_method=n
service_interleave_factor=1
host_inter_check_delay_method=n
cached_host_check_horizon=0
cached_service_check_horizon=0
use_syslog=0
date_format=iso8601
illegal_macro_output_chars=` + "`" + `~$&|'"<>
service_check_timeout_state=u
process_performance_data=1
service_perfdata_file=DIR/service-perfdata
service_perfdata_file_mode=a
service_perfdata_file_template=$HOSTNAME$\t$SERVICEDESC$\t$SERVICESTATE$\t$SERVICEPERFDATA$
`

// nagiosBase is what no configuration can be without, and two templates: "host"
// and "service", which are checked every second.
const nagiosBase = `define timeperiod {
  timeperiod_name always
  alias always
  sunday 00:00-24:00
  monday 00:00-24:00
  tuesday 00:00-24:00
  wednesday 00:00-24:00
  thursday 00:00-24:00
  friday 00:00-24:00
  saturday 00:00-24:00
}
define command {
  command_name nothing
  command_line /bin/true
}
define contact {
  contact_name nobody
  host_notification_period always
  service_notification_period always
  host_notification_options n
  service_notification_options n
  host_notification_commands nothing
  service_notification_commands nothing
}
define host {
  name host
  register 0
  contacts nobody
  notification_period always
  check_period always
  check_interval 1
  retry_interval 1
  max_check_attempts 1
}
define service {
  name service
  register 0
  contacts nobody
  notification_period always
  check_period always
  check_interval 1
  retry_interval 1
  max_check_attempts 1
}
`

// NagiosConfig is what a test says of its Nagios.
type NagiosConfig struct {
	Objects  string            // definitions, which may use the templates "host" and "service"
	Files    []string          // paths of files with more definitions
	Settings map[string]string // lines of the main configuration, besides our own
	Seen     map[string]string // paths, and what it and its checks find there instead
}

// PluginDir is where Debian's plugins are. Its command definitions look for them
// there; $USER1$ of Nagios and PluginDir and PluginContribDir of Icinga are this.
const PluginDir = "/usr/lib/nagios/plugins"

// Nagios is a running Nagios Core 4.
type Nagios struct{ daemon *daemon }

// StartNagios starts Debian's Nagios in a network namespace, as its own user,
// after it has found no fault in its configuration. It ends with the test.
func StartNagios(t testing.TB, ns *testbed.Namespace, config NagiosConfig) *Nagios {
	t.Helper()
	needs(t, "nagios4")
	d := &daemon{t: t, name: "nagios4", dir: newDirectory(t, "nagios", nagiosUser), ns: ns, seen: config.Seen}
	for _, name := range []string{"spool", "results"} {
		d.mkdir(name, nagiosUser)
	}
	d.put("base.cfg", nagiosBase)
	d.put("resource.cfg", "$USER1$="+PluginDir+"\n")
	d.put("objects.cfg", config.Objects)
	var text strings.Builder
	text.WriteString(strings.ReplaceAll(nagiosMain, "DIR/", d.dir+"/"))
	for name, value := range config.Settings {
		fmt.Fprintf(&text, "%s=%s\n", name, value)
	}
	for _, path := range config.Files {
		fmt.Fprintf(&text, "cfg_file=%s\n", path)
	}
	main := d.put("nagios.cfg", text.String())
	if out, err := d.command("nagios4", "-v", main).CombinedOutput(); err != nil {
		t.Fatalf("nagios4 -v: %v\n%s", err, out)
	}
	d.start("nagios4", main)
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(d.dir, "nagios.log"))
			t.Logf("nagios.log:\n%s", log)
		}
	})
	return &Nagios{d}
}

// Service waits until Nagios has a result of a service that is enough, and returns it.
func (n *Nagios) Service(host, service string, enough func(Result) bool) Result {
	n.daemon.t.Helper()
	return n.await("servicestatus", map[string]string{"host_name": host, "service_description": service}, enough)
}

// Host is Service for the check of a host itself.
func (n *Nagios) Host(host string, enough func(Result) bool) Result {
	n.daemon.t.Helper()
	return n.await("hoststatus", map[string]string{"host_name": host}, enough)
}

func (n *Nagios) await(kind string, keys map[string]string, enough func(Result) bool) (r Result) {
	n.daemon.t.Helper()
	n.daemon.await(fmt.Sprintf("result of %v", keys), func() error {
		text, err := os.ReadFile(filepath.Join(n.daemon.dir, "status.dat"))
		if err != nil {
			return err
		}
		block := statusOf(string(text), kind, keys)
		if block["has_been_checked"] != "1" {
			return errors.New("not checked yet")
		}
		if r, err = nagiosResult(block); err != nil {
			return err
		}
		if !enough(r) {
			return fmt.Errorf("only %+v", r)
		}
		return nil
	})
	return r
}

// Perfdata returns the lines of the perfdata file, which Nagios writes for
// graphing programs: host, service, state and perfdata, with tabs between them.
func (n *Nagios) Perfdata() []string {
	n.daemon.t.Helper()
	text, err := os.ReadFile(filepath.Join(n.daemon.dir, "service-perfdata"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		n.daemon.t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// statusOf returns the first block of a kind in a status file that has these
// keys; an empty one if there is none.
func statusOf(text, kind string, keys map[string]string) map[string]string {
	for _, block := range strings.Split(text, "\n"+kind+" {\n")[1:] {
		block, _, _ = strings.Cut(block, "\n\t}\n")
		values := make(map[string]string)
		for line := range strings.SplitSeq(block, "\n") {
			key, value, _ := strings.Cut(strings.TrimPrefix(line, "\t"), "=")
			values[key] = value
		}
		if has(values, keys) {
			return values
		}
	}
	return nil
}

// has says whether all of keys are in values.
func has(values, keys map[string]string) bool {
	for key, value := range keys {
		if values[key] != value {
			return false
		}
	}
	return true
}

func nagiosResult(block map[string]string) (Result, error) {
	state, err := strconv.Atoi(block["current_state"])
	if err != nil {
		return Result{}, fmt.Errorf("current_state: %w", err)
	}
	long := strings.ReplaceAll(block["long_plugin_output"], `\n`, "\n")
	return Result{
		State:    state,
		Output:   block["plugin_output"],
		Long:     strings.TrimSuffix(long, "\n"),
		Perfdata: block["performance_data"],
	}, nil
}
