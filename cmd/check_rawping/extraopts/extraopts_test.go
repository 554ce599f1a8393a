package extraopts

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const example = `
# a comment
; another
[ check_icmp ]
critical = 500,60%
w=100,20%
  early-exit =
H = 192.0.2.1 # no comment here
packets = 3
packets = 4
v=
[other]
no equals sign here
[empty]
`

func TestParse(t *testing.T) {
	options, err := Parse(example, "check_icmp")
	require.NoError(t, err)
	assert.Equal(t, []string{
		"--critical=500,60%", "-w", "100,20%", "--early-exit", "-H", "192.0.2.1 # no comment here", "--packets=3", "--packets=4", "-v",
	}, options)
	options, err = Parse(example, "empty")
	require.NoError(t, err)
	assert.Empty(t, options)
	options, err = Parse("[a]\r\nn = 1\r\n[b]\n[a]\nn=2", "a")
	require.NoError(t, err)
	assert.Equal(t, []string{"-n", "1", "-n", "2"}, options, "a section may be there twice")

	for text, want := range map[string]string{
		example + "[x":                `line 15: a section's name has no end; want [NAME]`,
		"n=1\n[a]":                    `line 1: an option stands before the first section; want [NAME] first`,
		"[a]\nflag":                   `line 2: "flag" has no value; want OPTION = VALUE, or flag= for an option without a value`,
		"[a]\n=1":                     `line 2: "=1" is no option; want its name without hyphens, such as critical`,
		"[a]\n--n=1":                  `line 2: "--n=1" is no option; want its name without hyphens, such as critical`,
		"[a]\nn n=1":                  `line 2: "n n=1" is no option; want its name without hyphens, such as critical`,
		"[a]\nextra-opts=b@/x":        `line 2: --extra-opts stands only on the command line`,
		"[a]\npersonality=check_icmp": `line 2: --personality stands only on the command line`,
		"[b]\nn=1":                    `there is no section "a", but ["b"]; want one that there is`,
		"":                            `there is no section "a", but []; want one that there is`,
	} {
		_, err := Parse(text, "a")
		assert.EqualError(t, err, want, "%q", text)
	}
}

func TestExpand(t *testing.T) {
	dir := t.TempDir()
	file, def := filepath.Join(dir, "my.ini"), filepath.Join(dir, "plugins.ini")
	require.NoError(t, os.WriteFile(file, []byte("[check_x]\nn=1\n[s]\nn=2\n"), 0o600))
	require.NoError(t, os.WriteFile(def, []byte("[check_x]\nn=3\n[s]\nn=4\n"), 0o600))
	t.Setenv("MP_CONFIG_FILE", "")
	t.Setenv("NAGIOS_CONFIG_PATH", ":/nosuchdir:"+dir)
	for _, c := range []struct{ args, want string }{
		{"-H a", "-H a"},
		{"-H a --extra-opts=@" + file + " -x", "-n 1 -H a -x"},
		{"-H a --extra-opts=s@" + file, "-n 2 -H a"},
		{"-H a --extra-opts s@" + file + " b", "-n 2 -H a b"},
		{"-H a --extra-opts", "-n 3 -H a"},
		{"--extra-opts -H a", "-n 3 -H a"},
		{"--extra-opts=s -H a", "-n 4 -H a"},
		{"--extra-opts=s --extra-opts=@" + file + " -H a", "-n 4 -n 1 -H a"},
		{"-H a -- --extra-opts", "-H a -- --extra-opts"},
	} {
		got, err := Expand(t.Context(), strings.Fields(c.args), "check_x")
		require.NoError(t, err, c.args)
		assert.Equal(t, c.want, strings.Join(got, " "), c.args)
	}
	t.Setenv("MP_CONFIG_FILE", file)
	got, err := Expand(t.Context(), []string{"--extra-opts"}, "check_x")
	require.NoError(t, err)
	assert.Equal(t, []string{"-n", "1"}, got, "the file that is named comes first")

	_, err = Expand(t.Context(), []string{"--extra-opts=zz@" + file}, "check_x")
	assert.EqualError(t, err, `option --extra-opts: `+file+`: there is no section "zz", but ["check_x" "s"]; want one that there is`)
	require.NoError(t, os.WriteFile(file, make([]byte, 1<<20+1), 0o600))
	_, err = Expand(t.Context(), []string{"--extra-opts=zz@" + file}, "check_x")
	assert.EqualError(t, err, `option --extra-opts: `+file+` is longer than 1 MiB; want an ini file`)
}

// FuzzParse: a section is refused in one line, or gives arguments that are options.
func FuzzParse(f *testing.F) {
	f.Add(example, "check_icmp")
	f.Add("[a]\nn=1\r\n", "a")
	f.Add("[]\n=\n", "")
	f.Fuzz(func(t *testing.T, text, section string) {
		options, err := Parse(text, section)
		if err != nil {
			assert.NotContains(t, err.Error(), "\n")
			return
		}
		for _, o := range options {
			assert.NotContains(t, o, "\n")
			assert.NotEqual(t, "--", o)
		}
	})
}
