package site

import (
	"fmt"
	"io"
	"maps"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rawping/rawping/internal/testbed"
)

// CronConfig is what a test says of its cron.
type CronConfig struct {
	User    string            // whose crontab it is
	Home    string            // a directory that its jobs find at that user's home
	Crontab string            // its text
	Seen    map[string]string // paths, and what cron and its jobs find there instead
}

// Mail is a message that cron has sent.
type Mail struct{ To, Subject, Body string }

// cronClock is the clock of cron alone, not of its jobs: it begins shortly before
// a minute that is divisible by five, and a minute takes a second.
const cronClock = "@2026-01-05 00:04:50 x60"

// cronSendmail is the mail server: it puts each message into a file.
const cronSendmail = `#!/bin/sh
file=$(/usr/bin/mktemp DIR/mail/.XXXXXX) && /bin/cat >"$file" && /bin/mv "$file" "DIR/mail/$(/bin/date +%s%N)"
`

// Cron is a running cron.
type Cron struct{ daemon *daemon }

// StartCron starts Debian's cron in a network namespace, with one crontab and no
// other. It ends with the test.
func StartCron(t testing.TB, ns *testbed.Namespace, config CronConfig) *Cron {
	t.Helper()
	needs(t, "cron")
	clocks, _ := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1") // the pattern is right
	if len(clocks) == 0 {
		unable(t, "needs libfaketime")
	}
	owner, err := user.Lookup(config.User)
	if err != nil {
		t.Fatal(err)
	}
	standIn(t, owner.HomeDir)
	d := &daemon{t: t, name: "cron", dir: newDirectory(t, "cron", "root"), ns: ns}
	d.mkdir("mail", config.User)
	d.seen = map[string]string{
		"/dev/shm":                 d.mkdir("shm", config.User), // the clock's
		"/etc/cron.d":              d.mkdir("cron.d", "root"),
		"/etc/crontab":             d.put("crontab", ""),
		"/run":                     d.mkdir("run", "root"),
		"/usr/sbin":                d.mkdir("sbin", "root"),
		"/var/spool/cron/crontabs": d.mkdir("crontabs", "root"),
		owner.HomeDir:              config.Home,
	}
	maps.Copy(d.seen, config.Seen)
	crontab := d.put("crontabs/"+config.User, config.Crontab)
	give(t, crontab, config.User)
	sendmail := d.put("sbin/sendmail", strings.ReplaceAll(cronSendmail, "DIR", d.dir))
	allow(t, crontab, 0o600)
	allow(t, sendmail, 0o755)
	// Debian 13's PAM asks unix_chkpwd whether a user may run jobs, even for root.
	if out, err := exec.Command("install", "-m", "0755", "/usr/sbin/cron", "/usr/sbin/unix_chkpwd", filepath.Dir(sendmail)).CombinedOutput(); err != nil {
		t.Fatalf("install: %v: %s", err, out)
	}
	d.start("env", "LD_PRELOAD="+clocks[0], "FAKETIME="+cronClock, "/usr/sbin/cron", "-f")
	return &Cron{d}
}

// Await waits until cron has sent mails that are enough, and returns them, the
// oldest first.
func (c *Cron) Await(enough func([]Mail) bool) (mails []Mail) {
	c.daemon.t.Helper()
	c.daemon.await("mail", func() (err error) {
		if mails, err = c.mails(); err != nil {
			return err
		}
		if !enough(mails) {
			return fmt.Errorf("only %q", mails)
		}
		return nil
	})
	return mails
}

func (c *Cron) mails() (mails []Mail, err error) {
	files, err := filepath.Glob(filepath.Join(c.daemon.dir, "mail", "[0-9]*"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		m, err := readMail(f)
		_ = f.Close() // it was only read
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		mails = append(mails, m)
	}
	return mails, nil
}

func readMail(text io.Reader) (Mail, error) {
	m, err := mail.ReadMessage(text)
	if err != nil {
		return Mail{}, err
	}
	body := m.Body
	if m.Header.Get("Content-Transfer-Encoding") == "quoted-printable" { // as Debian 13's cron sends it
		body = quotedprintable.NewReader(body)
	}
	decoded, err := io.ReadAll(body)
	return Mail{m.Header.Get("To"), m.Header.Get("Subject"), string(decoded)}, err
}
