package resolve_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/rawping/rawping/internal/resolve"
)

// loopback returns the name and the index of an interface that is there.
func loopback(t *testing.T) (name, index string) {
	t.Helper()
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range all {
		if i.Flags&net.FlagLoopback != 0 {
			return i.Name, strconv.Itoa(i.Index)
		}
	}
	t.Skip("no loopback interface")
	return "", ""
}

// unasked is a resolver for hosts that are no names.
func unasked(t *testing.T) resolve.Resolver {
	t.Helper()
	return resolve.Resolver{
		Lookup: func(_ context.Context, _, name string) ([]netip.Addr, error) {
			t.Errorf("%q was looked up", name)
			return nil, nil
		},
		Reachable: func(netip.Addr) bool { return false },
	}
}

func TestLiterals(t *testing.T) {
	lo, index := loopback(t)
	for host, want := range map[string]string{
		"127.0.0.1":              "127.0.0.1",
		"192.0.2.255":            "192.0.2.255",
		"127.1":                  "127.0.0.1",
		"10.513":                 "10.0.2.1",
		"10.1.513":               "10.1.2.1",
		"1.16777215":             "1.255.255.255",
		"0.0.0.1":                "0.0.0.1",
		"::1":                    "::1",
		"2001:DB8:0:0::1":        "2001:db8::1",
		"[::1]":                  "::1",
		"::ffff:192.0.2.1":       "192.0.2.1",
		"[::ffff:c000:201]":      "192.0.2.1",
		"::192.0.2.1":            "::c000:201", // compatible, not mapped
		"fe80::1%" + lo:          "fe80::1%" + lo,
		"[fe80::1%" + lo + "]":   "fe80::1%" + lo,
		"fe80::1%" + index:       "fe80::1%" + index,
		"ff02::1%" + lo:          "ff02::1%" + lo,
		"2001:db8::1%" + lo:      "2001:db8::1%" + lo,
		"ff05::2":                "ff05::2", // site-local: needs no zone
		"255.255.255.255":        "255.255.255.255",
		"0000:0000::0000:0:0001": "::1",
	} {
		if err := resolve.Check(host); err != nil {
			t.Errorf("Check(%q) = %v", host, err)
		}
		got, err := unasked(t).First(t.Context(), host, resolve.Either)
		if err != nil || got != netip.MustParseAddr(want) {
			t.Errorf("First(%q) = %v, %v, want %s", host, got, err, want)
		}
	}
}

func TestWrongFamily(t *testing.T) {
	for _, test := range []struct {
		host string
		f    resolve.Family
		want string // "": none
	}{
		{"127.0.0.1", resolve.V4, ""},
		{"127.0.0.1", resolve.V6, "127.0.0.1: is an IPv4 address, but IPv6 was asked for"},
		{"127.1", resolve.V6, "127.1: is an IPv4 address, but IPv6 was asked for"},
		{"::1", resolve.V6, ""},
		{"::1", resolve.V4, "::1: is an IPv6 address, but IPv4 was asked for"},
		{"[::1]", resolve.V4, "[::1]: is an IPv6 address, but IPv4 was asked for"},
		{"::ffff:127.0.0.1", resolve.V4, ""},
		{"::ffff:127.0.0.1", resolve.V6, "::ffff:127.0.0.1: is an IPv4 address, but IPv6 was asked for"},
	} {
		_, err := unasked(t).First(t.Context(), test.host, test.f)
		if (err == nil) != (test.want == "") || err != nil && err.Error() != test.want {
			t.Errorf("%q: %v, want %q", test.host, err, test.want)
		}
		wantKind(t, err, resolve.WrongFamily)
	}
}

// wantKind checks an error's type and kind, if there is one.
func wantKind(t *testing.T, err error, want resolve.Kind) {
	t.Helper()
	var failure *resolve.Error
	if err != nil && (!errors.As(err, &failure) || failure.Kind != want) {
		t.Errorf("%q (%T) is not of kind %d", err, err, want)
	}
}

func TestNames(t *testing.T) {
	for _, host := range []string{
		"a", "localhost", "example.org", "example.org.", "EXAMPLE.org", "3com.example", "1.2.3.4.in-addr.arpa", "a-b.c--d.test",
		"_dmarc.example.org", "xn--bcher-kva.example", "0x7f.1", "1e3", strings.Repeat("a", 63), longName(253), longName(253) + ".",
	} {
		if err := resolve.Check(host); err != nil {
			t.Errorf("Check(%q) = %v", host, err)
		}
	}
}

// longName returns a name of n characters, n not a multiple of 64.
func longName(n int) string {
	return strings.Repeat(strings.Repeat("a", 63)+".", n/64+1)[:n]
}

