package site

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/rawping/rawping/internal/testbed"
)

// InfluxDB is a running InfluxDB 1.x, empty at first.
type InfluxDB struct {
	// URL is where it is reached, in its network namespace.
	URL string

	daemon *daemon
	client http.Client
}

// Series is what a query returns of one measurement, or one group of it.
type Series struct {
	Name    string
	Tags    map[string]string
	Columns []string
	Values  [][]any // a row each; numbers are [json.Number], so that 1 and 1.0 differ
}

// InfluxConfig is the configuration of an InfluxDB 1 that is all of its own, with DIR for
// its directory. [http] comes last.
const InfluxConfig = `reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
  dir = "DIR/meta"
[data]
  dir = "DIR/data"
  wal-dir = "DIR/wal"
[monitor]
  store-enabled = false
[continuous_queries]
  enabled = false
[subscriber]
  enabled = false
[retention]
  enabled = false
[http]
  bind-address = "127.0.0.1:0"
  log-enabled = false
`

// InfluxListens is how its log tells the port that it was given.
var InfluxListens = regexp.MustCompile(`Listening on HTTP.*addr=(127\.0\.0\.1:\d+)`)

// StartInfluxDB starts Debian's InfluxDB, as its own user, on the loopback of a
// network namespace, or of this machine if ns is nil, and returns when it
// answers. It ends with the test.
func StartInfluxDB(t testing.TB, ns *testbed.Namespace) *InfluxDB {
	t.Helper()
	needs(t, "influxd")
	const owner = "influxdb"
	d := &daemon{t: t, name: "influxd", dir: newDirectory(t, "influxdb", owner), ns: ns}
	config := d.put("influxdb.conf", strings.ReplaceAll(InfluxConfig, "DIR", d.dir))
	d.start("setpriv", "--reuid="+owner, "--regid="+owner, "--clear-groups", "influxd", "run", "-config", config)

	i := &InfluxDB{daemon: d}
	i.client.Transport = &http.Transport{DialContext: dialIn(ns)}
	t.Cleanup(i.client.CloseIdleConnections)
	d.await("open port", func() error {
		port := InfluxListens.FindStringSubmatch(d.said.String())
		if port == nil {
			return errors.New("its log names none")
		}
		i.URL = "http://" + port[1]
		return nil
	})
	d.await("answer", func() error { _, err := i.ask(http.MethodGet, "/ping", nil, ""); return err })
	return i
}

// Stop ends it, before the test does. All data are gone with the test.
func (i *InfluxDB) Stop() {
	i.daemon.t.Helper()
	i.daemon.stop()
}

// Create makes a database.
func (i *InfluxDB) Create(database string) {
	i.daemon.t.Helper()
	i.Query("", `CREATE DATABASE "`+database+`"`)
}

// Write writes points, in line protocol with times in nanoseconds.
func (i *InfluxDB) Write(database, lines string) {
	i.daemon.t.Helper()
	if _, err := i.ask(http.MethodPost, "/write", url.Values{"db": {database}}, lines); err != nil {
		i.daemon.t.Fatal(err)
	}
}

// Query returns what a statement of InfluxQL returns, or several with a semicolon
// between them. Times are nanoseconds. A statement that is wrong fails the test; a
// database or measurement that is not there yet is an empty answer.
func (i *InfluxDB) Query(database, statements string) []Series {
	i.daemon.t.Helper()
	body, err := i.ask(http.MethodPost, "/query", url.Values{"db": {database}, "q": {statements}, "epoch": {"ns"}}, "")
	if err != nil {
		i.daemon.t.Fatal(err)
	}
	series, err := readSeries(body)
	if err != nil && !strings.HasPrefix(err.Error(), "database not found") {
		i.daemon.t.Fatalf("influxd: %s: %v", statements, err)
	}
	return series
}

// Await asks until enough says that the answer is enough, and returns it.
func (i *InfluxDB) Await(database, statements string, enough func([]Series) bool) []Series {
	i.daemon.t.Helper()
	var series []Series
	i.daemon.await("enough of "+statements, func() error {
		if series = i.Query(database, statements); !enough(series) {
			return fmt.Errorf("only %v", series)
		}
		return nil
	})
	return series
}

// ask returns the body of an answer.
func (i *InfluxDB) ask(method, path string, values url.Values, text string) (body []byte, err error) {
	request, err := http.NewRequestWithContext(i.daemon.t.Context(), method, i.URL+path+"?"+values.Encode(), strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	answer, err := i.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if body, err = io.ReadAll(answer.Body); err != nil {
		return nil, err
	}
	if answer.StatusCode >= http.StatusBadRequest {
		return nil, fmt.Errorf("influxd: %s: %s: %s", path, answer.Status, body)
	}
	return body, nil
}

// readSeries reads the answer to a query, up to the first statement that failed.
func readSeries(body []byte) (series []Series, err error) {
	var answer struct {
		Results []struct {
			Series []Series
			Error  string
		}
	}
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.UseNumber()
	if err := decoder.Decode(&answer); err != nil {
		return nil, fmt.Errorf("influxd: answer %q: %w", body, err)
	}
	for _, result := range answer.Results {
		if result.Error != "" {
			return series, errors.New(result.Error)
		}
		series = append(series, result.Series...)
	}
	return series, nil
}
