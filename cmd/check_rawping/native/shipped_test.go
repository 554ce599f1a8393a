package native

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/jessevdk/go-flags"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What is made from the option table is written anew by: make shipped
var update = flag.Bool("update", false, "write the man page and the completions as the option table has them now")

// TestShipped holds the man page and the shells' completions to the option table.
func TestShipped(t *testing.T) {
	table := optionTable(t)
	for file, text := range map[string]string{
		"docs/man/check_rawping.1":              manPage(table),
		"contrib/completion/check_rawping.bash": bashCompletion(table),
		"contrib/completion/check_rawping.fish": fishCompletion(table),
		"contrib/completion/check_rawping.zsh":  zshCompletion(table),
	} {
		path := filepath.Join("..", "..", "..", file)
		if *update {
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
			require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		}
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, text, string(got), "%s is not as the option table has it: run make shipped, and read what changed", file)
	}
}

// TestDocumented: docs/check.md names every option, every metric and every field
// of the JSON.
func TestDocumented(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "check.md"))
	require.NoError(t, err)
	text := string(doc)
	for _, group := range optionTable(t) {
		for _, o := range group.Options() {
			assert.Contains(t, text, "`--"+o.LongName, "docs/check.md lacks an option")
			if o.ShortName != 0 {
				assert.Contains(t, text, "`-"+string(o.ShortName), "docs/check.md lacks an option")
			}
		}
	}
	for name := range strings.SplitSeq(figureNames, ", ") {
		name, _, _ = strings.Cut(name, " ")
		assert.Contains(t, text, "`"+name+"`", "docs/check.md lacks a metric")
	}
	for _, name := range jsonFields() {
		assert.Contains(t, text, "`"+name+"`", "docs/check.md lacks a field of the JSON")
	}
}

func optionTable(t *testing.T) []*flags.Group {
	t.Helper()
	parser, err := (&options{}).parser()
	require.NoError(t, err)
	return parser.Groups()
}

// roff writes a text so that nothing in it is a command of roff(7).
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`).Replace(s)
	if strings.HasPrefix(s, ".") {
		s = `\&` + s
	}
	return s
}

func manPage(table []*flags.Group) string {
	var b strings.Builder
	fmt.Fprint(&b, `.\" Made from the option table by make shipped.
.TH CHECK_RAWPING 1 "" rawping "Monitoring plugins"
.SH NAME
check_rawping \- check hosts by ICMP echo, for Nagios, Icinga and scripts
.SH SYNOPSIS
.B check_rawping
.RI [ OPTIONS ]
.IR HOST ...
.SH DESCRIPTION
Sends ICMP echo requests to hosts and judges what comes back by thresholds: one
status line with performance data, and an exit code, as the monitoring systems
that run Nagios plugins want it.
.PP
A reply counts only with our identifier, number and secret token, an intact payload
and the right source. Only silence from the network is loss: what could not be sent,
ICMP errors, late, corrupt and foreign replies have words of their own in the lines
below the status line.
.PP
Called by the name of check_icmp, check_host, check_rta_multi, check_ping or
check_fping, or with
.BR \-\-personality ,
it takes that plugin's options and writes that plugin's output.
.SH OPTIONS
`)
	for _, group := range table {
		if len(group.Options()) == 0 {
			continue
		}
		fmt.Fprintf(&b, ".SS %s\n", roff(group.ShortDescription))
		for _, o := range group.Options() {
			fmt.Fprintf(&b, ".TP\n%s\n%s\n", manName(o), roff(manText(o)))
		}
	}
	fmt.Fprintf(&b, `.SH VALUES
