// Package extraopts reads options from ini files, as the Monitoring Plugins'
// --extra-opts=[SECTION][@FILE] does
// (https://www.monitoring-plugins.org/doc/extra-opts.html).
//
// A section's keys are options: "critical = 500,60%" stands for --critical=500,60%,
// "c = 500,60%" for -c 500,60%, and "early-exit =" for --early-exit. Lines that
// begin with # or ; are comments. Options from files go before all others.
package extraopts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/nagios"
)

const option = "--extra-opts"

// Expand returns the arguments with the options of the files in place of
// --extra-opts. section is the one to read if none is named.
func Expand(ctx context.Context, args []string, section string) ([]string, error) {
	began := time.Now()
	var extra, rest []string
	for i := 0; i < len(args); i++ {
		locator, attached := strings.CutPrefix(args[i], option+"=")
		switch {
		case args[i] == "--":
			rest = append(rest, args[i:]...)
			i = len(args)
			continue
		case attached:
		case args[i] != option:
			rest = append(rest, args[i])
			continue
		case i+1 < len(args) && !strings.HasPrefix(args[i+1], "-"): // its value stands apart
			i++
			locator = args[i]
		default:
			locator = ""
		}
		options, err := read(ctx, locator, section, patience(args)-time.Since(began))
		if err != nil {
			return nil, fmt.Errorf("option %s: %w", option, err)
		}
		extra = append(extra, options...)
	}
	if extra == nil {
		return rest, nil
	}
	return append(extra, rest...), nil
}

// defaultPatience is how long reading may take if no -t says so.
const defaultPatience = 10 * time.Second

// patience returns the deadline, in seconds, that -t or --timeout sets, whose
// options have not been read yet. Every plugin with such options has this one.
func patience(args []string) time.Duration {
	patience := defaultPatience
	for i, arg := range args {
		value, long := strings.CutPrefix(arg, "--timeout=")
		short, isShort := strings.CutPrefix(arg, "-t")
		switch {
		case arg == "--":
			return patience
		case (arg == "-t" || arg == "--timeout") && i+1 < len(args):
			value = args[i+1]
		case long:
		case isShort:
			value = short
		default:
			continue
		}
		if d, err := nagios.ParseDuration(value, time.Second); err == nil && d > 0 {
			patience = d
		}
	}
	return patience
}

// read returns the options that a locator, [SECTION][@FILE], stands for.
func read(ctx context.Context, locator, section string, patience time.Duration) ([]string, error) {
	named, file, hasFile := strings.Cut(locator, "@")
	if named != "" {
		section = named
	}
	if err := check.SameUser(); err != nil {
		return nil, err
	}
	if !hasFile {
		var err error
		if file, err = find(); err != nil {
			return nil, err
		}
	}
	const most = 1 << 20
	text, err := check.ReadInput(ctx, file, most, patience)
	if err != nil {
		return nil, fmt.Errorf("%w; want an ini file", err)
	}
	options, err := Parse(text, section)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return options, nil
}

// find returns the ini file that is used if none is named: the first that there
// is, as check_icmp 2.3 of the Monitoring Plugins looks for it.
func find() (string, error) {
	if file := os.Getenv("MP_CONFIG_FILE"); file != "" {
		return file, nil
	}
	var files []string
	for _, dir := range filepath.SplitList(os.Getenv("NAGIOS_CONFIG_PATH")) {
		if dir != "" {
			files = append(files, filepath.Join(dir, "plugins.ini"), filepath.Join(dir, "nagios-plugins.ini"))
		}
	}
	files = append(files,
		"/usr/local/etc/monitoring-plugins/monitoring-plugins.ini",
		"/usr/local/etc/monitoring-plugins.ini",
		"/etc/monitoring-plugins/monitoring-plugins.ini",
		"/etc/monitoring-plugins.ini",
		"/etc/nagios/plugins.ini",
		"/usr/local/nagios/etc/plugins.ini",
		"/usr/local/etc/nagios/plugins.ini",
		"/etc/opt/nagios/plugins.ini",
		"/etc/nagios-plugins.ini",
		"/usr/local/etc/nagios-plugins.ini",
		"/etc/opt/nagios-plugins.ini",
	)
	for _, file := range files {
		if _, err := os.Stat(file); err == nil { //nolint:gosec // G703: who calls may name any file; see check.SameUser
			return file, nil
		}
	}
	return "", errors.New("there is no monitoring-plugins.ini or plugins.ini in any standard place; want @FILE behind the section, or the file's name in MP_CONFIG_FILE")
}

// Parse returns the options of a section, in order.
func Parse(text, section string) ([]string, error) {
	var options []string
	var known []string
	inside, found := false, false
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
			continue
		case line[0] == '[':
			name, _, closed := strings.Cut(line[1:], "]")
			if !closed {
				return nil, fmt.Errorf("line %d: a section's name has no end; want [NAME]", number)
			}
			name = strings.TrimSpace(name)
			known = append(known, name)
			inside = name == section
			found = found || inside
			continue
		case len(known) == 0:
			return nil, fmt.Errorf("line %d: an option stands before the first section; want [NAME] first", number)
		case !inside:
			continue
		}
		words, err := parseOption(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		options = append(options, words...)
	}
	if !found {
		return nil, fmt.Errorf("there is no section %q, but %q; want one that there is", section, known)
	}
	return options, nil
}

// parseOption returns the arguments that KEY=VALUE stands for.
func parseOption(line string) ([]string, error) {
	key, value, ok := strings.Cut(line, "=")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	switch {
	case !ok:
		return nil, fmt.Errorf("%q has no value; want OPTION = VALUE, or %s= for an option without a value", line, key)
	case key == "" || strings.HasPrefix(key, "-") || strings.ContainsAny(key, " \t"):
		return nil, fmt.Errorf("%q is no option; want its name without hyphens, such as critical", line)
	case option == "--"+key, key == "personality":
		return nil, fmt.Errorf("--%s stands only on the command line", key)
	case len(key) == 1 && value == "":
		return []string{"-" + key}, nil
	case len(key) == 1:
		return []string{"-" + key, value}, nil
	case value == "":
		return []string{"--" + key}, nil
	}
	return []string{"--" + key + "=" + value}, nil
}
