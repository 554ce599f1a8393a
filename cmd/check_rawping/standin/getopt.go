package standin

import (
	"errors"
	"fmt"
	"strings"
)

// optionTable says which options a plugin has, as it tells getopt_long(3).
type optionTable struct {
	short string // letters; a colon after one that takes a value
	long  []longOption

	operandsEnd bool // the first operand ends the options (POSIX); otherwise they may stand anywhere
	lenient     bool // "--" and unknown letters are passed over; operands too, if a value is missing
}

// longOption is another way to write a short one.
type longOption struct {
	name string
	as   byte
}

// given is an option as it was met.
type given struct {
	option byte
	value  string
}

// read returns the options in order, and what is left. With an error, which is of
// one line, it returns those that stand before what is wrong.
func (t *optionTable) read(args []string) (options []given, operands []string, err error) {
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "--" && t.lenient:
		case arg == "--":
			return options, append(operands, args...), nil
		case strings.HasPrefix(arg, "--"):
			var g given
			if g, args, err = t.readLong(arg, args); err != nil {
				return options, nil, err
			}
			options = append(options, g)
		case len(arg) > 1 && arg[0] == '-':
			var gs []given
			gs, args, err = t.readShort(arg, args)
			options = append(options, gs...)
			switch {
			case errors.Is(err, errNoValue) && t.lenient:
				return options, nil, nil
			case err != nil:
				return options, nil, err
			}
		case t.operandsEnd:
			return options, append([]string{arg}, args...), nil
		default:
			operands = append(operands, arg)
		}
	}
	return options, operands, nil
}

// readLong reads --name, --name=value or --name value. A name may be cut short as
// long as it is clear what is meant.
func (t *optionTable) readLong(arg string, rest []string) (given, []string, error) {
	name, value, attached := strings.Cut(arg[2:], "=")
	option, err := t.find(name)
	if err != nil {
		return given{}, nil, err
	}
	switch _, takes := t.takes(option); {
	case !takes && attached:
		return given{}, nil, fmt.Errorf("option --%s takes no value", name)
	case !takes || attached:
	case len(rest) == 0:
		return given{}, nil, fmt.Errorf("option --%s has no value", name)
	default:
		value, rest = rest[0], rest[1:]
	}
	return given{option, value}, rest, nil
}

// find returns the letter of a long option.
func (t *optionTable) find(name string) (byte, error) {
	var found longOption
	for _, o := range t.long {
		switch {
		case o.name == name:
			return o.as, nil
		case !strings.HasPrefix(o.name, name):
		case found.name != "" && found.as != o.as:
			return 0, fmt.Errorf("option --%s can mean --%s and --%s", name, found.name, o.name)
		default:
			found = o
		}
	}
	if found.name == "" {
		return 0, fmt.Errorf("option --%s is unknown", name)
	}
	return found.as, nil
}

var errNoValue = errors.New("has no value")

// readShort reads letters that stand together, the last of which may have its
// value attached or behind it.
func (t *optionTable) readShort(arg string, rest []string) (options []given, after []string, err error) {
	for i := 1; i < len(arg); i++ {
		known, takes := t.takes(arg[i])
		switch {
		case !known && t.lenient:
		case !known:
			return options, rest, fmt.Errorf("option -%c is unknown", arg[i])
		case !takes:
			options = append(options, given{option: arg[i]})
		case i+1 < len(arg):
			return append(options, given{arg[i], arg[i+1:]}), rest, nil
		case len(rest) > 0:
			return append(options, given{arg[i], rest[0]}), rest[1:], nil
		default:
			return options, rest, fmt.Errorf("option -%c %w", arg[i], errNoValue)
		}
	}
	return options, rest, nil
}

// takes reports whether there is an option with a letter, and whether it takes a
// value.
func (t *optionTable) takes(letter byte) (known, value bool) {
	i := strings.IndexByte(t.short, letter)
	if i < 0 || letter == ':' {
		return false, false
	}
	return true, i+1 < len(t.short) && t.short[i+1] == ':'
}
