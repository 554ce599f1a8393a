package site

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// needs skips a test where a daemon cannot run. The tools are programs that it
// needs besides what all daemons do.
func needs(t testing.TB, tools ...string) {
	t.Helper()
	why := ""
	if os.Geteuid() != 0 {
		why = "needs root: namespaces, and daemons with users of their own"
	}
	for _, tool := range append(tools, "mount", "nsenter", "setpriv", "sh") {
		if _, err := exec.LookPath(tool); err != nil {
			why = fmt.Sprintf("needs the program %s: %v", tool, err)
		}
	}
	if why != "" {
		unable(t, why)
	}
}

// unable skips a test that cannot run here; where RAWPING_REQUIRE_ALL says that
// everything must run, it fails.
func unable(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("RAWPING_REQUIRE_ALL") == "1" {
		t.Fatal("RAWPING_REQUIRE_ALL: " + why)
	}
	t.Skip(why)
}
