package main

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/wire"
)

// defaults are the settings of a command line with no option.
func defaults(hosts ...string) settings {
	return settings{hosts: hosts, interval: time.Second, timeout: time.Second, size: 56, rate: 5000}
}

func TestOptions(t *testing.T) {
	for _, test := range []struct {
		args string
		want func(*settings)
	}{
		{"h", func(*settings) {}},
		{"h -c 4 -i 0.2", func(s *settings) { s.count, s.interval = 4, 200*time.Millisecond }},
		{"-c4 h -i250us", func(s *settings) { s.count, s.interval = 4, 250*time.Microsecond }},
		{"--count=4 --interval 20ms h", func(s *settings) { s.count, s.interval = 4, 20*time.Millisecond }},
		{"-nqc4 h", func(s *settings) { s.quiet, s.count = true, 4 }},
		{"-4c 4 h", func(s *settings) { s.family, s.count = wire.V4, 4 }},
		{"-i 0 h", func(s *settings) { s.interval = 0 }},
		{"-W 1.5s h", func(s *settings) { s.timeout = 1500 * time.Millisecond }},
		{"-s 0 h", func(s *settings) { s.size = 0 }},
		{"-s 65527 h", func(s *settings) { s.size = 65527 }},
		{"-4 -s 65507 h", func(s *settings) { s.family, s.size = wire.V4, 65507 }},
		{"-6 h", func(s *settings) { s.family = wire.V6 }},
		{"-qnt 255 h", func(s *settings) { s.quiet, s.ttl = true, 255 }},
		{"--dont-fragment h", func(s *settings) { s.whole = true }},
		{"--rate 0 h", func(s *settings) { s.rate = 0 }},
		{"--rate 0.5 h", func(s *settings) { s.rate = 0.5 }},
		{"--rate 1000000 h", func(s *settings) { s.rate = 1e6 }},
		{"-I lo h", func(s *settings) { s.device = "lo" }},
		{"-I 127.0.0.2 h", func(s *settings) { s.source, s.family = netip.MustParseAddr("127.0.0.2"), wire.V4 }},
		{"-I ::1 h", func(s *settings) { s.source, s.family = netip.MustParseAddr("::1"), wire.V6 }},
		{"-f a -f - h", func(s *settings) { s.files = []string{"a", "-"} }},
		{"-- h", func(*settings) {}},
	} {
		t.Run(test.args, func(t *testing.T) {
			want := defaults("h")
			test.want(&want)
			got, err := parseOptions(strings.Fields(test.args), false)
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

func TestBadOptions(t *testing.T) {
	for args, want := range map[string]string{
		"":                         `no host: name one or more, or a list of them with -f FILE; see rawping --help`,
		"-q":                       `no host: `,
		"h --foo":                  `unknown option "--foo"; see rawping --help`,
		"h -z":                     `unknown option "-z"; see rawping --help`,
		"h --c=1":                  `unknown option "--c"; see rawping --help`,
		"h -qz":                    `unknown option "-z"; see rawping --help`,
		"h -c":                     `expected argument for option -c, --count; see rawping --help`,
		"h --quiet=yes":            `quiet`,
		"h -c 0":                   `count "0": want a whole number from 1 on`,
		"h -c -1":                  `count "-1": want`,
		"h -c 1.5":                 `count "1.5": want`,
		"h -c 9999999999999999999": `count "9999999999999999999": want`,
		"h -i -1":                  `interval "-1" is not a time: it is negative`,
		"h -i 1e3":                 `interval "1e3" is not a time`,
		"h -i 1m":                  `interval "1m" is not a time`,
		"h -i 86401":               `interval "86401": want at most 86400 s`,
		"h -W 0":                   `timeout "0": want more than 0`,
		"h -W x":                   `timeout "x" is not a time`,
		"h -s -1":                  `size "-1": want 0 to 65507 bytes for IPv4, 0 to 65527 for IPv6`,
		"h -s 65528":               `size "65528": want`,
		"h -4 -s 65508":            `size "65508": want`,
		"h -t 0":                   `ttl "0": want 1 to 255`,
		"h -t 256":                 `ttl "256": want 1 to 255`,
		"h --rate -1":              `rate "-1": want packets per second`,
		"h --rate inf":             `rate "inf": want packets per second`,
		"h --rate 1.2.3":           `rate "1.2.3": want packets per second`,
		"h --rate 99999999999":     `rate "99999999999": want packets per second`,
		"h -4 -6":                  `-4 and -6 exclude each other`,
		"h -I nosuchdevice":        `interface "nosuchdevice": there is none of that name; want one of `,
		"h -6 -I 127.0.0.1":        `source 127.0.0.1: is IPv4, but -6 wants IPv6`,
		"h -I fe80::1%nosuchzone":  `interface "nosuchzone": there is none`,
	} {
		t.Run(args, func(t *testing.T) {
			_, err := parseOptions(strings.Fields(args), false)
			require.ErrorContains(t, err, want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestOrdinaryUser(t *testing.T) {
	_, err := parseOptions([]string{"h", "--rate", "0"}, true)
	require.EqualError(t, err, `rate "0": only root may send without a limit; want more than 0 and at most 5000`)
	_, err = parseOptions([]string{"h", "--rate", "5001"}, true)
	require.EqualError(t, err, `rate "5001": only root may go above 5000 packets per second`)
	set, err := parseOptions([]string{"h"}, true)
	require.NoError(t, err)
	require.True(t, set.ordinary)
}

func TestHelpAndVersion(t *testing.T) {
	_, err := parseOptions([]string{"--help"}, false)
	help, ok := errors.AsType[answer](err)
	require.True(t, ok)
	for line := range strings.SplitSeq(strings.TrimSuffix(string(help), "\n"), "\n") {
		require.LessOrEqual(t, utf8.RuneCountInString(line), 80, line)
	}
	_, err = parseOptions([]string{"-V"}, false)
	require.Equal(t, answer("rawping devel\n"), err)
}

// FuzzOptions finds command lines that break the parser, or get a complaint of
// more than one line.
func FuzzOptions(f *testing.F) {
	for _, args := range []string{"h -c 4 -i 1.0", "-qf - --rate 0", "-I ::1%lo h", "-- -x", "-s -1 h", "--rate=1..2 h", "-W\x00 h", "-\xff"} {
		f.Add(args)
	}
	f.Fuzz(func(t *testing.T, line string) {
		set, err := parseOptions(strings.Split(line, " "), false)
		if _, ok := errors.AsType[answer](err); ok {
			return
		}
		if err != nil {
			text := oneLine(err.Error())
			require.NotContains(t, text, "\n")
			require.Less(t, len(text), 600)
			return
		}
		require.GreaterOrEqual(t, set.count, 0)
		require.Positive(t, set.timeout)
		require.True(t, set.interval >= 0 && set.interval <= longest && set.timeout <= longest)
		require.True(t, set.size >= 0 && set.size <= wire.MaxPayload6)
		require.True(t, set.ttl >= 0 && set.ttl <= 255)
		require.True(t, set.rate >= 0 && set.rate <= 1e9)
		require.NotEmpty(t, len(set.hosts)+len(set.files))
	})
}