RTA and TIME take us, ms or s, such as 250us, 0.25ms or 3s. A bare number is
milliseconds, for
.B \-t
seconds. The thresholds of
.BR \-w ,
.B \-c
and the modes
.RB ( "\-R \-P \-J \-M \-S \-O" )
are met by what is equal to them. With any mode only what the modes name is judged,
and
.B \-w
and
.B \-c
if they are given.
.PP
A METRIC is one of %s. Its WARN and CRIT are ranges as the Monitoring Plugins
have them, either of which may be empty: 10 alerts outside 0 to 10, 10: below 10, ~:10
above 10, 10:20 outside 10 to 20, @10:20 inside.
.SH EXIT STATUS
0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN: bad options, a fault of this host, a name that
does not resolve, or a run that was stopped by a signal.
.SH ENVIRONMENT
.TP
.B MP_CONFIG_FILE
The ini file for
.BR \-\-extra\-opts .
.TP
.B NAGIOS_CONFIG_PATH
Directories, parted by colons, in which plugins.ini or nagios\-plugins.ini is looked for.
.SH RIGHTS
Needs the capability CAP_NET_RAW, or a group that net.ipv4.ping_group_range names:
.PP
.EX
setcap cap_net_raw+p /usr/local/lib/nagios/plugins/check_rawping
sysctl net.ipv4.ping_group_range="0 2147483647"
.EE
.SH EXAMPLES
.EX
check_rawping \-H 192.0.2.1 \-w 100,20%% \-c 500,60%%
check_rawping \-\-hosts\-file hosts \-m 3 \-\-threshold \(aqp95=~:50ms,~:0.2s\(aq
check_rawping \-H 192.0.2.1 \-\-quiet \-\-state\-file state \-\-on\-change \-\-remind 6h
.EE
.SH SEE ALSO
.BR ping (8)
`, roff(figureNames))
	return b.String()
}

func manName(o *flags.Option) string {
	name := `\fB\-\-` + roff(o.LongName) + `\fR`
	switch value := roff(o.ValueName); {
	case value != "" && o.OptionalArgument:
		name += `[=\fI` + value + `\fR]`
	case value != "":
		name += `=\fI` + value + `\fR`
	}
	if o.ShortName != 0 {
		name = `\fB\-` + string(o.ShortName) + `\fR, ` + name
	}
	return name
}

func manText(o *flags.Option) string {
	text := o.Description
	if len(o.Default) > 0 {
		text += " (default: " + strings.Join(o.Default, ", ") + ")"
	}
	return text
}

func names(o *flags.Option) []string {
	list := []string{"--" + o.LongName}
	if o.ShortName != 0 {
		list = append([]string{"-" + string(o.ShortName)}, list...)
	}
	return list
}

// metricNames are those that a threshold can be begun with.
func metricNames() string {
	var list []string
	for name := range strings.SplitSeq(figureNames, ", ") {
		if name == "pNN (p95)" {
			name = "p95"
		}
		list = append(list, name+"=")
	}
	return strings.Join(list, " ")
}

// worth is what can stand for an option's value.
type worth uint8

const (
	noValue worth = iota
	anyValue
	aHost
	aFile
	aMetric // that a threshold is begun with
	aWord   // one of a few
)

// worthOf returns what an option's value can be, and the words that it can be begun
// with, if there are some.
func worthOf(o *flags.Option) (worth, string) {
	few := o.Field().Tag.Get("values")
	switch {
	case o.ValueName == "" || o.OptionalArgument:
		return noValue, ""
	case o.LongName == "hostname":
		return aHost, ""
	case o.LongName == "threshold":
		return aMetric, metricNames()
	case o.ValueName == "FILE":
		return aFile, ""
	case few != "":
		return aWord, few
	}
	return anyValue, ""
}

func bashCompletion(table []*flags.Group) string {
	var all, plain, files []string
	var cases strings.Builder
	for _, group := range table {
		for _, o := range group.Options() {
			all = append(all, names(o)...)
			pattern := "\t" + strings.Join(names(o), " | ") + ") "
			switch worth, words := worthOf(o); worth {
			case noValue:
			case anyValue:
				plain = append(plain, names(o)...)
			case aFile:
				files = append(files, names(o)...)
			case aHost:
				cases.WriteString(pattern + "from=(-A hostname) ;;\n")
			case aMetric:
				cases.WriteString(pattern + "from=(-W '" + words + "'); compopt -o nospace 2>/dev/null || : ;;\n")
			case aWord:
				cases.WriteString(pattern + "from=(-W '" + words + "') ;;\n")
			}
		}
	}
	return `# Completion of check_rawping(1) for bash. Made from the option table by make shipped.

_check_rawping() {
	local current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} from=(-A hostname)
	# --option=value comes as three words.
	if [[ $current == = ]]; then
		current=
	elif [[ $option == = ]]; then
		option=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	if [[ $current == -* ]]; then
		from=(-W '` + strings.Join(all, " ") + `')
	fi
	case $option in
` + cases.String() + "\t" + strings.Join(files, " | ") + ") from=(-f) ;;\n\t" + strings.Join(plain, " | ") + `) from=(-W '') ;;
	esac
	mapfile -t COMPREPLY < <(compgen "${from[@]}" -- "$current")
}

