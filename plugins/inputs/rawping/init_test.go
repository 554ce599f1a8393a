package rawping

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/influxdata/telegraf/config"
	"github.com/stretchr/testify/require"
)

func TestDefaults(t *testing.T) {
	p, err := load(t, "[[inputs.rawping]]\n  urls = [\"127.0.0.1\", \"::1\", \"a-host.example\", \"fe80::1%missing0\"]\n")
	require.NoError(t, err)
	require.NoError(t, p.Init())
	require.Equal(t, time.Second, time.Duration(p.PingInterval))
	require.Equal(t, time.Second, time.Duration(p.Timeout))
}

func TestInitRefuses(t *testing.T) {
	const second = config.Duration(time.Second)
	urls := func(urls ...string) []string { return urls }
	for name, c := range map[string]struct {
		urls              []string
		interval, timeout config.Duration
		want              string
	}{
		"no urls":           {nil, second, second, `urls is empty: name at least one host, as in urls = ["127.0.0.1"]`},
		"negative interval": {urls("127.0.0.1"), -second, second, `ping_interval is -1s: it must be more than 0, as in "1s"`},
		"no interval":       {urls("127.0.0.1"), 0, second, `ping_interval is 0s: it must be more than 0, as in "1s"`},
		"negative timeout":  {urls("127.0.0.1"), second, -second, `timeout is -1s: it must be more than 0, as in "1s"`},
		"no timeout":        {urls("127.0.0.1"), second, 0, `timeout is 0s: it must be more than 0, as in "1s"`},
		"twice":             {urls("127.0.0.1", "::1", "127.0.0.1"), second, second, `urls: "127.0.0.1" is there twice, and one would overwrite the other`},
		"multicast":         {urls("224.0.0.1"), second, second, `urls: "224.0.0.1": address 224.0.0.1: is a broadcast or multicast address, which is probed only if replies from any source count`},
		"unspecified":       {urls("0.0.0.0"), second, second, `urls: "0.0.0.0": address 0.0.0.0: is no host's`},
		"no zone":           {urls("fe80::1"), second, second, `urls: "fe80::1": address fe80::1: is link-local; say which interface, as in fe80::1%eth0`},
		"two words":         {urls("two words"), second, second, `urls: "two words": ' ' is in no host name`},
		"empty":             {urls(""), second, second, `urls: "": a host cannot be empty`},
		"URL":               {urls("http://a.example/"), second, second, `urls: "http://a.example/": a host name or an IP address is wanted, without scheme and path`},
	} {
		t.Run(name, func(t *testing.T) {
			p := &RawPing{URLs: c.urls, PingInterval: c.interval, Timeout: c.timeout}
			require.EqualError(t, p.Init(), c.want)
		})
	}
	for _, url := range []string{"", " ", "\t", "two words", "a..b", "-", "host/8", "300.1.2.3", "a\nb", strings.Repeat("a", 300)} {
		t.Run(fmt.Sprintf("%.12q", url), func(t *testing.T) {
			err := (&RawPing{URLs: urls(url), PingInterval: second, Timeout: second}).Init()
			require.Error(t, err)
			requireOneLine(t, err)
			require.Contains(t, err.Error(), "urls: ")
		})
	}
}

// What a decoder refuses never reaches Init. Its words are not ours, but they
// must be one line that names the value or the option.
func TestTelegrafRefuses(t *testing.T) {
	for name, c := range map[string]struct{ setting, want string }{
		"urls is a string":       {`urls = "127.0.0.1"`, "URLs"},
		"urls has a number":      {`urls = [1, 2]`, "URLs"},
		"interval is a list":     {`ping_interval = ["1s"]`, "PingInterval"},
		"interval is no time":    {`ping_interval = "soon"`, "soon"},
		"timeout is a boolean":   {`timeout = true`, "Timeout"},
		"timeout lacks its unit": {`timeout = "1x"`, "1x"},
		"unknown key":            {"urls = [\"127.0.0.1\"]\n  ping_intervall = \"1s\"", "ping_intervall"},
		"no TOML":                {`urls = [`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, "[[inputs.rawping]]\n  "+c.setting+"\n")
			require.Error(t, err)
			t.Log(err)
			requireOneLine(t, err)
			require.Contains(t, err.Error(), c.want)
		})
	}
}

func requireOneLine(t *testing.T, err error) {
	t.Helper()
	require.NotContains(t, err.Error(), "\n")
}
