package rawping

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// The same in every version: a fleet is not upgraded at once. The owners were
// found with printf '%s\0%s\0%s' URL NAME NUMBER | sha256sum.
func TestShardGolden(t *testing.T) {
	for _, c := range []struct {
		url, name string
		of5, of3  int
	}{
		{"192.0.2.1", "", 4, 1},
		{"192.0.2.2", "", 1, 1},
		{"2001:db8::1", "", 1, 1},
		{"host.example", "web", 4, 3},
		{"host.example", "", 5, 2},
	} {
		require.Equal(t, c.of5, owner(t, c.url, c.name, 5), "%+v", c)
		require.Equal(t, c.of3, owner(t, c.url, c.name, 3), "%+v", c)
	}
}

// owner returns which of so many agents takes a target. It must be exactly one.
func owner(t *testing.T, url, name string, count int) (index int) {
	t.Helper()
	for i := 1; i <= count; i++ {
		if (shard{i, count}).owns(url, name) {
			require.Zero(t, index, "two own %s %s", url, name)
			index = i
		}
	}
	require.NotZero(t, index, "nobody owns %s %s", url, name)
	return index
}

// One agent more takes its share from all others, and nothing else moves.
func TestShardsMoveLittle(t *testing.T) {
	const targets = 10_000
	share := make([]int, 6)
	moved := 0
	for i := range targets {
		url := fmt.Sprintf("198.18.%d.%d", i/250, i%250+1)
		five, six := owner(t, url, "", 5), owner(t, url, "", 6)
		share[six-1]++
		if five != six {
			moved++
			require.Equal(t, 6, six, "only to the new one")
		}
	}
	require.InDelta(t, targets/6, moved, 200)
	for _, n := range share {
		require.InDelta(t, targets/6, n, 200)
	}
}

func TestParseShard(t *testing.T) {
	s, err := parseShard("")
	require.NoError(t, err)
	require.True(t, s.owns("a", "b"), "no shard: all of it")
	s, err = parseShard("1/1")
	require.NoError(t, err)
	require.True(t, s.owns("a", "b"))
	s, err = parseShard("12/1000")
	require.NoError(t, err)
	require.Equal(t, shard{12, 1000}, s)
	for _, wrong := range []string{"/", "1/", "/1", "1/2/3", "-1/2", "2/1", " 1/2", "1/0", "0/0"} {
		_, err := parseShard(wrong)
		require.Error(t, err, wrong)
	}
}
