package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// refused runs the program's main part on arguments that it must refuse, and
// returns its one line.
func refused(t *testing.T, code int, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	require.Equal(t, code, run(t.Context(), args, strings.NewReader(""), &stdout, &stderr), &stderr)
	require.Empty(t, stdout.String())
	line, ok := strings.CutSuffix(stderr.String(), "\n")
	require.True(t, ok)
	require.NotContains(t, line, "\n")
	line, ok = strings.CutPrefix(line, "E! telegraf-rawping: ")
	require.True(t, ok, line)
	return line
}

func TestWrongFlags(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "-config is missing: name the file with the [[inputs.rawping]] block"},
		{[]string{"-nosuch"}, "flag provided but not defined: -nosuch (see -help)"},
		{[]string{"-config", "x", "-poll_interval", "often"}, `invalid value "often" for flag -poll_interval: parse error (see -help)`},
		{[]string{"-config", "x", "-poll_interval", "-1s"}, "-poll_interval is -1s: it must be more than 0, as in 10s"},
		{[]string{"-config", "x", "-poll_interval", "0s"}, "-poll_interval is 0s: it must be more than 0, as in 10s"},
		{[]string{"-config", "x", "127.0.0.1"}, `unexpected argument "127.0.0.1" (see -help)`},
		{[]string{"-config"}, "flag needs an argument: -config (see -help)"},
	} {
		require.Equal(t, c.want, refused(t, 2, c.args...))
	}
}

func TestWrongConfigurations(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":           {"", "0 blocks [[inputs.rawping]]: there must be one"},
		"two":             {loopback + loopback, "2 blocks [[inputs.rawping]]: there must be one"},
		"another input":   {"[[inputs.ping]]\n", "[[inputs.ping]]: this program has no input but rawping"},
		"no urls":         {"[[inputs.rawping]]\n", `urls is empty: name at least one host, as in urls = ["127.0.0.1"]`},
		"twice":           {"[[inputs.rawping]]\nurls = [\"::1\", \"::1\"]\n", `urls: "::1" is there twice with equal tags, and one would overwrite the other`},
		"no host":         {"[[inputs.rawping]]\nurls = [\"two words\"]\n", `"two words"`},
		"negative":        {loopback + "timeout = \"-2s\"\n", `timeout is -2s: it must be more than 0, as in "1s"`},
		"type of urls":    {"[[inputs.rawping]]\n\turls = 7\n", `line 2: urls = 7: incompatible types: TOML value has type int64; destination has type slice; want it as in urls = ["127.0.0.1", "::1"]`},
		"type of timeout": {loopback + "timeout = [1]\n", `line 4: timeout = [1]: incompatible types: TOML value has type []any; destination has type primitive (string-like); want it as in timeout = "1s"`},
		"no time":         {loopback + "timeout=\"soon\"\n", `line 4: timeout="soon": time: invalid duration "soon"; want it as in timeout = "1s"`},
		"no size":         {loopback + "size = \"big\"\n", `line 4: size = "big": units: invalid big; want it as in size = "56B"`},
		"no list":         {loopback + "percentiles = 95\n", `; want it as in percentiles = [50.0, 99.0, 99.9]`},
		"out of range":    {loopback + "fwmark = -1\n", `line 4: fwmark = -1: -1 is out of range for uint32; want it as in fwmark = 0`},
		"no value":        {loopback + "ttl =\n", `line 4: ttl =: expected value but found '\n' instead; want it as in ttl = 0`},
		"which of them":   {loopback + "[[inputs.rawping.target]]\nurl = 5\n[[inputs.rawping.target]]\nurl = \"::1\"\n", `.conf: inputs.rawping.target.url: incompatible types: TOML value has type int64; destination has type string; want it as in url = "127.0.0.2"`},
		"long":            {loopback + "ttl = \"" + strings.Repeat("6", 100) + "\"\n", `line 4: ttl = "` + strings.Repeat("6", 57) + `...: incompatible`},
		"of a tag":        {loopback + "[[inputs.rawping.target]]\nurl = \"::1\"\ntags = {site = 1}\n", `inputs.rawping.target.tags.site: incompatible types: TOML value has type int64; destination has type string`},
		"no block":        {"[inputs.rawping]\nurls = [\"::1\"]\n", `line 1: inputs.rawping: incompatible types: TOML value has type map[string]any; destination has type slice; want it as in [[inputs.rawping]]`},
		"unknown":         {loopback + "ping_intervall = \"1s\"\n", "inputs.rawping.ping_intervall: there is no such setting"},
		"the agent's":     {loopback + "interval = \"1s\"\n", "inputs.rawping.interval: this belongs in the [[inputs.execd]] block of Telegraf's own configuration"},
		"tags":            {loopback + "[inputs.rawping.tags]\nsite = \"a\"\n", "inputs.rawping.tags: this belongs in the [[inputs.execd]] block of Telegraf's own configuration"},
		"alias":           {loopback + "alias = \"a\"\n", "inputs.rawping.alias: this belongs in the [[inputs.execd]] block of Telegraf's own configuration"},
		"name_override":   {loopback + "name_override = \"ping\"\n", "inputs.rawping.name_override: this belongs in the [[inputs.execd]] block of Telegraf's own configuration"},
		"of a target":     {loopback + "[[inputs.rawping.target]]\nurl = \"::1\"\ninterval = \"1s\"\n", "inputs.rawping.target.interval: there is no such setting"},
		"another table":   {"[agent]\ninterval = \"1s\"\n" + loopback, "agent: this belongs in Telegraf's own configuration: this file has one [[inputs.rawping]] block, and nothing else"},
		"no TOML":         {"[[inputs.rawping]\n", "toml: line 2: expected end of table array name"},
		"no end":          {"[[inputs.rawping]]\nurls = [\n", `line 2: urls = [: `},
	} {
		t.Run(name, func(t *testing.T) {
			config := file(t, c.text)
			line := refused(t, 1, "-config", config)
			t.Log(line)
			require.True(t, strings.HasPrefix(line, config+": "), line)
			require.Contains(t, line, c.want)
			require.Equal(t, line, refused(t, 1, "-check", "-config", config), "-check says the same")
		})
	}
	missing := filepath.Join(t.TempDir(), "missing.conf")
	require.Contains(t, refused(t, 1, "-config", missing), missing)
}

