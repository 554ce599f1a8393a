package rawping

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/influxdata/telegraf/testutil"
	"github.com/stretchr/testify/require"
)

// initialized returns the plugin that a configuration makes, and what Init says,
// in its log too.
func initialized(t *testing.T, settings string) (p *RawPing, logged []string, err error) {
	t.Helper()
	p, err = load(t, "[[inputs.rawping]]\n"+settings)
	require.NoError(t, err, "the decoder takes it")
	log := &testutil.CaptureLogger{}
	p.Log = log
	err = p.Init()
	w := &world{log: log}
	return p, w.lines(), err
}

func TestDefaults(t *testing.T) {
	p, logged, err := initialized(t, `urls = ["127.0.0.1", "::1", "a-host.example", "fe80::1%missing0", "127.1"]`)
	require.NoError(t, err)
	require.Empty(t, logged)
	require.Equal(t, settings{interval: time.Second, timeout: time.Second, size: 56, family: "any"}, p.plan.general)
	require.Equal(t, 5*time.Minute, p.plan.resolveInterval)
	require.Zero(t, p.plan.count, "continuous")
	d, err := p.Demand()
	require.NoError(t, err)
	require.Equal(t, Demand{Targets: 5, Names: 1, IPv4: 2, IPv6: 2, Rows: 5, Rate: 5}, d)
}

const one = "urls = [\"127.0.0.1\"]\n"

// table is a target table for an address, with a setting.
func table(setting string) string {
	return "[[inputs.rawping.target]]\nurl = \"127.0.0.1\"\n" + setting
}

