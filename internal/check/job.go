package check

import (
	"context"

	"github.com/rawping/rawping/internal/nagios"
)

// Personality reads a command line, without the program's name, and the files that
// it names, until the context of [UntilStopped] ends. It returns a job or, if there
// is nothing to measure (bad options, --help), an answer.
type Personality func(ctx context.Context, args []string) (*Job, *Answer)

// Job is a command line that was understood: what to measure, and what to say.
type Job struct {
	Plan   *Plan
	Report func(*Results) Answer
	Failed func(error) Answer // when nothing could be measured, as without the right to
}

// Answer is all that a plugin says, and the status it exits with.
type Answer struct {
	Text   string // of whole lines
	Status nagios.Status
	Unsaid func() // to be called if the text cannot be written; nil if nothing depends on that
}
