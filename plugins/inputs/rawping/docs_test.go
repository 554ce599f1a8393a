package rawping

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/plugins/parsers/influx"
	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	return string(text)
}

// block returns the first fenced block after a line.
func block(t *testing.T, text, after string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, after+"\n")
	require.True(t, ok, after)
	content, _, ok := strings.Cut(rest, "```")
	require.True(t, ok)
	return content
}

func TestReadmeHasTheSample(t *testing.T) {
	require.Equal(t, (*RawPing)(nil).SampleConfig(), block(t, readme(t), "```toml @sample.conf"))
}

// options returns the names of a configuration's settings, commented out or not.
func options(text string) []string {
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^  (?:# )?([a-z_]+) = `).FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return names
}

func TestSampleHasEveryOption(t *testing.T) {
	var tags []string
	for _, field := range reflect.VisibleFields(reflect.TypeFor[RawPing]()) {
		switch tag := field.Tag.Get("toml"); {
		case tag != "" && tag != "-":
			tags = append(tags, tag)
		case tag == "":
			require.False(t, field.IsExported(), "%s has no toml tag", field.Name)
		}
	}
	slices.Sort(tags)
	require.Equal(t, tags, options(sampleConfig))
}

// The sample's commented settings are the defaults.
func TestSampleHasTheDefaults(t *testing.T) {
	p, err := load(t, sampleConfig)
	require.NoError(t, err)
	set, err := load(t, strings.ReplaceAll(sampleConfig, "  # ", "  "))
	require.NoError(t, err)
	require.Equal(t, p.PingInterval, set.PingInterval)
	require.Equal(t, p.Timeout, set.Timeout)
}

// No sample sends a packet off this host.
func TestSamplesNameLoopbackOnly(t *testing.T) {
	root, err := os.ReadFile(rootSample)
	require.NoError(t, err)
	for _, text := range []string{sampleConfig, string(root)} {
		p, err := load(t, text)
		require.NoError(t, err)
		require.NoError(t, p.Init())
		require.Equal(t, []string{"127.0.0.1", "::1"}, p.URLs)
	}
	c := config.NewConfig()
	require.NoError(t, c.LoadConfigData(root, "sample.conf"))
	require.Len(t, c.Outputs, 1)
}

// kinds are the types of fields in the words of Telegraf's documents.
var kinds = map[reflect.Kind]string{reflect.Int64: "int", reflect.Float64: "float", reflect.String: "string"}

// documented returns the fields that the README lists, with their types.
func documented(t *testing.T) map[string]string {
	t.Helper()
	fields := map[string]string{}
	_, list, _ := strings.Cut(readme(t), "  - fields:\n")
	list, _, ok := strings.Cut(list, "\n\n")
	require.True(t, ok)
	for _, m := range regexp.MustCompile(`(?m)^    - (\w+) \((\w+)`).FindAllStringSubmatch(list, -1) {
		fields[m[1]] = m[2]
	}
	return fields
}

// Every field that a testcase expects is in the README with its one type, and
// the other way round.
func TestReadmeHasEveryField(t *testing.T) {
	require.Equal(t, documented(t), typesOf(t, expected(t)))
}

func TestExampleOutputIsReal(t *testing.T) {
	parser := &influx.Parser{}
	require.NoError(t, parser.Init())
	example, err := parser.Parse([]byte(block(t, readme(t), "## Example Output\n\n```text")))
	require.NoError(t, err)
	require.NotEmpty(t, example)
	fields := documented(t)
	for name, kind := range typesOf(t, example) {
		require.Equal(t, fields[name], kind, name)
	}
}

func expected(t *testing.T) []telegraf.Metric {
	t.Helper()
	parser := &influx.Parser{}
	require.NoError(t, parser.Init())
	var all []telegraf.Metric
	cases, err := os.ReadDir("testcases")
	require.NoError(t, err)
	for _, c := range cases {
		metrics, err := testutil.ParseMetricsFromFile("testcases/"+c.Name()+"/expected.out", parser)
		require.NoError(t, err)
		all = append(all, metrics...)
	}
	return all
}

func typesOf(t *testing.T, metrics []telegraf.Metric) map[string]string {
	t.Helper()
	types := map[string]string{}
	for _, m := range metrics {
		for _, f := range m.FieldList() {
			kind := kinds[reflect.TypeOf(f.Value).Kind()]
			if have, ok := types[f.Key]; ok {
				require.Equal(t, have, kind, "the type of %s changes", f.Key)
			}
			types[f.Key] = kind
		}
	}
	return types
}
