// Package bundles takes command lines as getopt(3) does where go-flags does not.
package bundles

import (
	"strings"

	"github.com/jessevdk/go-flags"
)

// Part parts what getopt takes for options without a value with one more
// behind them, such as -vvn1 or -4H host: go-flags takes a value only behind an
// option that stands alone. Everything else is left to it, mistakes too.
func Part(p *flags.Parser, args []string) []string {
	parted := make([]string, 0, len(args))
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--":
			return append(parted, args[i:]...)
		case strings.HasPrefix(arg, "--"):
			name, _, attached := strings.Cut(arg[2:], "=")
			option := p.FindOptionByLongName(name)
			parted = append(parted, arg)
			if option == nil || attached || !takesValue(option) {
				continue
			}
		case len(arg) > 1 && arg[0] == '-':
			words, open := partBundle(p, arg[1:])
			parted = append(parted, words...)
			if !open {
				continue
			}
		default:
			parted = append(parted, arg)
			continue
		}
		if i++; i < len(args) { // the value, whatever it looks like
			parted = append(parted, args[i])
		}
	}
	return parted
}

// partBundle parts what stands behind a hyphen. open says that the value of the
// last option is yet to come.
func partBundle(p *flags.Parser, letters string) (words []string, open bool) {
	rest := letters
	for rest != "" {
		option := p.FindOptionByShortName(rune(rest[0]))
		switch {
		case option == nil:
			return []string{"-" + letters}, false
		case !takesValue(option) && strings.HasPrefix(rest[1:], "="):
			return append(words, "-"+rest), false
		case takesValue(option):
			return append(words, "-"+rest), len(rest) == 1
		}
		words = append(words, "-"+rest[:1])
		rest = rest[1:]
	}
	return words, false
}

func takesValue(option *flags.Option) bool {
	switch option.Value().(type) {
	case bool, []bool:
		return false
	}
	return !option.OptionalArgument
}
