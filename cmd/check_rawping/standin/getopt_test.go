package standin

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestGetopt(t *testing.T) {
	permuting := optionTable{
		short: "vhw:n:H:",
		long:  []longOption{{"verbose", 'v'}, {"version", 'V'}, {"warning", 'w'}, {"number", 'n'}, {"packets", 'n'}, {"packets-too", 'n'}, {"help", 'h'}},
	}
	ending, lenient := permuting, permuting
	ending.operandsEnd, lenient.lenient = true, true
	for _, c := range []struct {
		table    optionTable
		args     []string
		options  string
		operands []string
		err      string
	}{
		{permuting, nil, "", nil, ""},
		{permuting, []string{"a", "-v", "b", "-n", "3", "c"}, "v= n=3", []string{"a", "b", "c"}, ""},
		{permuting, []string{"-vn3", "-w10,5%", "-vv"}, "v= n=3 w=10,5% v= v=", nil, ""},
		{permuting, []string{"-n", "-3"}, "n=-3", nil, ""},
		{permuting, []string{"-n", "--", "-v", "--", "-v"}, "n=-- v=", []string{"-v"}, ""},
		{permuting, []string{"-", ""}, "", []string{"-", ""}, ""},
		{permuting, []string{"--warning=1,2%", "--num", "4", "--verb"}, "w=1,2% n=4 v=", nil, ""},
		{permuting, []string{"--warning="}, "w=", nil, ""},
		{permuting, []string{"--pack=1"}, "n=1", nil, ""},
		{permuting, []string{"-v", "--ver"}, "v=", nil, "option --ver can mean --verbose and --version"},
		{permuting, []string{"--verbose=3"}, "", nil, "option --verbose takes no value"},
		{permuting, []string{"--number"}, "", nil, "option --number has no value"},
		{permuting, []string{"--nope=1"}, "", nil, "option --nope is unknown"},
		{permuting, []string{"-vZv"}, "v=", nil, "option -Z is unknown"},
		{permuting, []string{"-:"}, "", nil, "option -: is unknown"},
		{permuting, []string{"-vn"}, "v=", nil, "option -n has no value"},
		{ending, []string{"-v", "a", "-n", "3"}, "v=", []string{"a", "-n", "3"}, ""},
		{ending, []string{"-v", "--", "-n"}, "v=", []string{"-n"}, ""},
		{lenient, []string{"-Zv", "a"}, "v=", []string{"a"}, ""},
		{lenient, []string{"-v", "a", "-n"}, "v=", nil, ""},
		{lenient, []string{"a", "--", "-n", "3"}, "n=3", []string{"a"}, ""},
		{lenient, []string{"--nope"}, "", nil, "option --nope is unknown"},
	} {
		options, operands, err := c.table.read(c.args)
		text := ""
		for i, o := range options {
			if i > 0 {
				text += " "
			}
			text += fmt.Sprintf("%c=%s", o.option, o.value)
		}
		assert.Equal(t, c.options, text, "%q", c.args)
		assert.Equal(t, c.operands, operands, "%q", c.args)
		if c.err == "" {
			assert.NoError(t, err, "%q", c.args)
		} else {
			assert.EqualError(t, err, c.err, "%q", c.args)
		}
	}
}

func TestLeadingNumbers(t *testing.T) {
	for s, want := range map[string]string{
		"5": "5, true", "5x": "5x, true", " 7": "7, true", "-3": "-3, true", "+4,": "4,, true", "0x10": "16, true", "010": "8, true", "08": "08, true",
		"99999999999999999999": "9223372036854775807, true", "abc": "0abc, false", "": "0, false", "--5": "0--5, false", "1e2": "1e2, true",
	} {
		n, rest, ok := leadingInt(s, 0)
		assert.Equal(t, want, fmt.Sprintf("%d%s, %v", n, rest, ok), s)
	}
	for s, want := range map[string]string{
		"5": "5, true", "200.25ms": "200.25ms, true", ".5": "0.5, true", "5.": "5, true", "1e2,": "100,, true", "1e": "1e, true", "-3.5": "-3.5, true",
		"1.2.3": "1.2.3, true", "abc": "0abc, false", "": "0, false", ".": "0., false", "inf": "0inf, false", "0x10": "0x10, true", "1e999": "+Inf, true",
	} {
		x, rest, ok := leadingFloat(s)
		assert.Equal(t, want, fmt.Sprintf("%v%s, %v", x, rest, ok), s)
	}
	for s, want := range map[string]bool{"5": true, "": true, " 5 ": true, "-1": true, "5x": false, "1.5": false, "5000000000": false} {
		_, ok := isInteger(s)
		assert.Equal(t, want, ok, s)
	}
}
