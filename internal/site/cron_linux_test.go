package site

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/rawping/rawping/internal/testbed"
	"github.com/rawping/rawping/internal/wire"
)

// TestCron: cron runs jobs as their user, in their home, and mails what they
// print; so a check that prints only what is not OK needs nothing else.
func TestCron(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	up, down := b.host(wire.V4, 1, testbed.Fault{}), b.host(wire.V4, 2, dead)
	job := func(host fmt.Stringer) string {
		return `out=$(check_rawping -H ` + host.String() + ` -w 1000,20\% -c 1000,60\%) || echo "$out"`
	}
	c := StartCron(t, b.Client, CronConfig{User: nagiosUser, Crontab: `MAILTO=alerts@example.org
PATH=` + plugins(t) + `:/usr/bin:/bin
* * * * *  ` + job(up) + `
* * * * *  ` + job(down) + `
*/5 * * * *  id -un; pwd; touch was-here
`})
	mails := c.Await(func(mails []Mail) bool { return len(mails) >= 4 && b.echoes(up) >= 5 })
	who := 0
	for _, m := range mails {
		assert.Equal(t, "alerts@example.org", m.To)
		assert.NotContains(t, m.Subject, up.String())
		if strings.Contains(m.Subject, "id -un") {
			who++
			assert.Equal(t, "nagios\n/var/lib/nagios\n", m.Body)
			assert.FileExists(t, c.Home+"/was-here")
			continue
		}
		assert.Regexp(t, `^CRITICAL - `+down.String()+`: rta nan, lost 100%\|rta=U;1000\.000;1000\.000;0; pl=100%;`, m.Body)
	}
	assert.NotZero(t, who)
}
