package site

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/steady"
	"github.com/rawping/rawping/internal/testbed"
	"github.com/rawping/rawping/internal/wire"
)

// once is enough: the first result.
func once(Result) bool { return true }

// TestNagios: what check_rawping says arrives in Nagios, whose user runs it.
func TestNagios(t *testing.T) {
	t.Parallel()
	steady.Run(t, func(t testing.TB) {
		b := newBed(t)
		objects := fmt.Sprintf(`
define command {
  command_name who
  command_line /usr/bin/id -un
}
define command {
  command_name rawping
  command_line $USER1$/check_rawping $ARG1$
}
define host {
  use host
  host_name up
  address %v
  check_command rawping!-H $HOSTADDRESS$ -w 3000,80%% -c 5000,100%% -n 2
}
define host {
  use host
  host_name down
  address %v
  check_command rawping!-H $HOSTADDRESS$ -w 1000,80%% -c 1000,100%% -n 2
}
define service {
  use service
  host_name up
  service_description who
  check_command who
}
`, b.ServerAddr.V6, b.host(wire.V4, 1, dead))
		all := trials(b)
		for _, tt := range all {
			objects += fmt.Sprintf(`define service {
  use service
  host_name up
  service_description %s
  check_command rawping!%s
}
`, tt.name, strings.Join(tt.args, " "))
		}
		n := StartNagios(t, b.Client, NagiosConfig{Objects: objects, Seen: seen(t)})

		require.Equal(t, Result{State: 0, Output: "nagios"}, n.Service("up", "who", once))
		for _, tt := range all {
			r := n.Service("up", tt.name, once)
			tt.holds(t, r)
			n.daemon.await("perfdata of "+tt.name, func() error {
				state := []string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}[tt.state]
				for _, line := range n.Perfdata() {
					f := strings.Split(line, "\t")
					if f[1] == tt.name {
						assert.Equal(t, state, f[2], line)
						assert.Regexp(t, "^"+tt.perfdata+" ?$", f[3])
						return nil
					}
				}
				if tt.perfdata == "" {
					return nil
				}
				return fmt.Errorf("only %q", n.Perfdata())
			})
		}
		upAndDown(t, n.Host("up", once), n.Host("down", once))
	})
}

// TestNagiosTimeout: Nagios kills a check that takes too long, and says so itself.
func TestNagiosTimeout(t *testing.T) {
	t.Parallel()
	steady.Run(t, func(t testing.TB) {
		b := newBed(t)
		host := b.host(wire.V4, 1, testbed.Fault{})
		n := StartNagios(t, b.Client, NagiosConfig{
			Seen:     seen(t),
			Settings: map[string]string{"service_check_timeout": "2"},
			Objects: fmt.Sprintf(`
define command {
  command_name long
  command_line $USER1$/check_rawping -H $HOSTADDRESS$ -n 1000 -i 1s
}
define host {
  use host
  host_name up
  address %v
}
define service {
  use service
  host_name up
  service_description long
  check_command long
  check_interval 3600
}
`, host),
		})
		r := n.Service("up", "long", once)
		assert.Equal(t, 3, r.State)
		assert.Regexp(t, `^\(Service check timed out after [\d.]+ seconds\)$`, r.Output)
		assert.Empty(t, r.Perfdata)
		assert.NotZero(t, b.echoes(host))
		n.daemon.await("end of the check", func() error {
			if left := of(t, "\x00"+host.String()+"\x00-n\x001000"); left != nil {
				return fmt.Errorf("still there: %q", left)
			}
			return nil
		})
	})
}

// The blocks of a status file are told apart.
func TestStatusFile(t *testing.T) {
	const file = `########
info {
	created=1
	}

hoststatus {
	host_name=a
	has_been_checked=1
	}

servicestatus {
	host_name=a
	service_description=x
	plugin_output=one = 1
	long_plugin_output=l1\nl2\n
	current_state=2
	}

servicestatus {
	host_name=a
	service_description=y
	current_state=?
	}
`
	block := statusOf(file, "servicestatus", map[string]string{"host_name": "a", "service_description": "x"})
	r, err := nagiosResult(block)
	require.NoError(t, err)
	require.Equal(t, Result{State: 2, Output: "one = 1", Long: "l1\nl2"}, r)
	require.Equal(t, "1", statusOf(file, "hoststatus", map[string]string{"host_name": "a"})["has_been_checked"])
	require.Empty(t, statusOf(file, "servicestatus", map[string]string{"host_name": "b"}))
	_, err = nagiosResult(statusOf(file, "servicestatus", map[string]string{"service_description": "y"}))
	require.ErrorContains(t, err, `current_state: strconv.Atoi: parsing "?"`)
}
