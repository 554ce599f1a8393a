// Package native is check_rawping under its own name: its options, its verdict
// and its output.
//
// The rules of its output: one status line with all perfdata on it, as
// check_icmp 2.3 prints it; below it a line for each thing that explains it;
// nothing else. Loss is what the network did not answer: what did not leave this
// host has its own words.
package native

import (
	"context"
	"errors"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/nagios"
)

// Personality returns the way of being called that is the program's own.
// version is what -V shows.
func Personality(version string) check.Personality {
	return func(ctx context.Context, args []string) (*check.Job, *check.Answer) {
		s, err := parse(ctx, args, version)
		if err != nil {
			return nil, said(args, err)
		}
		return &check.Job{Plan: s.plan, Report: s.report, Failed: s.failed}, nil
	}
}

// said returns the answer that an error of parse stands for.
func said(args []string, err error) *check.Answer {
	if asked, ok := errors.AsType[shown](err); ok {
		return &check.Answer{Text: string(asked), Status: nagios.UNKNOWN}
	}
	answer := Failed(args, err)
	return &answer
}

// Failed returns the answer of a check that could not be begun, in the form of
// output that its command line asks for.
func Failed(args []string, err error) check.Answer { return failedAs(formOf(args), err) }

// unknown is failedAs in the form of Nagios.
func unknown(err error) check.Answer {
	return check.Answer{
		Text:   nagios.UNKNOWN.String() + " - " + nagios.CleanText(err.Error()) + "\n",
		Status: nagios.UNKNOWN,
	}
}
