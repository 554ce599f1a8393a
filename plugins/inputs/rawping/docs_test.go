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

// The block is generated: go test -run TestReadmeHasTheSample -update.
func TestReadmeHasTheSample(t *testing.T) {
	const fence = "```toml @sample.conf"
	has := block(t, readme(t), fence)
	if *update {
		text := strings.Replace(readme(t), fence+"\n"+has, fence+"\n"+sampleConfig, 1)
		require.NoError(t, os.WriteFile("README.md", []byte(text), 0o644))
		has = sampleConfig
	}
	require.Equal(t, (*RawPing)(nil).SampleConfig(), has)
}

// options returns the names of a configuration's settings, commented out or not.
func options(text string) []string {
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^  (?:# )?([a-z0-9_]+) = `).FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return names
}

// tags returns the names of the settings that a struct takes.
func tags(t *testing.T, of reflect.Type) []string {
	t.Helper()
	var tags []string
	for _, field := range reflect.VisibleFields(of) {
		switch tag := field.Tag.Get("toml"); {
		case tag != "" && tag != "-":
			tags = append(tags, tag)
		case tag == "" && !field.Anonymous:
			require.False(t, field.IsExported(), "%s has no toml tag", field.Name)
		}
	}
	slices.Sort(tags)
	return tags
}

func TestSampleHasEveryOption(t *testing.T) {
	want := slices.DeleteFunc(tags(t, reflect.TypeFor[RawPing]()), func(tag string) bool { return tag == "target" })
	require.Equal(t, want, options(sampleConfig))

	_, table, ok := strings.Cut(sampleConfig, "  ## Hosts with a name, tags")
	require.True(t, ok)
	for _, tag := range tags(t, reflect.TypeFor[Target]()) {
		named := strings.Contains(table, `"`+tag+`"`) || strings.Contains(table, "  #   "+tag+" = ") || strings.Contains(table, ".target."+tag+"]")
		require.True(t, named, tag)
	}
}

// The sample's commented settings are the defaults.
func TestSampleHasTheDefaults(t *testing.T) {
	has, table, ok := strings.Cut(sampleConfig, "  # [[inputs.rawping.target]]")
	require.True(t, ok)
	planOf := func(text string) *plan {
		p, err := load(t, text)
		require.NoError(t, err)
		p.Log = testutil.Logger{Quiet: true}
		require.NoError(t, p.Init())
		return p.plan
	}
	p, set := planOf(sampleConfig), planOf(strings.ReplaceAll(has, "  # ", "  "))
	require.Equal(t, p, set)
	with := planOf(strings.ReplaceAll(has+"  # [[inputs.rawping.target]]"+table, "  # ", "  "))
	require.Len(t, with.fixed, 3)
	require.Equal(t, `"127.0.0.2" name="example" site="here"`, with.fixed[2].String())
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

// documented returns the fields that the README lists, with their types. That of
// percentiles stands for all.
func documented(t *testing.T) map[string]string {
	t.Helper()
	_, list, _ := strings.Cut(readme(t), "## Metrics\n")
	list, _, ok := strings.Cut(list, "\nThe fields from ")
	require.True(t, ok)
	fields := map[string]string{}
	measurement := ""
	for line := range strings.Lines(list) {
		if m := regexp.MustCompile(`^- (\w+)`).FindStringSubmatch(line); m != nil {
			measurement = m[1]
		}
		if m := regexp.MustCompile(`^    - (\w+) \((\w+)`).FindStringSubmatch(line); m != nil {
			fields[measurement+" "+m[1]] = m[2]
		}
	}
	return fields
}

// Every field that a testcase expects is in the README with its one type, and
// the other way round.
func TestReadmeHasEveryField(t *testing.T) {
	require.Equal(t, documented(t), typesOf(t, expected(t)))
}

// The example lacks no field that every row has, and has no other than there are.
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
	var rows []telegraf.Metric
	for _, m := range expected(t) {
		if m.Name() == measurement && !m.HasTag(bucketTag) {
			rows = append(rows, m)
		}
	}
	for _, code := range []int64{gotReply, notResolved, nothingSent, noReply} {
		has, ok := common(example, code)
		require.True(t, ok, "no row with result_code %d", code)
		want, _ := common(rows, code)
		require.Subset(t, has, want, "result_code %d", code)
	}
}

// common returns the fields that all rows with a result have. It is false if
// there is no such row.
func common(rows []telegraf.Metric, code int64) (fields []string, ok bool) {
	for _, m := range rows {
		if got, _ := m.GetField("result_code"); got != code {
			continue
		}
		var names []string
		for _, f := range m.FieldList() {
			if !ok || slices.Contains(fields, f.Key) {
				names = append(names, f.Key)
			}
		}
		fields, ok = names, true
	}
	return fields, ok
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
			name := m.Name() + " " + regexp.MustCompile(`^percentile[\d.]+_`).ReplaceAllString(f.Key, "percentileN_")
			if have, ok := types[name]; ok {
				require.Equal(t, have, kind, "the type of %s changes", name)
			}
			types[name] = kind
		}
	}
	return types
}
