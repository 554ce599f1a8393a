package main

import (
	"os"
	"testing"
)

// needRoot skips what needs raw sockets or namespaces.
func needRoot(tb testing.TB) {
	tb.Helper()
	if os.Getuid() != 0 {
		skip(tb, "needs root, for sockets and network namespaces")
	}
}

// skip skips a test, or fails it where every test has to run.
func skip(tb testing.TB, why string) {
	tb.Helper()
	if os.Getenv("RAWPING_REQUIRE_ALL") == "1" {
		tb.Fatal("RAWPING_REQUIRE_ALL=1, but this cannot run: " + why)
	}
	tb.Skip(why)
}
