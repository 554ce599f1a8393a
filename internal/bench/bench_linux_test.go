package bench_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/bench"
)

func TestMedian(t *testing.T) {
	require.Zero(t, bench.Median(nil))
	require.InDelta(t, 3., bench.Median([]float64{9, 1, 3}), 0)
	require.InDelta(t, 2.5, bench.Median([]float64{4, 1, 2, 3}), 0)
}

func TestAddress(t *testing.T) {
	require.Equal(t, "127.1.0.0", bench.Address(0).String())
	require.Equal(t, "127.2.134.159", bench.Address(99_999).String())
}

// What this process uses is in the figures.
func TestUsage(t *testing.T) {
	mark, err := bench.NewMark()
	require.NoError(t, err)
	var kept [][]byte
	for begun := time.Now(); time.Since(begun) < 20*time.Millisecond || len(kept) < 100; {
		kept = append(kept[:len(kept)%1000], make([]byte, 1000))
	}
	f := bench.Figures{}
	require.NoError(t, f.Since(mark))
	require.Positive(t, f["cpu_s"])
	require.GreaterOrEqual(t, f["wall_s"], 0.02)
	require.GreaterOrEqual(t, f["mallocs"], 100.)

	resident, err := bench.Resident()
	require.NoError(t, err)
	require.Greater(t, resident, 1e6)
	_, err = bench.Replies()
	require.NoError(t, err)
}