func TestInitRefuses(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	for name, c := range map[string]struct{ settings, want string }{
		"no targets":          {``, `urls is empty: name at least one host, as in urls = ["127.0.0.1"], in a target table or a targets_file`},
		"negative interval":   {one + `ping_interval = "-1s"`, `ping_interval is -1s: it must be more than 0, as in "1s"`},
		"no interval":         {one + `ping_interval = 0`, `ping_interval is 0s: it must be more than 0, as in "1s"`},
		"negative timeout":    {one + `timeout = "-1s"`, `timeout is -1s: it must be more than 0, as in "1s"`},
		"no timeout":          {one + `timeout = "0s"`, `timeout is 0s: it must be more than 0, as in "1s"`},
		"too long":            {one + `timeout = "1001d"`, `timeout is 24024h0m0s: it must be at most 24000h0m0s`},
		"too long interval":   {one + `ping_interval = "2000000h"`, `ping_interval is 2000000h0m0s: it must be at most 24000h0m0s`},
		"target's timeout":    {table(`timeout = "2000000h"`), `target 1: "127.0.0.1": timeout is 2000000h0m0s: it must be at most 24000h0m0s`},
		"twice":               {`urls = ["127.0.0.1", "::1", "127.0.0.1"]`, `urls: "127.0.0.1" is there twice with equal tags, and one would overwrite the other`},
		"multicast":           {`urls = ["224.0.0.1"]`, `urls: "224.0.0.1": address 224.0.0.1: is a broadcast or multicast address, which is probed only if replies from any source count`},
		"unspecified":         {`urls = ["0.0.0.0"]`, `urls: "0.0.0.0": is no host's address`},
		"zone with backslash": {`urls = ['fe80::1%a\']`, `urls: "fe80::1%a\\": ends in a backslash, which line protocol cannot say`},
		"no zone":             {`urls = ["fe80::1"]`, `urls: "fe80::1": is link-local; say which interface, as in fe80::1%eth0`},
		"two words":           {`urls = ["two words"]`, `urls: "two words": ' ' is in no host name`},
		"empty":               {`urls = [""]`, `urls: "": a host cannot be empty`},
		"URL":                 {`urls = ["http://a.example/"]`, `urls: "http://a.example/": a host name or an IP address is wanted, without scheme and path`},
		"negative count":      {one + `count = -1`, `count is -1: it must be at least 1, or 0 to probe all the time`},
		"negative deadline":   {one + `deadline = "-1s"`, `deadline is -1s: it must not be negative; "0s" is none`},
		"great count":         {one + `count = 1000001`, `count is 1000001: it must be at most 1000000; 0 is to probe all the time`},
		"greatest count":      {one + "count = 9223372036854775807\ndeadline = \"0s\"", `count is 9223372036854775807: it must be at most 1000000`},
		"long deadline":       {one + `deadline = "24001h"`, `deadline is 24001h0m0s: it must be at most 24000h0m0s; "0s" is none`},
		"longest deadline":    {one + "count = 2\ndeadline = \"9223372036854775807ns\"", `deadline is 2562047h47m16.854775807s: it must be at most 24000h0m0s`},
		"negative rate":       {one + `max_rate = -1`, `max_rate is -1: it must be more than 0 packets per second, or 0 for no limit`},
		"rate below need":     {`urls = ["127.0.0.1", "::1"]` + "\nping_interval = \"100ms\"\nmax_rate = 19", `max_rate is 19, but 2 targets at their ping_interval need 20 packets per second`},
		"negative refresh":    {one + `resolve_interval = "-1s"`, `resolve_interval is -1s: it must not be negative; "0s" looks each name up once`},
		"negative size":       {one + `size = -1`, `size -1: must be 0 to 65507 bytes for IPv4`},
		"size":                {one + `size = "1MB"`, `size 1000000: must be 0 to 65507 bytes for IPv4`},
		"IPv6 size":           {"urls = [\"::1\"]\nfamily = \"ipv6\"\nsize = 65528", `size 65528: must be 0 to 65527 bytes for IPv6`},
		"negative TTL":        {one + `ttl = -1`, `ttl is -1: it must be 1 to 255, or 0 for the system's`},
		"TTL":                 {one + `ttl = 256`, `ttl is 256: it must be 1 to 255, or 0 for the system's`},
		"DSCP":                {one + `dscp = 64`, `dscp is 64: it must be 0 to 63`},
		"family":              {one + `family = "IPv4"`, `family is "IPv4": it must be "any", "ipv4", "ipv6" or "both"`},
		"family twice":        {one + "ipv4 = true\nfamily = \"any\"", `family is set beside ipv4 or ipv6: set one of them`},
		"family of address":   {"urls = [\"::1\"]\nipv4 = true", `urls: "::1": is an IPv6 address, but the family or the source asks for the other`},
		"resolve":             {one + `resolve = "last"`, `resolve is "last": it must be "first" or "all"`},
		"source":              {one + `source = "eth0"`, `source is "eth0": it must be an address of this host, as in "192.0.2.1"`},
		"source zone":         {one + `source = "fe80::1%eth0"`, `source is "fe80::1%eth0": it must be an address of this host, as in "192.0.2.1"`},
		"source family":       {one + "source = \"::1\"\nfamily = \"ipv4\"", `source is ::1, but family is "ipv4"`},
		"source of both":      {one + "source = \"::1\"\nfamily = \"both\"", `source is ::1, but family is "both": one address cannot reach both`},
		"source of address":   {one + `source = "::1"`, `urls: "127.0.0.1": is an IPv4 address, but the family or the source asks for the other`},
		"two sources":         {one + "source = \"127.0.0.1\"\ninterface = \"127.0.0.2\"", `source is "127.0.0.1", and interface is the address "127.0.0.2": set one of them`},
		"any source, weak":    {one + "any_source = true\nsize = 8", `size 8: replies from any source are told by a token, which needs 16 bytes`},
		"percentile":          {one + `percentiles = [50, 101]`, `percentiles: 101: must be 0 to 100`},
		"negative bucket":     {one + `histogram = [0.0, 1.0]`, `histogram: 0: must be more than 0 milliseconds`},
		"buckets descend":     {one + `histogram = [10, 5]`, `histogram: 5 follows 10: the bounds must ascend`},
		"equal buckets":       {one + `histogram = [5, 5]`, `histogram: 5 follows 5: the bounds must ascend`},
		"endless bucket":      {one + `histogram = [1e300]`, `is more milliseconds than there can be`},
		"shard":               {one + `shard = "0/5"`, `shard is "0/5": it must be a number of agents up to 1000 and which of them this is, as in "2/5"`},
		"shard beyond":        {one + `shard = "6/5"`, `shard is "6/5"`},
		"shard of too many":   {one + `shard = "1/1001"`, `shard is "1/1001"`},
		"half a shard":        {one + `shard = "1"`, `shard is "1"`},
		"no shard":            {one + `shard = "a/b"`, `shard is "a/b"`},
		"no url":              {"[[inputs.rawping.target]]\nname = \"a\"", `target 1: url is missing, as in url = "127.0.0.1"`},
		"target's interval":   {table(`ping_interval = "0s"`), `target 1: "127.0.0.1": ping_interval is 0s: it must be more than 0, as in "1s"`},
		"target's host":       {one + "[[inputs.rawping.target]]\nurl = \"two words\"", `target 1: "two words": ' ' is in no host name`},
		"target's family":     {table(`family = "ipv6"`), `target 1: "127.0.0.1": is an IPv4 address, but the family or the source asks for the other`},
		"target like an url":  {one + table(``), `target 1: "127.0.0.1" is there twice with equal tags, and one would overwrite the other`},
		"equal tags":          {table("name = \"a\"\n") + table("tags = {name = \"a\"}"), `target 2: "127.0.0.1" name="a" is there twice with equal tags, and one would overwrite the other`},
		"two names":           {table("name = \"a\"\ntags = {name = \"b\"}"), `target 1: "127.0.0.1": there is a name, and a tag "name"`},
		"own tag":             {table("tags = {url = \"b\"}"), `target 1: "127.0.0.1": tag "url" is the plugin's own`},
		"own tag ip":          {table("tags = {ip = \"b\"}"), `tag "ip" is the plugin's own`},
		"own tag le":          {table("tags = {le = \"b\"}"), `tag "le" is the plugin's own`},
		"empty tag":           {table("tags = {site = \"\"}"), `target 1: "127.0.0.1": tag "site" is empty`},
		"backslash at end":    {table("tags = {site = 'a\\'}"), `target 1: "127.0.0.1": tag "site" has the value "a\\": neither may end in a backslash, which line protocol cannot say`},
		"control character":   {table("tags = {site = \"a\\nb\"}"), `target 1: "127.0.0.1": tag "site" has a control character in it`},
		"no file":             {`targets_file = ["` + missing + `"]`, missing},
		"no pattern":          {`targets_file = ["a["]`, `targets_file: "a[" is neither a file nor a pattern of files`},
		"empty file name":     {`targets_file = [""]`, `targets_file: "" is neither a file nor a pattern of files`},
	} {
		t.Run(name, func(t *testing.T) {
			_, logged, err := initialized(t, c.settings)
			require.ErrorContains(t, err, c.want)
			requireOneLine(t, err)
			require.Empty(t, logged)
		})
	}
	if runtime.GOOS == "linux" {
		for _, device := range []string{"sixteen-letters-", "eth 0", "eth0:1", "../eth0"} {
			_, _, err := initialized(t, one+`interface = "`+device+`"`)
			require.EqualError(t, err, `interface is "`+device+`": it must be the name of a network interface, as in "eth0", or an address of this host`)
		}
	}
}

