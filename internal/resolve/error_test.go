package resolve_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/rawping/rawping/internal/resolve"
)

// failing returns a resolver whose look-up fails.
func failing(err error, nsswitch string) resolve.Resolver {
	return resolve.Resolver{
		Lookup:   func(context.Context, string, string) ([]netip.Addr, error) { return nil, err },
		Nsswitch: nsswitch,
	}
}

func TestKinds(t *testing.T) {
	for _, test := range []struct {
		err  error
		kind resolve.Kind
		want string
	}{
		{&net.DNSError{Err: "no such host", Name: "host.test", IsNotFound: true}, resolve.NotFound, "name does not resolve: lookup host.test: no such host"},
		{&net.DNSError{Err: "server misbehaving", Name: "host.test", IsTemporary: true}, resolve.Temporary, "temporary failure in name resolution: lookup host.test: server misbehaving"},
		{&net.DNSError{Err: "i/o timeout", Name: "host.test", IsTimeout: true, IsTemporary: true}, resolve.Timeout, "name not resolved in time: lookup host.test: i/o timeout"},
		{fmt.Errorf("read: %w", os.ErrDeadlineExceeded), resolve.Timeout, "name not resolved in time: read: i/o timeout"},
		{fmt.Errorf("asked: %w", context.Canceled), resolve.Canceled, "look-up given up: asked: context canceled"},
		{errors.New("two\nlines\x1b"), resolve.Temporary, "temporary failure in name resolution: two lines "},
	} {
		_, err := failing(test.err, "/nonexistent").First(t.Context(), "host.test", resolve.V6)
		if err == nil || err.Error() != "host.test: "+test.want || !errors.Is(err, test.err) {
			t.Errorf("%q gives %v, want %q", test.err, err, test.want)
		}
		wantKind(t, err, test.kind)
		if err != nil && strings.ContainsFunc(err.Error(), unicode.IsControl) {
			t.Errorf("%q gives %q", test.err, err)
		}
	}
}

func TestNsswitch(t *testing.T) {
	for conf, want := range map[string]string{
		"":                            "",
		"passwd: files sssd\n":        "",
		"hosts: files dns":            "",
		"hosts: files dns myhostname": "",
		"hosts:\tfiles  mdns4_minimal [NOTFOUND=return] dns\n":                   "mdns4_minimal",
		"  hosts:files wins#sss\n":                                               "wins",
		"#hosts: sss\nhosts: files dns # winbind\n":                              "",
		"hosts: mymachines resolve [!UNAVAIL=return] files":                      "mymachines, resolve",
		"hosts: sss[NOTFOUND=return]dns":                                         "sss",
		"hosts: sss [ NOTFOUND=return  TRYAGAIN=continue SUCCESS=continue ] dns": "sss",
		"hosts: files [NOTFOUND=return":                                          "",
	} {
		path := filepath.Join(t.TempDir(), "nsswitch.conf")
		if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
			t.Fatal(err)
		}
		if want != "" {
			want = " (asked files and dns only, not " + want + " of nsswitch.conf)"
		}
		none := &net.DNSError{Err: "no such host", Name: "host.test", IsNotFound: true}
		_, err := failing(none, path).First(t.Context(), "host.test", resolve.Either)
		if err == nil || err.Error() != "host.test: name does not resolve: lookup host.test: no such host"+want {
			t.Errorf("%q gives %v, want %q", conf, err, want)
		}
		// Other failures are not for want of a module.
		if _, err := failing(errors.New("refused"), path).First(t.Context(), "host.test", resolve.Either); strings.Contains(err.Error(), "nsswitch") {
			t.Errorf("%q gives %v", conf, err)
		}
	}
}
