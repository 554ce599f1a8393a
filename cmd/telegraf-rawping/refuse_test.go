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
		"type of urls":    {"[[inputs.rawping]]\nurls = 7\n", "urls"},
		"type of timeout": {loopback + "timeout = [1]\n", "timeout"},
		"no time":         {loopback + "timeout = \"soon\"\n", "soon"},
		"unknown":         {loopback + "ping_intervall = \"1s\"\n", "inputs.rawping.ping_intervall: there is no such setting"},
		"the agent's":     {loopback + "interval = \"1s\"\n", "inputs.rawping.interval: this belongs in the [[inputs.execd]] block of Telegraf's own configuration"},
		"tags":            {loopback + "[inputs.rawping.tags]\nsite = \"a\"\n", "inputs.rawping.tags: this belongs in the [[inputs.execd]] block of Telegraf's own configuration"},
		"alias":           {loopback + "alias = \"a\"\n", "inputs.rawping.alias: this belongs in the [[inputs.execd]] block of Telegraf's own configuration"},
		"name_override":   {loopback + "name_override = \"ping\"\n", "inputs.rawping.name_override: this belongs in the [[inputs.execd]] block of Telegraf's own configuration"},
		"of a target":     {loopback + "[[inputs.rawping.target]]\nurl = \"::1\"\ninterval = \"1s\"\n", "inputs.rawping.target.interval: there is no such setting"},
		"another table":   {"[agent]\ninterval = \"1s\"\n" + loopback, "agent: this belongs in Telegraf's own configuration: this file has one [[inputs.rawping]] block, and nothing else"},
		"no TOML":         {"[[inputs.rawping]]\nurls = [\n", "toml"},
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
