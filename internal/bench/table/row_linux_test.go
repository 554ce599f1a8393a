package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRow(t *testing.T) {
	for _, test := range []struct {
		row   row
		cells []string // from the figure on
		met   bool
	}{
		{row{"w", "f", 0.6, "fping", 0.8, seconds, ratioAtMost(0.8)}, []string{"0.600 s", "fping 0.800 s", "0.75", "ratio 0.80", "yes"}, true},
		{row{"w", "f", 0.6, "fping", 0.8, seconds, ratioAtMost(0.7)}, []string{"0.600 s", "fping 0.800 s", "0.75", "ratio 0.70", "**no**"}, false},
		{row{"w", "f", 18e-6, "inputs.ping", 900e-6, microseconds, ratioAtMost(1.0 / 40)}, []string{"18.00 µs", "inputs.ping 900.00 µs", "0.020", "ratio 0.025", "yes"}, true},
		{row{"w", "f", 0.6, "fping", 0, seconds, ratioAtMost(0.8)}, []string{"0.600 s", "fping 0.000 s", "", "ratio 0.80", "**no**"}, false},
		{row{"w", "f", 50e-6, "", 0, duration, atMost(50e-6)}, []string{"50.00 µs", "", "", "50.00 µs", "yes"}, true},
		{row{"w", "f", 3.5, "pro-bing", 7e-4, duration, bar{}}, []string{"3.500 s", "pro-bing 700.00 µs", "5000.00", "", ""}, true},
		{row{"w", "f", 1, "fping", 2, count, atMost(0)}, []string{"1", "fping 2", "", "0", "**no**"}, false},
		{row{"w", "f", 1234567, "", 0, count, bar{}}, []string{"1,234,567", "", "", "", ""}, true},
		{row{"w", "f", 0.00004, "", 0, small, atMost(0.0005)}, []string{"0.0000", "", "", "0.0005", "yes"}, true},
	} {
		require.Equal(t, append([]string{"w", "f"}, test.cells...), test.row.cells())
		require.Equal(t, test.met, test.row.met())
	}
}

func TestSignificant(t *testing.T) {
	for v, want := range map[float64]string{0: "0.00", 47.537: "47.54", 0.104: "0.10", 0.0251: "0.025", 0.00000314: "0.0000031"} {
		require.Equal(t, want, significant(v))
	}
}

func TestTable(t *testing.T) {
	require.Equal(t, `| work | figure | rawping  | peer          | ratio | bar: at most | met    |
|------|--------|----------|---------------|-------|--------------|--------|
| one  | CPU    | 1.000 s  | fping 2.000 s | 0.50  | ratio 0.80   | yes    |
|      | lost   | 3        | fping 0       |       | 0            | **no** |
| two  | CPU    | 10.00 µs |               |       |              |        |
`, table([]row{
		{"one", "CPU", 1, "fping", 2, seconds, ratioAtMost(0.8)},
		{"one", "lost", 3, "fping", 0, count, atMost(0)},
		{"two", "CPU", 10e-6, "", 0, microseconds, bar{}},
	}))
}

func TestMissed(t *testing.T) {
	met := []row{{"w", "f", 1, "", 0, count, atMost(1)}, {"w", "f", 1, "", 0, count, bar{}}}
	require.NoError(t, missed(met))
	require.Equal(t, "All 1 bars are met.\n", verdict(met))
	rows := []row{
		{"one", "CPU", 1, "fping", 2, seconds, ratioAtMost(0.8)},
		{"one", "lost", 3, "fping", 0, count, atMost(0)},
		{"two", "CPU", 2, "fping", 2, seconds, ratioAtMost(0.8)},
	}
	require.Equal(t, "**2 of 3 bars are missed.**\n", verdict(rows))
	require.EqualError(t, missed(rows), "missed: one, lost: 3; at most 0\nmissed: two, CPU: 2.000 s 1.00; at most ratio 0.80")
}

func TestReplace(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	write := func(text string) { require.NoError(t, os.WriteFile(page, []byte(text), 0o600)) }

	write("# Head\n" + begin + "old\n" + end + "Tail.\n")
	for range 2 { // it can be done again
		require.NoError(t, replace(page, "new\n"))
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		require.Equal(t, "# Head\n"+begin+"\nnew\n\n"+end+"Tail.\n", string(text))
	}
	write("# Head\n" + begin)
	require.ErrorContains(t, replace(page, "new\n"), page)
}
