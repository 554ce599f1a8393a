package site

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/rawping/rawping/internal/testbed"
	"github.com/rawping/rawping/internal/wire"
)

// trial is a service that check_rawping checks, whoever runs it, and what becomes of it.
type trial struct {
	name     string
	args     []string
	state    int
	output   string // patterns, of all of it
	perfdata string
	long     string // "" for none
}

// trials are what every scheduler runs. Thresholds leave room for a machine that is busy.
func trials(b bed) []trial {
	const (
		figure = `\d+\.\d{3}ms`
		some   = `rta=` + figure + `;1000\.000;5000\.000;0; pl=0%;20;60;; rtmax=` + figure + `;;;; rtmin=` + figure + `;;;;`
		none   = `rta=U;1000\.000;5000\.000;0; pl=100%;20;60;; rtmax=U;;;; rtmin=U;;;;`
	)
	options := []string{"-w", "1000,20%", "-c", "5000,60%", "-n", "5", "-i", "10"}
	with := func(host fmt.Stringer, more ...string) []string {
		return append(append([]string{"-H", host.String()}, options...), more...)
	}
	silent := b.host(wire.V4, 11, dead)
	slow := b.host(wire.V6, 12, testbed.Fault{Delay: 1500 * time.Millisecond})
	lossy := b.host(wire.V4, 13, testbed.Fault{Lose: 2, Of: 5})
	prohibited := b.RouterErrors4[6].Addr
	firewall := b.Firewall.Addr.V6
	fine, fine6 := b.host(wire.V4, 14, testbed.Fault{}), b.host(wire.V6, 15, testbed.Fault{})
	return []trial{
		{"fine", with(fine), 0, `OK - ` + fine.String() + `: rta ` + figure + `, lost 0%`, some, ""},
		{"fine over IPv6", with(b.ServerAddr.V6), 0, `OK - ` + b.ServerAddr.V6.String() + `: rta ` + figure + `, lost 0%`, some, ""},
		{"slow", with(slow), 1, `WARNING - ` + slow.String() + `: rta ` + figure + `, lost 0%`, some, ""},
		{
			"lossy", with(lossy), 1, `WARNING - ` + lossy.String() + `: rta ` + figure + `, lost 40%`,
			strings.Replace(some, "pl=0%", "pl=40%", 1), "",
		},
		{
			"dead",
			[]string{silent.String(), "-w", "1000,20%", "-c", "1000,60%", "-n", "2", "-i", "10"},
			2,
			`CRITICAL - ` + silent.String() + `: rta nan, lost 100%`, strings.Replace(none, "5000", "1000", 1), "",
		},
		{
			"prohibited", with(prohibited), 2,
			`CRITICAL - ` + prohibited.String() + `: Prohibited by filter \(firewall\) @ ` + b.RouterAddr.V4.String() + `\. rta nan, lost 100%`,
			none, prohibited.String() + `: 5 packets refused: communication administratively prohibited from ` + b.RouterAddr.V4.String(),
		},
		{
			"firewall", with(firewall), 3,
			`UNKNOWN - ` + firewall.String() + `: refused by the local firewall \(EPERM\)\. rta nan, nothing sent`,
			strings.Replace(none, "pl=100%", "pl=U", 1), firewall.String() + `: 5 packets not sent: refused by the local firewall \(EPERM\)`,
		},
		{
			"several", with(fine, prohibited.String()), 2,
			`CRITICAL - ` + fine.String() + `: rta ` + figure + `, lost 0% :: ` + prohibited.String() + `: Prohibited .*, lost 100%`,
			fine.String() + `rta=` + figure + `;.* ` + prohibited.String() + `rta=U;1000.000;.* ` + prohibited.String() + `pl=100%;20;60;; .*`,
			prohibited.String() + `: 5 packets refused: .*`,
		},
		{
			// Icinga takes "::" for a separator, so no label has it.
			"several over IPv6", with(b.ServerAddr.V6, "-H", fine6.String()), 0,
			`OK - ` + b.ServerAddr.V6.String() + `: rta ` + figure + `, lost 0% :: ` + fine6.String() + `: rta ` + figure + `, lost 0%`,
			`2001:db8:b:0:0:0:0:2rta=` + figure + `;.* 2001:db8:f:0:0:0:0:frta=` + figure + `;1000.000;.* 2001:db8:f:0:0:0:0:fpl=0%;20;60;; .*`, ``,
		},
		// Nagios makes a colon of each semicolon.
		{"wrong", with(fine, "--no-such"), 3, `UNKNOWN - option "--no-such" is unknown[;:] want one that --help lists`, "", ""},
	}
}

// holds asserts that a result is what the trial says.
func (tt trial) holds(t testing.TB, r Result) {
	t.Helper()
	assert.Equal(t, tt.state, r.State, tt.name)
	assert.Regexp(t, "^"+tt.output+"$", r.Output, tt.name)
	assert.Regexp(t, "^"+tt.perfdata+" ?$", r.Perfdata, tt.name)
	assert.Regexp(t, "^"+tt.long+"$", r.Long, tt.name)
}

// upAndDown asserts what is known of a host that is alive, and of one that is dead.
func upAndDown(t testing.TB, up, down Result) {
	t.Helper()
	assert.Equal(t, 0, up.State)
	assert.Regexp(t, `^OK - \S+: rta \S+ms, lost 0%$`, up.Output)
	assert.Equal(t, 1, down.State)
	assert.Regexp(t, `^CRITICAL - \S+: rta nan, lost 100%$`, down.Output)
	assert.Regexp(t, `^rta=U;1000\.000;1000\.000;0; pl=100%;80;100;; `, down.Perfdata)
}
