package site

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rawping/rawping/internal/testbed"
)

// icingaBase is what every configuration has: the template library, results by
// way of the API, and two templates, "host" and "service", which are checked every
// second.
const icingaBase = `const NodeName = "site"
const ZoneName = NodeName
const PluginDir = "/usr/lib/nagios/plugins"
const PluginContribDir = PluginDir
include <itl>
include <plugins>
object Endpoint NodeName {}
object Zone ZoneName { endpoints = [ NodeName ] }
object CheckerComponent "checker" {}
object FileLogger "log" { severity = "warning"; path = "DIR/icinga2.log" }
object ApiListener "api" { bind_host = "127.0.0.1"; bind_port = 5665 }
object ApiUser "test" { password = "test"; permissions = [ "*" ] }
template Host "host" { check_interval = 1s; retry_interval = 1s; max_check_attempts = 1 }
template Service "service" { check_interval = 1s; retry_interval = 1s; max_check_attempts = 1 }
`

// icingaAPI is where the API is, in the site's network namespace.
const icingaAPI = "https://127.0.0.1:5665/v1/"

// IcingaConfig is what a test says of its Icinga.
type IcingaConfig struct {
	Objects string            // definitions, which may use the templates "host" and "service"
	Files   []string          // paths of files with more definitions
	Seen    map[string]string // paths, and what it and its checks find there instead
}

// Icinga is a running Icinga 2.
type Icinga struct {
	daemon *daemon
	client http.Client
}

// StartIcinga starts Debian's Icinga 2 in a network namespace, as its own user,
// after it has found no fault in its configuration, and returns when its API
// answers. It ends with the test.
func StartIcinga(t testing.TB, ns *testbed.Namespace, config IcingaConfig) *Icinga {
	t.Helper()
	needs(t, "icinga2")
	d := &daemon{t: t, name: "icinga2", dir: newDirectory(t, "icinga2", nagiosUser), ns: ns, seen: config.Seen}
	for _, name := range []string{"data", "data/certs", "log", "cache", "spool", "run"} {
		d.mkdir(name, nagiosUser)
	}
	roots, err := certify(filepath.Join(d.dir, "data", "certs"), "site")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	text.WriteString(strings.ReplaceAll(icingaBase, "DIR/", d.dir+"/"))
	for _, path := range config.Files {
		fmt.Fprintf(&text, "include %q\n", path)
	}
	text.WriteString(config.Objects)
	command := d.icingaCommand(d.put("icinga2.conf", text.String()))
	if out, err := d.command(command[0], append(command[1:], "-C")...).CombinedOutput(); err != nil {
		t.Fatalf("icinga2 daemon -C: %v\n%s", err, out)
	}
	d.start(command...)

	i := &Icinga{daemon: d}
	i.client.Transport = &http.Transport{
		DialContext:     dialIn(ns),
		TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "site", MinVersion: tls.VersionTLS12},
	}
	t.Cleanup(i.client.CloseIdleConnections)
	d.await("answer of the API", func() error { return i.ask(http.MethodGet, "status", nil, nil) })
	return i
}

// icingaCommand returns the command that runs Icinga with all that it writes in
// the daemon's directory.
func (d *daemon) icingaCommand(config string) []string {
	command := []string{"icinga2", "daemon", "--log-level", "warning", "-c", config}
	for name, value := range map[string]string{
		"ConfigDir": "", "DataDir": "data", "LogDir": "log", "CacheDir": "cache", "SpoolDir": "spool", "InitRunDir": "run",
		"PidPath": "run/icinga2.pid", "VarsPath": "cache/icinga2.vars", "StatePath": "data/icinga2.state",
		"ModAttrPath": "data/modified-attributes.conf", "ObjectsPath": "cache/icinga2.debug",
	} {
		command = append(command, "-D", "Configuration."+name+"="+filepath.Join(d.dir, value))
	}
	return append(command, "-D", "Configuration.RunAsUser="+nagiosUser, "-D", "Configuration.RunAsGroup="+nagiosUser)
}

// IcingaResult is a [Result] with what else Icinga knows of a check.
type IcingaResult struct {
	Result
	Exit    int      // the exit code of the command
	Command []string // and its arguments
	Values  []string // the perfdata, one by one, as Icinga took them apart
}

// Service waits until Icinga has a result of a service that is enough, and returns it.
func (i *Icinga) Service(host, service string, enough func(IcingaResult) bool) IcingaResult {
	i.daemon.t.Helper()
	return i.await("services", host+"!"+service, enough)
}

// Host is Service for the check of a host itself.
func (i *Icinga) Host(host string, enough func(IcingaResult) bool) IcingaResult {
	i.daemon.t.Helper()
	return i.await("hosts", host, enough)
}

func (i *Icinga) await(kind, name string, enough func(IcingaResult) bool) (r IcingaResult) {
	i.daemon.t.Helper()
	i.daemon.await("result of "+name, func() error {
		var answer icingaObjects
		if err := i.ask(http.MethodGet, "objects/"+kind+"/"+url.PathEscape(name), nil, &answer); err != nil {
			return err
		}
		if len(answer.Results) != 1 || answer.Results[0].Attrs.Check == nil {
			return errors.New("not checked yet")
		}
		if r = answer.Results[0].Attrs.result(); !enough(r) {
			return fmt.Errorf("only %+v", r)
		}
		return nil
	})
	return r
}

// icingaObjects is an answer of the API, as far as it is read.
type icingaObjects struct {
	Results []struct{ Attrs icingaObject }
}

type icingaObject struct {
	State float64
	Check *struct {
		Exit     float64  `json:"exit_status"`
		Output   string   `json:"output"`
		Command  []string `json:"command"`
		Perfdata []string `json:"performance_data"`
	} `json:"last_check_result"`
}

func (o icingaObject) result() IcingaResult {
	output, long, _ := strings.Cut(o.Check.Output, "\n")
	return IcingaResult{
		Result: Result{
			State: int(o.State), Output: output, Long: strings.TrimSuffix(long, "\n"),
			Perfdata: strings.Join(o.Check.Perfdata, " "),
		},
		Exit: int(o.Check.Exit), Command: o.Check.Command, Values: o.Check.Perfdata,
	}
}

// Log returns what Icinga has logged.
func (i *Icinga) Log() string {
	i.daemon.t.Helper()
	text, err := os.ReadFile(filepath.Join(i.daemon.dir, "icinga2.log"))
	if err != nil {
		i.daemon.t.Fatal(err)
	}
	return string(text)
}

// ask asks the API, and reads the answer into what into points to, if to anything.
func (i *Icinga) ask(method, path string, body []byte, into any) (err error) {
	request, err := http.NewRequestWithContext(i.daemon.t.Context(), method, icingaAPI+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.SetBasicAuth("test", "test")
	request.Header.Set("Accept", "application/json")
	answer, err := i.client.Do(request)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("icinga2: %s: %s: %s", path, answer.Status, text)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}

// Reschedule lets Icinga check an object now that it would check later: a host, or
// HOST!SERVICE.
func (i *Icinga) Reschedule(name string) {
	i.daemon.t.Helper()
	object := map[string]any{"type": "Host", "host": name, "force": true}
	if strings.Contains(name, "!") {
		object = map[string]any{"type": "Service", "service": name, "force": true}
	}
	body, err := json.Marshal(object)
	if err == nil {
		err = i.ask(http.MethodPost, "actions/reschedule-check", body, nil)
	}
	if err != nil {
		i.daemon.t.Fatal(err)
	}
}
