package site

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
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

// NeedsOriginals skips a test that compares with Debian's plugins where they are not
// those that ours are held against: 2.4, of Debian 13, prints other lines.
func NeedsOriginals(t testing.TB) {
	t.Helper()
	said, err := exec.Command(PluginDir+"/check_icmp", "-V").Output()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) { // it ends with 3
		unable(t, fmt.Sprintf("needs Debian's plugins: %v", err))
	}
	if !strings.Contains(string(said), " v2.3.3 ") {
		unable(t, fmt.Sprintf("needs the Monitoring Plugins 2.3.3, as in Debian 12, not %q", said))
	}
}