func TestInitRefusesAnyURL(t *testing.T) {
	for _, url := range []string{"", " ", "\\t", "two words", "a..b", "-", "host/8", "300.1.2.3", "a\\nb", strings.Repeat("a", 300), "1"} {
		_, _, err := initialized(t, `urls = ["`+url+`"]`)
		require.ErrorContains(t, err, "urls: ", url)
		requireOneLine(t, err)
	}
}

// What targets set for themselves stands in the place of what all have.
func TestSettings(t *testing.T) {
	p, logged, err := initialized(t, `
  urls = ["127.0.0.1", "a.example"]
  ping_interval = "2s"
  timeout = 3
  size = "100B"
  ttl = 7
  dscp = 46
  dont_fragment = true
  fwmark = 8
  interface = "127.0.0.9"
  resolve = "all"
  any_source = true
  accept_truncated = true
  [[inputs.rawping.target]]
    url = "::1"
    source = "::1"
    dscp = 0
    dont_fragment = false
  [[inputs.rawping.target]]
    url = "b.example"
    interface = "eth0"
    source = ""
    family = "both"
    resolve = "first"
    ping_interval = 0.5
  [[inputs.rawping.target]]
    url = "c.example"
    interface = "eth0"
    source = ""
    family = "both"
    resolve = "first"
    ping_interval = "500ms"
`)
	require.NoError(t, err)
	require.Empty(t, logged)
	general := settings{
		interval: 2 * time.Second, timeout: 3 * time.Second, size: 100, hops: 7, trafficClass: 46 << 2, mark: 8,
		source: addr("127.0.0.9"), family: "any", all: true, dontFragment: true, anySource: true, acceptTruncated: true,
	}
	require.Equal(t, general, p.plan.general)
	own := general
	own.source, own.trafficClass, own.dontFragment = addr("::1"), 0, false
	require.Equal(t, own, *p.plan.fixed[2].how)
	own = general
	own.source, own.device, own.family, own.all, own.interval = addr(""), "eth0", "both", false, 500*time.Millisecond
	require.Equal(t, own, *p.plan.fixed[3].how)
	require.Same(t, &p.plan.general, p.plan.fixed[0].how)
	require.Same(t, p.plan.fixed[3].how, p.plan.fixed[4].how, "what is alike is there once")

	d, err := p.Demand()
	require.NoError(t, err)
	require.Equal(t, Demand{Targets: 5, Names: 3, IPv4: 1, IPv6: 1, Rows: 7, Rate: 3*0.5 + 4*2, Marks: []uint32{8}}, d)

	target := p.plan.general.target(addr("127.0.0.1"), nil)
	require.NoError(t, target.Check(false))
	require.True(t, target.AllowBroadcast)
	require.Equal(t, addr("127.0.0.9"), target.Source)
}

