package main

import (
	"bytes"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// gate is a writer that takes nothing until it is opened, as a terminal that
// was stopped with Ctrl-S.
type gate struct {
	open chan struct{}
	bytes.Buffer
	writes int
}

func (g *gate) Write(b []byte) (int, error) {
	<-g.open
	g.writes++
	return g.Buffer.Write(b)
}

// put appends a line and reports whether there was room.
func put(o *output, line string) bool {
	b, ok := o.begin()
	if ok {
		o.end(append(b, line...))
	}
	return ok
}

func TestASlowReaderHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan struct{})}
		o := newOutput(g, func() { t.Error("failed") })
		line := strings.Repeat("x", 1<<20-1) + "\n"
		require.True(t, put(o, "first\n"))
		time.Sleep(gather) // the writer is stuck with that one
		synctest.Wait()
		for range mostWaiting >> 20 {
			require.True(t, put(o, line))
		}
		require.False(t, put(o, line))
		require.False(t, put(o, line))
		close(g.open)
		time.Sleep(gather)
		synctest.Wait()
		require.True(t, put(o, "again\n"))
		require.NoError(t, o.close())
		require.True(t, strings.HasSuffix(g.String(), "x\n(2 lines are left out here: standard output did not take them in time)\nagain\n"))
		require.Equal(t, mostWaiting>>20, strings.Count(g.String(), line))
	})
}

func TestLinesToAFileGoTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan struct{})}
		close(g.open)
		o := newOutput(g, func() {})
		for range 1000 {
			put(o, "line\n")
		}
		require.NoError(t, o.close())
		require.Equal(t, 1, g.writes)
		require.Equal(t, 1000, strings.Count(g.String(), "line\n"))
	})
}

// broken is a writer that fails.
type broken struct{ writes atomic.Int32 }

func (b *broken) Write([]byte) (int, error) {
	b.writes.Add(1)
	return 0, errors.New("nobody there")
}

func TestABrokenOutputEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var failed atomic.Int32
		var w broken
		o := newOutput(&w, func() { failed.Add(1) })
		put(o, "line\n")
		for range 3 {
			time.Sleep(gather)
			synctest.Wait()
			put(o, "more\n")
		}
		require.EqualError(t, o.close(), "nobody there")
		require.EqualValues(t, 1, failed.Load())
		require.EqualValues(t, 1, w.writes.Load())
	})
}

func TestNothingToPrint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w broken
		require.NoError(t, newOutput(&w, func() {}).close())
		require.Zero(t, w.writes.Load())
	})
}
