package main

import (
	"errors"
	"regexp"
	"strings"

	"github.com/rawping/rawping/plugins/inputs/rawping"
)

// decoderError is the form of what the decoder says of a setting: the line, the key
// and what is wrong.
var decoderError = regexp.MustCompile(`^toml: (?:line (\d+) )?\(last key "(.+?)"\): (.*)$`)

// mistake makes one line of a decoder's error: where it is, what stands there and,
// as the sample configuration has it, what would be right.
func mistake(err error, text string) error {
	said := strings.Join(strings.Fields(err.Error()), " ")
	parts := decoderError.FindStringSubmatch(said)
	if parts == nil {
		return errors.New(said)
	}
	line, path, wrong := parts[1], parts[2], parts[3]
	key := path[strings.LastIndexByte(path, '.')+1:]
	what := path
	switch found := settings(text, key, " \t"); {
	case len(found) == 1:
		what = brief(found[0])
	case len(found) > 1:
		line = "" // the decoder's is that of the last one, whichever is wrong
	}
	if line != "" {
		what = "line " + line + ": " + what
	}
	return errors.New(what + ": " + wrong + right(path, key))
}

// right says how the sample configuration has a setting, or a table.
func right(path, key string) string {
	sample := (*rawping.RawPing)(nil).SampleConfig()
	if table := "[[" + path + "]]"; strings.Contains(sample, table) {
		return "; want it as in " + table
	}
	if found := settings(sample, key, "# \t"); len(found) > 0 {
		return "; want it as in " + found[0]
	}
	return ""
}

// settings returns the lines of a text that set a key, in order, without what of
// margin they begin with.
func settings(text, key, margin string) (lines []string) {
	for line := range strings.Lines(text) {
		line = strings.TrimPrefix(strings.TrimLeft(line, margin), "example: ")
		if name, _, ok := strings.Cut(line, "="); ok && strings.TrimSpace(name) == key {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// brief is the beginning of a line that may be long.
func brief(line string) string {
	const most = 64
	if len(line) > most {
		return line[:most] + "..."
	}
	return line
}
