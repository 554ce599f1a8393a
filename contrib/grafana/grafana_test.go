package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The files are what the command writes: go run ./contrib/grafana.
func TestFilesAreFresh(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, write(dir))
	fresh, err := filepath.Glob(filepath.Join(dir, "*.json"))
	require.NoError(t, err)
	require.Len(t, fresh, 4)
	for _, path := range fresh {
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		has, err := os.ReadFile(filepath.Base(path))
		require.NoError(t, err)
		require.Equal(t, string(want), string(has), filepath.Base(path))
	}
}

// read returns a file of JSON as Grafana gets it.
func read(t *testing.T, name string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	var content map[string]any
	require.NoError(t, json.Unmarshal(text, &content))
	return content
}

// Panels have numbers of their own, lie side by side within 24 columns, and ask
// for something.
func TestPanelsAreInPlace(t *testing.T) {
	for _, l := range languages() {
		taken := map[[2]int]string{}
		ids := map[float64]bool{}
		for _, p := range read(t, "dashboard-"+l.name()+".json")["panels"].([]any) {
			panel := p.(map[string]any)
			title := panel["title"].(string)
			require.False(t, ids[panel["id"].(float64)], title)
			ids[panel["id"].(float64)] = true
			require.NotEmpty(t, panel["description"], title)
			require.NotEmpty(t, panel["targets"], title)
			at := panel["gridPos"].(map[string]any)
			number := func(name string) int { return int(at[name].(float64)) }
			require.LessOrEqual(t, number("x")+number("w"), 24, title)
			for x := range number("w") {
				for y := range number("h") {
					place := [2]int{number("x") + x, number("y") + y}
					require.Empty(t, taken[place], "%s lies over %s", title, taken[place])
					taken[place] = title
				}
			}
		}
		require.Greater(t, len(ids), 10)
	}
}

// An override goes by the name that a figure has.
func TestOverridesNameFigures(t *testing.T) {
	for _, l := range languages() {
		for _, p := range panels() {
			names := map[string]bool{}
			for _, q := range p.queries(l) {
				names[q.name] = true
			}
			for _, o := range p.overrides {
				require.True(t, names[o["matcher"].(object)["options"].(string)], "%s: %v", p.title, o)
				for _, property := range o["properties"].([]object) {
					if property["id"] == "custom.fillBelowTo" {
						require.True(t, names[property["value"].(string)], "%s: %v", p.title, property)
					}
				}
			}
		}
	}
}

// Both languages ask for the same fields, and the plugin's README has them.
func TestFieldsAreThePlugins(t *testing.T) {
	readme, err := os.ReadFile("../../plugins/inputs/rawping/README.md")
	require.NoError(t, err)
	asked := map[string]map[string]bool{}
	for _, l := range languages() {
		asked[l.name()] = map[string]bool{}
		var text strings.Builder
		for _, p := range panels() {
			for _, q := range p.queries(l) {
				text.WriteString(q.text + "\n")
			}
		}
		for _, r := range rules() {
			text.WriteString(fixed(r.query(l)) + "\n")
		}
		require.NotContains(t, fixed(rules()[0].query(l)), "$host", "a rule has no variables")
		pattern := map[string]string{"influxql": `(?:min|max|mean|sum|last)\("(\w+)"\)`, "flux": `r\._field == "(\w+)"`}[l.name()]
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text.String(), -1) {
			if m[1] == "not_sent" || m[1] == "refused" || m[1] == "packets_transmitted" {
				continue // conditions too
			}
			asked[l.name()][m[1]] = true
			field := regexp.MustCompile(`^percentile\d+`).ReplaceAllString(m[1], "percentileN")
			require.Contains(t, string(readme), "    - "+field+" (", m[1])
		}
	}
	require.Equal(t, asked["influxql"], asked["flux"])
}
