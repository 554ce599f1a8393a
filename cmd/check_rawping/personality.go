package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rawping/rawping/cmd/check_rawping/native"
	"github.com/rawping/rawping/cmd/check_rawping/standin"
	"github.com/rawping/rawping/internal/check"
)

// personalities returns every way of being called, by name. The first is that
// of any other name.
func personalities() []named {
	return []named{
		{"check_rawping", native.Personality(version)},
		{"check_icmp", standin.ICMP(version)},
		{"check_host", standin.Host(version)},
		{"check_rta_multi", standin.RTAMulti(version)},
		{"check_ping", standin.Ping(version)},
		{"check_fping", standin.FPing(version)},
	}
}

type named struct {
	name string
	check.Personality
}

// choose returns the personality that the program's name, or --personality,
// asks for, and the arguments that are left for it.
func choose(argv []string) (check.Personality, []string, error) {
	known := personalities()
	args := slices.Clone(argv[min(1, len(argv)):])
	wanted, args, asked, err := takePersonality(args)
	if err != nil {
		return nil, nil, err
	}
	if !asked && len(argv) > 0 {
		wanted = filepath.Base(argv[0])
	}
	names := make([]string, len(known))
	for i, p := range known {
		if p.name == wanted {
			return p.Personality, args, nil
		}
		names[i] = p.name
	}
	if asked {
		return nil, nil, fmt.Errorf("option --personality: %q is unknown; want one of %s", wanted, strings.Join(names, ", "))
	}
	return known[0].Personality, args, nil
}

// takePersonality takes --personality NAME out of the arguments: no
// personality's own option table knows it.
func takePersonality(args []string) (name string, rest []string, asked bool, err error) {
	const option = "--personality"
	for i, arg := range args {
		value, attached := strings.CutPrefix(arg, option+"=")
		switch {
		case arg == "--":
			return "", args, false, nil
		case attached:
			return value, slices.Delete(args, i, i+1), true, nil
		case arg == option && i+1 == len(args):
			return "", nil, false, errors.New("option --personality has no value; want a plugin's name, such as check_icmp")
		case arg == option:
			value = args[i+1]
			return value, slices.Delete(args, i, i+2), true, nil
		}
	}
	return "", args, false, nil
}
