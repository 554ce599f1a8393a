package site

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/testbed"
)

// everywhere runs a test on this machine's loopback and in a namespace.
func everywhere(t *testing.T, test func(*testing.T, *testbed.Namespace)) {
	t.Parallel()
	t.Run("loopback", func(t *testing.T) {
		t.Parallel()
		test(t, nil)
	})
	t.Run("namespace", func(t *testing.T) {
		t.Parallel()
		test(t, testbed.New(t).Client)
	})
}

// What is written is read back, with its types; a database lives as long as its test.
func TestInfluxDB(t *testing.T) {
	everywhere(t, func(t *testing.T, ns *testbed.Namespace) {
		i := StartInfluxDB(t, ns)
		require.Empty(t, i.Query("metrics", `SELECT * FROM m`), "no database yet")
		i.Create("metrics")
		require.Empty(t, i.Query("metrics", `SELECT * FROM m`), "no measurement yet")
		i.Write("metrics", "m,host=a n=3i,x=0.5 1000000000000000001\nm,host=b n=4i,x=2,s=\"up\" 1000000000000000002\n")
		require.Equal(t, []Series{
			{
				Name: "m", Tags: map[string]string{"host": "a"}, Columns: []string{"time", "n", "x"},
				Values: [][]any{{json.Number("1000000000000000001"), json.Number("3"), json.Number("0.5")}},
			},
			{
				Name: "m", Tags: map[string]string{"host": "b"}, Columns: []string{"time", "n", "x"},
				Values: [][]any{{json.Number("1000000000000000002"), json.Number("4"), json.Number("2")}},
			},
		}, i.Query("metrics", `SELECT n, x FROM m GROUP BY host`))
		last := i.Await("metrics", `SELECT last(s) FROM m; SHOW FIELD KEYS`, func(s []Series) bool { return len(s) == 2 })
		require.Equal(t, [][]any{{"n", "integer"}, {"s", "string"}, {"x", "float"}}, last[1].Values)

		i.Stop()
		_, err := i.ask(http.MethodGet, "/ping", nil, "")
		require.Error(t, err)
	})
}

// Errors say what InfluxDB said.
func TestInfluxDBErrors(t *testing.T) {
	t.Parallel()
	i := StartInfluxDB(t, nil)
	_, err := i.ask(http.MethodPost, "/write", nil, "m x=1")
	require.ErrorContains(t, err, "database is required")
	_, err = readSeries([]byte(`{"results":[{"series":[{"name":"m"}]},{"error":"no"}]}`))
	require.EqualError(t, err, "no")
	_, err = readSeries([]byte(`<html>`))
	require.ErrorContains(t, err, `answer "<html>"`)
}
