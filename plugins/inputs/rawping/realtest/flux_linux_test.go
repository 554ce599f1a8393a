//go:build linux && !race

package realtest

import (
	"context"
	"encoding/csv"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/site"
	"github.com/rawping/rawping/internal/testbed"
)

// buildFlux builds an InfluxDB that speaks Flux; Debian's is too old for it.
var buildFlux = build("influxd-flux", "")

// fluxDB is such an InfluxDB, running in a network namespace.
type fluxDB struct {
	t      testing.TB
	url    string
	client http.Client
}

func startFlux(t testing.TB, ns *testbed.Namespace) *fluxDB {
	t.Helper()
	p := newPlace(t)
	config := p.put("influxdb.conf", strings.ReplaceAll(site.InfluxConfig+"  flux-enabled = true\n", "DIR", p.dir))
	cmd := command(ns, built(t, buildFlux), "run", "-config", config)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	a := start(t, cmd)
	a.await("open port", func() bool { return site.InfluxListens.MatchString(a.said()) })
	db := &fluxDB{t: t, url: "http://" + site.InfluxListens.FindStringSubmatch(a.said())[1]}
	db.client.Transport = &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (conn net.Conn, err error) {
			err = ns.Do(func() (err error) {
				conn, err = new(net.Dialer).DialContext(ctx, network, address)
				return err
			})
			return conn, err
		},
	}
	return db
}

// query returns the rows of an answer, by column.
func (db *fluxDB) query(query string) (rows []map[string]string) {
	db.t.Helper()
	request, err := http.NewRequestWithContext(db.t.Context(), http.MethodPost, db.url+"/api/v2/query", strings.NewReader(query))
	require.NoError(db.t, err)
	request.Header.Set("Content-Type", "application/vnd.flux")
	request.Header.Set("Accept", "application/csv")
	answer, err := db.client.Do(request)
	require.NoError(db.t, err)
	text, err := io.ReadAll(answer.Body)
	require.NoError(db.t, err)
	require.NoError(db.t, answer.Body.Close())
	require.Equal(db.t, http.StatusOK, answer.StatusCode, "%s\n%s", query, text)

	// Each table has a header; an error comes as a table of its own.
	for table := range strings.SplitSeq(strings.ReplaceAll(string(text), "\r", ""), "\n\n") {
		var header []string
		r := csv.NewReader(strings.NewReader(table))
		r.Comment, r.FieldsPerRecord = '#', -1
		records, err := r.ReadAll()
		require.NoError(db.t, err, table)
		for _, record := range records {
			if header == nil {
				header = record
				require.NotContains(db.t, header, "error", "%s\n%s", query, table)
				continue
			}
			row := map[string]string{}
			for i, value := range record {
				row[header[i]] = value
			}
			rows = append(rows, row)
		}
	}
	return rows
}
