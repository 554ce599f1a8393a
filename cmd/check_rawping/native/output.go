package native

import (
	"fmt"
	"strings"
	"time"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/nagios"
)

// outputSettings say how the results are written.
type outputSettings struct {
	output     string // nagios, json, influx or prometheus
	omitNoData bool
	verbosity  int
	quiet      bool
}

func (o *options) readOutput(s *settings) error {
	s.output = string(o.Output)
	switch s.output {
	case "nagios", "json", "influx", "prometheus":
	default:
		return fmt.Errorf("option --output: %s is unknown; want nagios, json, influx or prometheus", quote(s.output))
	}
	switch o.NoData {
	case "U":
	case "omit":
		s.omitNoData = true
	default:
		return fmt.Errorf("option --no-data: %s is unknown; want U or omit", quote(string(o.NoData)))
	}
	s.verbosity = len(o.Verbose)
	s.quiet = o.Quiet
	return nil
}

// report judges the results and says what is to be said of them.
func (s *settings) report(r *check.Results) check.Answer {
	status := s.judge(r)
	answer := check.Answer{Status: status}
	news, printed, forget := s.remember(status, r, time.Now())
	if printed {
		answer.Text, answer.Unsaid = s.render(r, status, news), forget
	}
	return answer
}

// render writes the results in the form that was asked for. news are what the
// state file has to say.
func (s *settings) render(r *check.Results, status nagios.Status, news []string) string {
	switch s.output {
	case "json":
		return s.renderJSON(r, status, news)
	case "influx":
		return comments(news) + s.renderInflux(r, time.Now())
	case "prometheus":
		return comments(news) + s.renderPrometheus(r, status, time.Now())
	}
	return s.renderNagios(r, status, news)
}

// comments writes lines that the line protocol and Prometheus' format pass over.
func comments(lines []string) string {
	var b strings.Builder
	for _, words := range lines {
		b.WriteString("# check_rawping: " + nagios.CleanText(words) + "\n")
	}
	return b.String()
}

// failed returns what to say if nothing could be measured.
func (s *settings) failed(err error) check.Answer { return failedAs(s.output, err) }

// failedAs returns the answer of a check that could not be begun, in a form of output.
func failedAs(form string, err error) check.Answer {
	answer := unknown(err)
	switch form {
	case "json":
		answer.Text = failedJSON(err)
	case "influx", "prometheus":
		answer.Text = "# " + answer.Text // a comment in both
	}
	return answer
}

// formOf returns the form of output that a command line asks for, even if nothing
// else of it can be understood.
func formOf(args []string) (form string) {
	const option = "--output"
	for i, arg := range args {
		value, attached := strings.CutPrefix(arg, option+"=")
		switch {
		case arg == "--":
			return form
		case attached:
			form = value
		case arg == option && i+1 < len(args):
			form = args[i+1]
		}
	}
	return form
}
