package resolve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind says why a host has no address.
type Kind uint8

// The kinds of failure.
const (
	NotFound    Kind = iota + 1 // the name does not exist, or has no address of the family
	Temporary                   // the name servers failed to answer rightly
	Timeout                     // they did not answer in time
	WrongFamily                 // the address is of the other family
	BadName                     // no host can be called that
	Canceled                    // the look-up was given up
)

// Error says what is wrong with a host. Its text begins with the host.
type Error struct {
	Host string
	Kind Kind
	Err  error // what happened
}

// Error returns one line without control characters.
func (e *Error) Error() string {
	host := e.Host
	if e.Kind == BadName {
		host = brief(e.Host) // whatever it is
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' ' // a resolver may say anything
	}, fmt.Sprintf("%s: %v", host, e.Err))
}

// maxQuoted is how many characters of a user's value an error shows.
const maxQuoted = 80

// brief shows a user's value in an error: printable, and not all of a long one.
func brief(s string) string {
	if utf8.RuneCountInString(s) <= maxQuoted {
		return strconv.Quote(s)
	}
	return fmt.Sprintf("%.*q...", maxQuoted, s)
}

// Unwrap returns what happened.
func (e *Error) Unwrap() error { return e.Err }

// failure sorts an error of the resolver.
func failure(host string, err error, nsswitch string) *Error {
	var dns *net.DNSError
	var unsuitable *net.AddrError // what there is, is of the other family
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &dns) && dns.IsTimeout:
		return &Error{host, Timeout, fmt.Errorf("name not resolved in time: %w", err)}
	case errors.Is(err, context.Canceled):
		return &Error{host, Canceled, fmt.Errorf("look-up given up: %w", err)}
	case errors.As(err, &dns) && dns.IsNotFound, errors.As(err, &unsuitable):
		return &Error{host, NotFound, fmt.Errorf("name does not resolve: %w%s", err, modulesNote(nsswitch))}
	}
	return &Error{host, Temporary, fmt.Errorf("temporary failure in name resolution: %w", err)}
}

// modulesNote names the modules of nsswitch.conf(5) that were not asked.
func modulesNote(nsswitch string) string {
	text, err := os.ReadFile(nsswitch)
	if err != nil {
		return ""
	}
	var unknown []string
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		modules, ok := strings.CutPrefix(strings.TrimSpace(line), "hosts:")
		if !ok {
			continue
		}
		for module := range strings.FieldsSeq(withoutActions(modules)) {
			if module != "files" && module != "dns" && module != "myhostname" {
				unknown = append(unknown, module)
			}
		}
	}
	if unknown == nil {
		return ""
	}
	return fmt.Sprintf(" (asked files and dns only, not %s of nsswitch.conf)", strings.Join(unknown, ", "))
}

// withoutActions cuts out what stands in brackets, such as [NOTFOUND=return],
// with or without spaces within and around.
func withoutActions(modules string) string {
	for {
		before, rest, found := strings.Cut(modules, "[")
		if !found {
			return modules
		}
		_, after, _ := strings.Cut(rest, "]")
		modules = before + " " + after
	}
}
