package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/rawping/rawping/internal/check"
)

// panicking panics at the first write and keeps what comes after.
type panicking struct {
	tried bool
	text  string
}

func (p *panicking) Write(b []byte) (int, error) {
	if !p.tried {
		p.tried = true
		panic("no\nway")
	}
	p.text += string(b)
	return len(b), nil
}

func TestPanicIsOneLine(t *testing.T) {
	var out panicking
	assert.Equal(t, 3, run([]string{"check_rawping", "-V"}, &out))
	assert.Equal(t, "UNKNOWN - internal error, please report it: no way\n", out.text)

	out = panicking{}
	assert.Equal(t, 3, run([]string{"check_rawping", "-V", "--output", "json"}, &out))
	assert.JSONEq(t, `{"state": "UNKNOWN", "exit_code": 3, "text": "UNKNOWN - internal error, please report it: no way",
		"error": "internal error, please report it: no\nway"}`, out.text)
}

// A personality that takes no option and says what it was given.
func TestChoose(t *testing.T) {
	for _, c := range []struct {
		argv []string
		rest []string
		err  string
	}{
		{argv: nil},
		{argv: []string{"/usr/lib/nagios/plugins/check_rawping", "-H", "a"}, rest: []string{"-H", "a"}},
		{argv: []string{"anything", "-H", "a"}, rest: []string{"-H", "a"}},
		{argv: []string{"anything", "--personality", "check_rawping", "-H", "a"}, rest: []string{"-H", "a"}},
		{argv: []string{"anything", "-H", "a", "--personality=check_rawping"}, rest: []string{"-H", "a"}},
		{argv: []string{"anything", "--", "--personality=a"}, rest: []string{"--", "--personality=a"}},
		{argv: []string{"anything", "--personality"}, err: `option --personality has no value; want a plugin's name, such as check_icmp`},
		{argv: []string{"anything", "--personality=a"}, err: `option --personality: "a" is unknown; want one of check_rawping`},
	} {
		personality, rest, err := choose(c.argv)
		if c.err != "" {
			assert.ErrorContains(t, err, c.err, "%q", c.argv)
			continue
		}
		assert.NoError(t, err, "%q", c.argv)
		assert.Equal(t, c.rest, append([]string(nil), rest...), "%q", c.argv)
		assert.IsType(t, check.Personality(nil), personality)
	}
}