func TestVersionAndHelp(t *testing.T) {
	for _, flag := range []string{"-version", "--version"} {
		var stdout, stderr bytes.Buffer
		require.Zero(t, run(t.Context(), []string{flag}, nil, &stdout, &stderr))
		require.Equal(t, "telegraf-rawping devel\n", stdout.String())
		require.Empty(t, stderr.String())
	}
	var stdout, stderr bytes.Buffer
	require.Zero(t, run(t.Context(), []string{"-help"}, nil, &stdout, &stderr))
	for _, flag := range []string{"-config file", "-poll_interval duration", "-poll_interval_disabled", "-check", "-version"} {
		require.Contains(t, stdout.String(), "  "+flag)
	}
	require.Empty(t, stderr.String())
}

// Editors of Windows begin a file with a byte order mark; Telegraf passes over it, too.
func TestByteOrderMark(t *testing.T) {
	p, err := load(file(t, "\ufeff"+loopback))
	require.NoError(t, err)
	require.Equal(t, []string{"127.0.0.1"}, p.URLs)
}

// The shim puts the environment's variables into the configuration; so do we.
func TestEnvironment(t *testing.T) {
	t.Setenv("RAWPING_TEST_TIMEOUT", "3s")
	p, err := load(file(t, loopback+"timeout = \"$RAWPING_TEST_TIMEOUT\"\n"))
	require.NoError(t, err)
	require.Equal(t, 3*time.Second, time.Duration(*p.Timeout))
	require.Equal(t, 20*time.Millisecond, time.Duration(*p.PingInterval))

	p, err = load(filepath.Join("..", "..", "plugins", "inputs", "rawping", "sample.conf"))
	require.NoError(t, err)
	require.Equal(t, []string{"127.0.0.1", "::1"}, p.URLs)
}

func TestLoggerWritesOneLine(t *testing.T) {
	var out bytes.Buffer
	l := &logger{to: &out}
	l.Errorf("a %d", 1)
	l.Warn("b\nc\n")
	l.Info("d")
	l.Debug("not seen")
	l.Tracef("not %s", "seen")
	require.Equal(t, "E! a 1\nW! b; c\nI! d\n", out.String())
}
