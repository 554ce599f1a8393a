package standin

import (
	"strings"
	"testing"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/nagios"
)

// FuzzArguments reads any command line, words parted by NUL: a plan that the engine
// can carry out comes out, or an UNKNOWN in whole lines.
func FuzzArguments(f *testing.F) {
	for _, args := range []string{
		"-H\x00192.0.2.1\x00-w\x00100,20%\x00-c\x00200,40%\x00-p\x005", "192.0.2.1\x00-n2\x00-i100\x00-T300\x00-a", "-vhV4", "--warning=1,2%\x00--crit",
		"192.0.2.1\x0020\x0040\x00100\x00200\x005", "-R\x001,2\x00-J3,4\x00-M5\x00-O\x00::1", "-t\x00-1\x00-I\x001e99s\x00-i.5\x00-m3\x00-b\x0052\x00a.test",
		"-w\x00,\x00-c\x00%", "-w:%\x00-c\x00-0x%,:", "", "--\x00-", "-p\x00999999999\x00-t\x00999999999999\x00-c\x001e300,1%\x00-w1,1%\x00-Hx,,y",
	} {
		f.Add(args)
	}
	personalities := []check.Personality{ICMP(""), Host(""), RTAMulti(""), Ping(""), FPing("")}
	f.Fuzz(func(t *testing.T, line string) {
		if strings.Contains(line, "extra-opts") {
			return // it would read any file
		}
		for _, p := range personalities {
			job, answer := p(t.Context(), strings.Split(line, "\x00"))
			if answer != nil {
				if answer.Status != nagios.UNKNOWN || !strings.HasSuffix(answer.Text, "\n") || strings.ContainsAny(answer.Text, "\x00\x1b\r") {
					t.Fatalf("%q: %v %q", line, answer.Status, answer.Text)
				}
				continue
			}
			plan := job.Plan
			if len(plan.Targets) == 0 || plan.Packets < 1 || plan.Wait <= 0 || plan.Timeout <= 0 || plan.Interval <= 0 || plan.Stagger < 0 || plan.Probing < 0 || plan.Hops < 0 || plan.Size < 0 {
				t.Fatalf("%q: %+v", line, plan)
			}
		}
	})
}
