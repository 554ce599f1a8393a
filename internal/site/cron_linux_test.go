package site

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// count counts the mails with such a body.
func count(mails []Mail, body string) (number int) {
	pattern := regexp.MustCompile(body)
	for _, m := range mails {
		if pattern.MatchString(m.Body) {
			number++
		}
	}
	return number
}

// mailed waits until cron has sent so many mails with such a body, and returns all.
func (c *Cron) mailed(number int, body string) []Mail {
	c.daemon.t.Helper()
	return c.Await(func(mails []Mail) bool { return count(mails, body) >= number })
}

// rewrite changes a file until cron has sent a mail with such a body: a job that is
// at work may write over a change, which is then made again.
func (c *Cron) rewrite(file string, change func(text string) string, body string) {
	c.daemon.t.Helper()
	c.Await(func(mails []Mail) bool {
		if count(mails, body) > 0 {
			return true
		}
		text, err := os.ReadFile(file)
		require.NoError(c.daemon.t, err)
		if after := change(string(text)); after != string(text) {
			require.NoError(c.daemon.t, os.WriteFile(file, []byte(after), 0o600))
		}
		return false
	})
}

// TestShippedCron: the example crontab does what it says, run by cron as its user.
// Only the paths are the test's. The hosts are addresses that the machine has, and
// then has not.
func TestShippedCron(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	exampleHosts(t, b)
	require.NoError(t, b.Client.IP("address add 192.0.2.1/32 dev lo\n"))
	lib, _ := install(t)
	home := newDirectory(t, "home", nagiosUser)
	require.NoError(t, os.WriteFile(filepath.Join(home, "hosts"), []byte("192.0.2.202\n2001:db8::204\n"), 0o644))
	crontab, err := os.ReadFile(shipped(t, "docs/crontab"))
	require.NoError(t, err)
	c := StartCron(t, b.Client, CronConfig{
		User: nagiosUser, Home: home, Seen: map[string]string{"/usr/local/lib": lib},
		Crontab: strings.NewReplacer("/etc/rawping/hosts", "$HOME/hosts", "/var/lib/node_exporter", "$HOME").Replace(string(crontab)) +
			"* * * * *  id -un; ls .rawping.state rawping.prom\n",
	})

	// While all is well, nothing is said.
	c.mailed(3, `^nagios\n\.rawping\.state\nrawping\.prom\n`)
	figures, err := os.ReadFile(filepath.Join(home, "rawping.prom"))
	require.NoError(t, err)
	assert.Regexp(t, `(?m)^rawping_host_state\{host="2001:db8::204".*\} 0$`, string(figures))
	require.NoError(t, b.Client.IP("address del 192.0.2.1/32 dev lo\naddress del 2001:db8::204/128 dev lo\n"))
	const two = `^CRITICAL - 192\.0\.2\.202: rta \S+, lost 0% :: 2001:db8::204: no route `
	c.mailed(1, two+`.*\|192\.0\.2\.202rta=.*\nchanged from \w+, which held for \d+s\n`)

	// One job repeats itself, the other does not.
	mails := c.mailed(2, `^CRITICAL - 192\.0\.2\.1: Net unreachable `)
	assert.Equal(t, 1, count(mails, two))

	// The last mail was more than six hours ago.
	state := filepath.Join(home, ".rawping.state")
	c.rewrite(state, func(text string) string {
		return regexp.MustCompile(`told 2\S+`).ReplaceAllString(text, "told 2026-01-01T00:00:00Z")
	}, two+`.*\nCRITICAL for \d+s\n`)

	require.NoError(t, b.Client.IP("address add 2001:db8::204/128 dev lo nodad\n"))
	c.mailed(1, `^OK - 192\.0\.2\.202: rta .* :: 2001:db8::204: rta .*\nchanged from \w+, which held for \d+s\n`)
	c.rewrite(state, strings.ToLower, `^OK - .*\nstate file \S*\.rawping\.state was damaged .*, begun anew\n`)

	for _, m := range c.Await(func([]Mail) bool { return true }) {
		assert.Equal(t, "alerts@example.org", m.To)
		assert.NotRegexp(t, `^OK - .*\n$`, m.Body, "nothing new")
	}
}

// TestReadMail: a mail of Debian 12's cron, and the same of Debian 13's.
func TestReadMail(t *testing.T) {
	const head = "To: a@example.org\nSubject: Cron\n"
	want := Mail{"a@example.org", "Cron", "rta=U;;;; \n"}
	for _, text := range []string{
		head + "Content-Transfer-Encoding: 8bit\n\nrta=U;;;; \n",
		head + "Content-Transfer-Encoding: quoted-printable\n\nrta=3DU;;;; =\n\n",
	} {
		m, err := readMail(strings.NewReader(text))
		require.NoError(t, err)
		assert.Equal(t, want, m, text)
	}
}
