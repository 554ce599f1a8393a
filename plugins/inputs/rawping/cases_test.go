package rawping

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/plugins/parsers/influx"
	serializer "github.com/influxdata/telegraf/plugins/serializers/influx"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"
)

// A test, not a program, has this flag: go test -run TestCases -update. Read
// what it wrote: that is the test.
var update = flag.Bool("update", false, "write testcases/*/expected.out and expected.log as they are now")

// TestCases runs each configuration of testcases in the simulated network: a
// Gather at once, two more after 10 and 20 s, and Stop after 24 s, all of these
// a third of a second later, when nothing else happens. expected.out has the
// metrics in that order, expected.log what was logged.
func TestCases(t *testing.T) {
	configs, err := filepath.Glob("testcases/*/telegraf.conf")
	require.NoError(t, err)
	require.NotEmpty(t, configs)
	for _, name := range configs {
		dir := filepath.Dir(name)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			text, err := os.ReadFile(name)
			require.NoError(t, err)
			p, err := load(t, string(text))
			require.NoError(t, err)
			metrics, log := play(t, p)
			if *update {
				writeCase(t, dir, metrics, log)
			}
			parser := &influx.Parser{}
			require.NoError(t, parser.Init())
			want, err := testutil.ParseMetricsFromFile(filepath.Join(dir, "expected.out"), parser)
			require.NoError(t, err)
			testutil.RequireMetricsEqual(t, want, metrics)
			wantLog, err := os.ReadFile(filepath.Join(dir, "expected.log"))
			require.NoError(t, err)
			require.Equal(t, string(wantLog), log)
		})
	}
}

// play runs a plugin and returns what it said.
func play(t *testing.T, p *RawPing) (metrics []telegraf.Metric, log string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := inhabit(t, p)
		began := time.Now()
		until := func(second time.Duration) {
			time.Sleep(time.Until(began.Add(second*time.Second + time.Second/3)))
		}
		require.NoError(t, w.Start(&w.acc))
		time.Sleep(5 * ms) // let the engine begin
		require.NoError(t, w.Gather(&w.acc))
		until(10)
		require.NoError(t, w.Gather(&w.acc))
		until(20)
		require.NoError(t, w.Gather(&w.acc))
		until(24)
		w.Stop()
		require.Empty(t, w.acc.Errors)
		metrics = w.acc.GetTelegrafMetrics()
		for _, line := range w.lines() {
			log += line + "\n"
		}
	})
	return metrics, log
}

func writeCase(t *testing.T, dir string, metrics []telegraf.Metric, log string) {
	t.Helper()
	s := &serializer.Serializer{SortFields: true}
	require.NoError(t, s.Init())
	var out strings.Builder
	for _, m := range metrics {
		line, err := s.Serialize(m)
		require.NoError(t, err)
		out.Write(line)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "expected.out"), []byte(out.String()), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "expected.log"), []byte(log), 0o644))
}