func TestBadNames(t *testing.T) {
	for host, why := range map[string]string{
		"":                               "cannot be empty",
		".":                              "not a number",
		"a..b":                           "no empty parts",
		".a":                             "no empty parts",
		"a..":                            "no empty parts",
		"-a":                             "hyphen",
		"a-.b":                           "hyphen",
		strings.Repeat("a", 64):          "63 characters at most, not 64",
		longName(254):                    "253 characters at most, not 254",
		"two words":                      "' ' is in no host name",
		" a":                             "' ' is in no host name",
		"a\n":                            `'\n' is in no host name`,
		"a|b":                            "'|' is in no host name",
		"a\x00":                          `'\x00' is in no host name`,
		"\x1b[31m":                       "is in no host name",
		"a\u2028b":                       "is in no host name",
		"\xff":                           "is in no host name",
		"größer.test":                    "is in no host name",
		"10.0.0.0/8":                     "'/' is in no host name",
		"http://a":                       "neither an IPv6 address nor a host name",
		"a:80":                           "neither an IPv6 address nor a host name",
		"::g":                            "neither an IPv6 address nor a host name",
		"1:2:3":                          "neither an IPv6 address nor a host name",
		"[::1":                           "neither an IPv6 address nor a host name",
		"[::1]:80":                       "neither an IPv6 address nor a host name",
		"[]":                             "'[' is in no host name",
		"[a]":                            "'[' is in no host name",
		"[127.0.0.1]":                    "'[' is in no host name",
		"::":                             "no host's address",
		"0.0.0.0":                        "no host's address",
		"0.0":                            "no host's address",
		"::ffff:0.0.0.0":                 "no host's address",
		"8":                              "bare number",
		"2130706433":                     "bare number",
		"1.2.3.4.5":                      "has four numbers",
		"127.0.0.1.":                     "has four numbers",
		"256.1":                          `"256" is not a number from 0 to 255`,
		"1.2.3.256":                      `"256" is not a number from 0 to 255`,
		"1.16777216":                     `"16777216" is not a number from 0 to 16777215`,
		"1..2":                           `"" is not a number`,
		"127.0.0.01":                     `"01" has a leading zero`,
		"010.1":                          `"010" has a leading zero`,
		"00.1":                           `"00" has a leading zero`,
		"1." + strings.Repeat("0", 5000): "has a leading zero",
		strings.Repeat("9", 5000) + ".1": "is not a number",
		"fe80::1":                        "say which interface, as in fe80::1%eth0",
		"ff02::1":                        "say which interface",
		"ff01::1":                        "say which interface",
		"fe80::1%":                       "neither an IPv6 address nor a host name",
		"::ffff:192.0.2.1%lo":            "no zone",
		"fe80::1%a|b":                    "want the name of an interface",
		"fe80::1%a b":                    "want the name of an interface",
		"fe80::1%a\nb":                   "want the name of an interface",
		"fe80::1%\xff":                   "want the name of an interface",
		"127.0.0.1%lo":                   "'%' is in no host name",
	} {
		err := resolve.Check(host)
		wantBadName(t, host, err)
		if err != nil && !strings.Contains(err.Error(), why) {
			t.Errorf("%q gives %q, which does not say %q", host, err, why)
		}
		if _, first := unasked(t).First(t.Context(), host, resolve.Either); first == nil || err == nil || first.Error() != err.Error() {
			t.Errorf("%q: Check says %v, First says %v", host, err, first)
		}
	}
}

func TestNoSuchInterface(t *testing.T) {
	for _, zone := range []string{"nosuch0", "0", "-1", "2147483647", strings.Repeat("x", 5000)} {
		host := "fe80::1%" + zone
		if err := resolve.Check(host); err != nil {
			t.Errorf("Check(%.80q) = %v, but the interface may come", host, err)
		}
		_, err := unasked(t).First(t.Context(), host, resolve.Either)
		wantBadName(t, host, err)
		if err != nil && !strings.Contains(err.Error(), "there is no interface "+strconv.Quote(zone)[:2]) {
			t.Errorf("%.80q gives %q", host, err)
		}
	}
}

// wantBadName checks that err is one printable line of bounded length that begins
// with the host.
func wantBadName(t *testing.T, host string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%.80q was accepted", host)
		return
	}
	wantKind(t, err, resolve.BadName)
	text := err.Error()
	begin := strings.TrimSuffix(strconv.Quote(string([]rune(host)[:min(utf8.RuneCountInString(host), 80)])), `"`)
	if utf8.ValidString(host) && !strings.HasPrefix(text, begin) {
		t.Errorf("%.80q gives %q, which does not name it", host, text)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) || len(text) > 2000 {
		t.Errorf("%.80q gives %q", host, text)
	}
}

func FuzzHost(f *testing.F) {
	for _, host := range []string{
		"localhost", "127.1", "010.1", "[fe80::1%lo]", "::ffff:192.0.2.1", "fe80::1%a|b\n", "a..b", "1.2.3.4.5", "\xff", "",
	} {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, host string) {
		if err := resolve.Check(host); err != nil {
			wantBadName(t, host, err)
			return
		}
		if strings.ContainsFunc(host, func(r rune) bool {
			return r == utf8.RuneError || r == '|' || unicode.IsSpace(r) || !unicode.IsPrint(r)
		}) {
			t.Errorf("%q was accepted", host)
		}
		asked := false
		resolver := resolve.Resolver{Lookup: func(_ context.Context, _, name string) ([]netip.Addr, error) {
			asked = name == host
			return []netip.Addr{netip.MustParseAddr("::ffff:127.0.0.1")}, nil
		}}
		addr, err := resolver.First(t.Context(), host, resolve.Either)
		if err != nil {
			wantBadName(t, host, err) // an interface that is not there
			return
		}
		literal := strings.Contains(host, ":") || strings.Trim(host, "0123456789.") == ""
		if !addr.IsValid() || addr.Is4In6() || addr.IsUnspecified() || asked == literal {
			t.Errorf("%q is %v, looked up: %v", host, addr, asked)
		}
	})
}

func TestLiteral(t *testing.T) {
	for host, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "127.1": "127.0.0.1", "[2001:db8::1]": "2001:db8::1", "::ffff:192.0.2.1": "192.0.2.1",
		"fe80::1%eth0": "fe80::1%eth0", "host.test": "", "0.0.0.0": "", "fe80::1": "", "1": "", "": "",
	} {
		addr, ok := resolve.Literal(host)
		if ok != (want != "") || ok && addr.String() != want {
			t.Errorf("%q: %v, %v, want %q", host, addr, ok, want)
		}
	}
}