// The family that names are looked up in follows from the options of inputs.ping
// and from the source, too.
func TestFamily(t *testing.T) {
	for settings, want := range map[string]string{
		``:                                "ip",
		`ipv4 = true`:                     "ip4",
		`ipv6 = true`:                     "ip6",
		"ipv4 = true\nipv6 = true":        "ip",
		`family = "ipv4"`:                 "ip4",
		`family = "ipv6"`:                 "ip6",
		`family = "both"`:                 "ip4 ip6",
		`source = "127.0.0.1"`:            "ip4",
		`interface = "::1"`:               "ip6",
		"ipv6 = true\ninterface = \"lo\"": "ip6",
	} {
		p, _, err := initialized(t, "urls = [\"a.example\"]\n"+settings)
		require.NoError(t, err)
		require.Equal(t, want, asked(t, p), settings)
	}
}

// What of inputs.ping has no meaning is accepted, and noted once.
func TestIdleOptions(t *testing.T) {
	_, logged, err := initialized(t, one+"method = \"exec\"\nbinary = \"ping\"\narguments = [\"-c\", \"3\"]\nprivileged = false\ndeadline = \"5s\"")
	require.NoError(t, err)
	require.Equal(t, []string{"I! Without effect here: method, binary, arguments, privileged, deadline without count"}, logged)
	_, logged, err = initialized(t, one+"deadline = \"5s\"\ncount = 3")
	require.NoError(t, err)
	require.Empty(t, logged)
}

// More metrics in an interval than an output keeps by default.
func TestBufferLimit(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hosts")
	var hosts strings.Builder
	for a := range 40 {
		for b := range 250 {
			hosts.WriteString("127.0." + number(a).String() + "." + number(b+1).String() + "\n")
		}
	}
	settings := "ping_interval = \"10s\"\ntargets_file = [\"" + file + "\"]\n"
	require.NoError(t, os.WriteFile(file, []byte(hosts.String()), 0o600))
	_, logged, err := initialized(t, settings)
	require.NoError(t, err)
	require.Empty(t, logged)
	require.NoError(t, os.WriteFile(file, []byte(hosts.String()+"::1\n"), 0o600))
	_, logged, err = initialized(t, settings)
	require.NoError(t, err)
	require.Equal(t, []string{"W! 10001 targets make 10001 metrics per interval: see that metric_buffer_limit of the agent, 10000 by default, is above that, or metrics are lost"}, logged)
	_, logged, err = initialized(t, settings+"shard = \"1/2\"")
	require.NoError(t, err)
	require.Empty(t, logged)
	_, logged, err = initialized(t, settings+"shard = \"1/2\"\nhistogram = [1, 2]")
	require.NoError(t, err)
	require.Len(t, logged, 1)
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
		"fwmark is negative":     {`fwmark = -1`, "-1"},
		"fwmark is too large":    {`fwmark = 5000000000`, "5000000000"},
		"ttl is a float":         {`ttl = 1.5`, "TTL"},
		"percentile is a word":   {`percentiles = ["median"]`, "median"},
		"mixed percentiles":      {`percentiles = [50, 99.9]`, "Percentiles"},
		"a file, not a list":     {`targets_file = "hosts"`, "TargetsFile"},
		"tags are a list":        {"[[inputs.rawping.target]]\ntags = [\"a\"]", "Tags"},
		"unknown key":            {"urls = [\"127.0.0.1\"]\n  ping_intervall = \"1s\"", "ping_intervall"},
		"unknown key of target":  {"[[inputs.rawping.target]]\nurl = \"127.0.0.1\"\ncount = 3", "count"},
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
