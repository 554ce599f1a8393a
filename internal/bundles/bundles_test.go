package bundles

import (
	"strings"
	"testing"

	"github.com/jessevdk/go-flags"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPart(t *testing.T) {
	var options struct {
		Four    bool   `short:"4"`
		Verbose []bool `short:"v"`
		Count   string `short:"c" long:"count"`
		Extra   string `long:"extra" optional:"true" optional-value:""`
	}
	p := flags.NewParser(&options, flags.PassDoubleDash)
	for args, want := range map[string]string{
		"-4vc3 h":       "-4 -v -c3 h",
		"-vvc 3 h":      "-v -v -c 3 h",
		"-c -4v h":      "-c -4v h", // a value, whatever it looks like
		"-vc -4v h":     "-v -c -4v h",
		"--count -4v h": "--count -4v h",
		"--count=3 -4v": "--count=3 -4 -v",
		"--extra -4v":   "--extra -4 -v",
		"-c4v":          "-c4v",
		"-4c":           "-4 -c",
		"-4=v":          "-4=v",
		"-4z":           "-4z", // for go-flags to complain of
		"--nope -4v":    "--nope -4 -v",
		"- -- -4v":      "- -- -4v",
	} {
		parted := Part(p, strings.Fields(args))
		assert.Equal(t, want, strings.Join(parted, " "), args)
	}
	rest, err := p.ParseArgs(Part(p, []string{"-4vvc3", "h"}))
	require.NoError(t, err)
	assert.Equal(t, []string{"h"}, rest)
	assert.Equal(t, "3", options.Count)
	assert.Len(t, options.Verbose, 2)
}