complete -F _check_rawping check_rawping
`
}

func fishCompletion(table []*flags.Group) string {
	var b strings.Builder
	b.WriteString("# Completion of check_rawping(1) for fish. Made from the option table by make shipped.\n\n")
	b.WriteString("complete -c check_rawping -f -a '(__fish_print_hostnames)'\n")
	quoted := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	for _, group := range table {
		for _, o := range group.Options() {
			line := "complete -c check_rawping"
			if o.ShortName != 0 {
				line += " -s " + string(o.ShortName)
			}
			line += " -l " + o.LongName
			switch worth, words := worthOf(o); worth {
			case noValue:
			case anyValue:
				line += " -x"
			case aHost:
				line += " -x -a '(__fish_print_hostnames)'"
			case aFile:
				line += " -r -F"
			case aMetric, aWord:
				line += " -x -a '" + words + "'"
			}
			b.WriteString(line + " -d '" + quoted.Replace(o.Description) + "'\n")
		}
	}
	return b.String()
}

func zshCompletion(table []*flags.Group) string {
	var b strings.Builder
	b.WriteString("#compdef check_rawping\n# Completion of check_rawping(1) for zsh. Made from the option table by make shipped.\n\n_arguments -s -S \\\n")
	for _, group := range table {
		for _, o := range group.Options() {
			b.WriteString("\t" + zshOption(o) + " \\\n")
		}
	}
	b.WriteString("\t'*:HOST:_hosts'\n")
	return b.String()
}

// zshOption returns an option as _arguments takes it (zshcompsys(1)).
func zshOption(o *flags.Option) string {
	worth, words := worthOf(o)
	long, short, value := "", "", ":"+o.ValueName+":"
	switch worth {
	case noValue:
		value = ""
		if o.OptionalArgument {
			long, value = "=-", "::"+o.ValueName+": "
		}
	case aHost:
		value += "_hosts"
	case aFile:
		value += "_files"
	case aMetric:
		value += `compadd -S "" - ` + words
	case aWord:
		value += "(" + words + ")"
	case anyValue:
	}
	if worth != noValue {
		long, short = "=", "+"
	}
	quoted := strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`, "'", `'\''`)
	rest := "[" + quoted.Replace(o.Description) + "]" + value + "'"
	excluded := "(" + strings.Join(names(o), " ") + ")"
	if o.Field().Type.Kind() == reflect.Slice { // it may be repeated
		excluded = "*"
	}
	if o.ShortName == 0 {
		return "'" + excluded + "--" + o.LongName + long + rest
	}
	return "'" + excluded + "'{-" + string(o.ShortName) + short + ",--" + o.LongName + long + "}'" + rest
}

// TestManPage has groff read the page, and say what it does not like.
func TestManPage(t *testing.T) {
	needTool(t, "groff")
	page := exec.Command("groff", "-man", "-Tutf8", "-ww", "-P-c", filepath.Join("..", "..", "..", "docs", "man", "check_rawping.1"))
	var said bytes.Buffer
	page.Stderr = &said
	out, err := page.Output()
	require.NoError(t, err)
	assert.Empty(t, said.String())
	overstruck := regexp.MustCompile(".\b")
	assert.Contains(t, overstruck.ReplaceAllString(string(out), ""), "--packet-timeout=TIME")
}

// TestBashCompletion asks the completion as bash does.
func TestBashCompletion(t *testing.T) {
	needTool(t, "bash")
	for _, c := range []struct{ words, want string }{
		{"--pa", "--packets --packet-timeout"},
		{"-H a --output j", "json"},
		{"-H a --output = j", "json"},
		{"-H a --output =", "nagios json influx prometheus"},
		{"--dns-failure c", "critical"},
		{"--threshold p", "p95="},
		{"--threshold jitter_", "jitter_min= jitter_max="},
		{"-w 1", ""},
		{"--remind ", ""},
		{"--state-file shipped_t", "shipped_test.go"},
		{"--hosts-file x --quiet --on", "--on-change"},
	} {
		script := `source ../../../contrib/completion/check_rawping.bash
			COMP_WORDS=(check_rawping "$@") COMP_CWORD=$#
			_check_rawping
			echo "${COMPREPLY[*]}"`
		words := strings.Split(c.words, " ")
		out, err := exec.Command("bash", append([]string{"-euc", script, "bash"}, words...)...).CombinedOutput()
		require.NoError(t, err, "%s", out)
		assert.Equal(t, c.want, strings.TrimSpace(string(out)), c.words)
	}
}

