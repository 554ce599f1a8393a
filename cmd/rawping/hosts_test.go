package main

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/wire"
)

func TestHosts(t *testing.T) {
	list := filepath.Join(t.TempDir(), "list")
	require.NoError(t, os.WriteFile(list, []byte("\ufeff# all of them\r\n\r\n127.0.0.1\r\n  ::1\t# the same\n\n::ffff:192.0.2.1\nfe80::1%1\nrouter\n127.1\n[::1]"), 0o600))
	set := settings{hosts: []string{"192.0.2.9"}, files: []string{list, "-"}}
	entries, err := readHosts(set, strings.NewReader("192.0.2.7\n"))
	require.NoError(t, err)
	var got []string
	for _, e := range entries {
		got = append(got, e.name+" "+e.addr.String())
	}
	require.Equal(t, []string{
		"192.0.2.9 192.0.2.9", "127.0.0.1 127.0.0.1", "::1 ::1", "::ffff:192.0.2.1 192.0.2.1",
		"fe80::1%1 fe80::1%1", "router invalid IP", "127.1 127.0.0.1", "[::1] ::1", "192.0.2.7 192.0.2.7",
	}, got)
	require.Equal(t, place{`"` + list + `"`, 8}, entries[5].place)
	require.True(t, entries[4].literal)
	require.False(t, entries[6].literal)
}

// TestBadHosts leaves what is wrong with a spelling to resolve, whose words they are.
func TestBadHosts(t *testing.T) {
	for list, want := range map[string]string{
		"":                         `no host in standard input: want one per line`,
		"# none\n\n":               `no host in standard input: want one per line`,
		"127.0.0.1\na b\n":         `standard input: line 2: host "a b":`,
		"a\x00b":                   `standard input: line 1: host "a\x00b":`,
		"\x1b[31mred":              `line 1: host "\x1b[31mred":`,
		"fe80::1%\x1b[31m":         `line 1: host "fe80::1%\x1b[31m": want the name of an interface behind the %`,
		"\xff\xfe1":                `line 1: host "\xff\xfe1": `,
		"0.0.0.0":                  `line 1: host 0.0.0.0: want the address of one host, not of none`,
		"ff02::1":                  `line 1: host ff02::1: want the address of one host, not of many; or --any-source`,
		"255.255.255.255":          `line 1: host 255.255.255.255: want the address of one host, not of many`,
		"10.0.0.0/8":               `line 1: host "10.0.0.0/8":`,
		"1.2.3.4.5":                `line 1: host "1.2.3.4.5":`,
		"a,b":                      `line 1: host "a,b":`,
		strings.Repeat("a.", 128):  `; want a name or an IP address`,
		strings.Repeat("a", 1<<20): `; want a name or an IP address`,
	} {
		_, err := readHosts(settings{files: []string{"-"}}, strings.NewReader(list))
		require.ErrorContains(t, err, want)
		require.Less(t, len(err.Error()), 300)
	}
}

func TestHostsOfManyIfAnybodyMayAnswer(t *testing.T) {
	for _, many := range []string{"224.0.0.1", "255.255.255.255", "ff02::1%1", "ff02::1"} {
		_, err := readHosts(settings{hosts: []string{many}, anySource: true}, nil)
		require.NoError(t, err)
	}
	_, err := readHosts(settings{hosts: []string{"0.0.0.0"}, anySource: true}, nil)
	require.EqualError(t, err, "host 0.0.0.0: want the address of one host, not of none")
}

func TestHostsOfTheWrongFamily(t *testing.T) {
	_, err := readHosts(settings{hosts: []string{"::1"}, family: wire.V4}, nil)
	require.EqualError(t, err, `host ::1: is an IPv6 address, but IPv4 is asked for`)
	_, err = readHosts(settings{hosts: []string{""}}, nil)
	require.ErrorContains(t, err, `host "": `)
}

func TestListsThatCannotBeRead(t *testing.T) {
	_, err := readHosts(settings{files: []string{"/nonexistent"}}, nil)
	require.EqualError(t, err, `file "/nonexistent": no such file or directory; want a list of hosts, one per line, or - for standard input`)
	_, err = readHosts(settings{files: []string{t.TempDir()}}, nil)
	require.ErrorContains(t, err, "is a directory")
	_, err = readHosts(settings{files: []string{"-"}}, iotest.ErrReader(errors.New("unplugged")))
	require.EqualError(t, err, "standard input: unplugged; want a list of hosts, one per line")
	_, err = readHosts(settings{files: []string{"/dev/null", "-"}}, strings.NewReader("# none"))
	require.EqualError(t, err, `no host in "/dev/null", standard input: want one per line`)
	_, err = readHosts(settings{files: []string{"/dev/zero"}}, nil)
	require.EqualError(t, err, `"/dev/zero": longer than 64 MiB; want a list of hosts, one per line`)
}

// FuzzHosts finds lists that break the reader, or hosts that could disturb a
// terminal.
func FuzzHosts(f *testing.F) {
	for _, list := range []string{"127.0.0.1\n::1\n", "# c\n\n a # b\r\n", "\ufeffa", "fe80::1%eth0", "a b", "\x00", "1.2.3.4.5", "::ffff:1.2.3.4"} {
		f.Add(list)
	}
	f.Fuzz(func(t *testing.T, list string) {
		entries, err := appendList(nil, list, "list", &settings{})
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			require.Contains(t, err.Error(), "list: line ")
			return
		}
		require.LessOrEqual(t, len(entries), strings.Count(list, "\n")+1)
		for _, e := range entries {
			require.NotEmpty(t, e.name)
			require.Contains(t, list, e.name)
			require.Equal(t, e.name, oneLine(e.name))
			require.NotContains(t, e.name, " ")
			if e.literal {
				require.Equal(t, netip.MustParseAddr(e.name).Unmap(), e.addr)
			}
		}
	})
}

func BenchmarkReadHosts(b *testing.B) {
	list := strings.Repeat("127.100.200.1\n", 60_000)
	b.ReportAllocs()
	b.SetBytes(60_000)
	for b.Loop() {
		if entries, err := appendList(nil, list, "list", &settings{}); err != nil || len(entries) != 60_000 {
			b.Fatal(err)
		}
	}
}
