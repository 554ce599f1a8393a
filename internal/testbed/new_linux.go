package testbed

import (
	"os"
	"testing"
)

// New brings a bed up for a test, which ends with it. Where that is impossible
// the test is skipped, or fails if RAWPING_REQUIRE_ALL=1 says that everything
// must run.
func New(t testing.TB) *Bed {
	t.Helper()
	if err := Needs(); err != nil {
		if os.Getenv("RAWPING_REQUIRE_ALL") == "1" {
			t.Fatalf("RAWPING_REQUIRE_ALL: test bed: %v", err)
		}
		t.Skipf("test bed: %v", err)
	}
	b, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}