// TestFishCompletion asks fish itself.
func TestFishCompletion(t *testing.T) {
	needTool(t, "fish")
	t.Setenv("HOME", t.TempDir())
	for line, want := range map[string][]string{
		"check_rawping --pa":            {"--packet-timeout", "--packets"},
		"check_rawping --output j":      {"json"},
		"check_rawping --output=j":      {"--output=json"},
		"check_rawping --threshold ttl": {"ttl=", "ttl_changes="},
	} {
		out, err := exec.Command("fish", "--no-config", "-c", "source ../../../contrib/completion/check_rawping.fish; complete -C '"+line+"'").Output()
		require.NoError(t, err)
		var got []string
		begun := line[strings.LastIndex(line, " ")+1:]
		for l := range strings.Lines(string(out)) {
			word, _, _ := strings.Cut(strings.TrimSpace(l), "\t")
			if strings.HasPrefix(word, begun) { // fish 4 goes on to words with these letters in this order
				got = append(got, word)
			}
		}
		assert.ElementsMatch(t, want, got, line)
	}
}

// TestZshCompletion asks zsh itself, at a terminal. What compadd is given stands in
// for what it would show.
func TestZshCompletion(t *testing.T) {
	needTool(t, "zsh")
	dir := t.TempDir()
	text, err := os.ReadFile("../../../contrib/completion/check_rawping.zsh")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "_check_rawping"), text, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "setup"), []byte(`
		PS1= fpath=($1 $fpath)
		autoload -U compinit && compinit -u -d $1/dump
		compadd() {
			if [[ "${@[1,(i)(-|--)]}" == *-(O|A|D)\ * ]]; then
				builtin compadd "$@"
				return
			fi
			local -a found
			builtin compadd -A found "$@"
			print -rn -- "$found "
			builtin compadd "$@"
		}
		ask() {
			comppostfuncs=(told)
			print -rn "<"
			zle complete-word
		}
		told() { print -r ">" }
		zle -N ask
		bindkey "^I" ask
		print "set ""up"
	`), 0o600))
	const script = `
		zmodload zsh/zpty
		zpty shell zsh -f -i
		zpty -w shell "setopt no_zle_bracketed_paste; source $1/setup $1"
		zpty -r shell said "*set up*"
		zpty -n -w shell "$2"$'\t'
		zpty -r shell said "*<*>*"
		print -r -- "${${said##*<}%%>*}"
	`
	for line, want := range map[string][]string{
		"check_rawping --pa":                 {"--packets", "--packet-timeout"},
		"check_rawping -n 3 --pa":            {"--packet-timeout"},
		"check_rawping --output j":           {"json"},
		"check_rawping --output=j":           {"json"},
		"check_rawping --threshold ttl":      {"ttl=", "ttl_changes="},
		"check_rawping --hosts-file ship":    {"shipped_test.go"},
		"check_rawping --remind ":            {},
		"check_rawping a --on-change --on-c": {},
	} {
		out, err := exec.Command("zsh", "-f", "-c", script, "zsh", dir, line).CombinedOutput()
		require.NoError(t, err, "%s", out)
		assert.ElementsMatch(t, want, strings.Fields(string(out)), line)
	}
}

// needTool skips a test that cannot run here; where RAWPING_REQUIRE_ALL says that
// everything must run, it fails.
func needTool(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err == nil {
		return
	}
	if os.Getenv("RAWPING_REQUIRE_ALL") == "1" {
		t.Fatal("RAWPING_REQUIRE_ALL: needs the program " + name)
	}
	t.Skip("needs the program " + name)
}

// jsonFields returns the names of all fields of the JSON.
func jsonFields() []string {
	var all []string
	var walk func(reflect.Type)
	walk = func(t reflect.Type) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct {
			return
		}
		for field := range t.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			all = append(all, name)
			walk(field.Type)
		}
	}
	walk(reflect.TypeFor[jsonReport]())
	return all
}
