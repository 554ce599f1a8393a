package native

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/nagios"
)

// stateSettings say what is remembered from one run to the next.
type stateSettings struct {
	file     string
	onChange bool
	remind   time.Duration // 0: never
}

// state is what one run leaves to the next.
type state struct {
	status  nagios.Status
	since   time.Time // when the status was seen first
	told    time.Time // when something was printed last
	checked time.Time // when the run ended that wrote it
}

func (o *options) readState(s *settings) (err error) {
	switch {
	case o.given("state-file") && o.State == "":
		return errors.New("option --state-file: the name is empty; want a file, such as /var/tmp/web1.state")
	case o.OnChange && !o.given("state-file"):
		return errors.New("option --on-change needs --state-file FILE, to know the state before")
	case o.given("remind") && !o.OnChange:
		return errors.New("option --remind needs --on-change: without it everything is printed anyway")
	case !o.given("state-file"):
		return nil
	}
	if err := check.SameUser(); err != nil {
		return fmt.Errorf("option --state-file: %w", err)
	}
	s.state = &stateSettings{file: string(o.State), onChange: o.OnChange}
	if o.given("remind") {
		if s.state.remind, err = parsePeriod(string(o.Remind)); err != nil {
			return fmt.Errorf("option --remind: %w", err)
		}
	}
	return nil
}

// parsePeriod reads a time of minutes to days, such as 90m, 6h, 1h30m or 2d.
func parsePeriod(s string) (time.Duration, error) {
	d, err := time.Duration(0), error(nil)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		var n int
		n, err = number(days, 1, 10_000)
		d = time.Duration(n) * 24 * time.Hour
	} else if d, err = time.ParseDuration(s); err == nil && (d <= 0 || s[0] == '+') {
		err = errors.New("not positive")
	}
	if err != nil {
		return 0, fmt.Errorf("%s is not a period: want a number with s, m, h or d, such as 6h", quote(s))
	}
	return d, nil
}

// remember compares the status with that of the last run, and says what there is
// to say of it, and whether anything is to be printed at all. forget is for the
// case that it cannot be printed; nil if nothing was remembered.
func (s *settings) remember(status nagios.Status, r *check.Results, now time.Time) (news []string, printed bool, forget func()) {
	printed = status != nagios.OK || !s.quiet
	if s.state == nil || r.Ending.Signal != "" {
		return nil, printed, nil // who was stopped has seen no state
	}
	patience := min(lockPatience, r.Plan.Timeout-r.Took)
	err := withState(s.state.file, patience, func(text string) string {
		before, known, damage := readState(text)
		after, words, tell := s.state.next(before, known, status, now)
		if damage != nil {
			words = append(words, fmt.Sprintf("state file %s was damaged (%v), begun anew", s.state.file, damage))
			tell, printed = true, true
		}
		if s.state.onChange {
			printed = printed && tell
		}
		if printed {
			after.told = now
		}
		news, forget = words, func() { s.state.takeBack(text, now) }
		return after.String()
	})
	if err != nil { // better too much than too little
		return []string{fmt.Sprintf("state file %s: %v", s.state.file, err)}, true, nil
	}
	return news, printed, forget
}

// takeBack gives the file the text that it had before something was told that nobody
// has heard, so that the next run tells it; unless another run has told it since.
// If the file cannot be written any more, there is nobody who could be told that.
func (s *stateSettings) takeBack(text string, told time.Time) {
	_ = withState(s.file, lockPatience, func(now string) string {
		if last, known, _ := readState(now); known && last.told.Equal(told) {
			return text
		}
		return now
	})
}

// next returns the state after a run, what is to be said of the change, and
// whether a change or a reminder is due.
func (s *stateSettings) next(before state, known bool, status nagios.Status, now time.Time) (after state, words []string, tell bool) {
	switch {
	case known && before.checked.After(now) && before.checked.Sub(now) <= lockPatience:
		return before, nil, false // a run that ended later had the file first
	case !known:
		return state{status: status, since: now, checked: now}, nil, status != nagios.OK
	case before.status != status:
		words = []string{fmt.Sprintf("changed from %s, which held for %s", before.status, period(now.Sub(before.since)))}
		return state{status: status, since: now, told: before.told, checked: now}, words, true
	}
	after = before
	after.checked = now
	if status != nagios.OK && s.remind > 0 && (now.Sub(before.told) >= s.remind || now.Before(before.told)) {
		words = []string{fmt.Sprintf("%s for %s", status, period(now.Sub(before.since)))}
		return after, words, true
	}
	return after, nil, false
}

// period writes how long something held, in its two greatest units.
func period(d time.Duration) string {
	d = max(d, 0) // the clock may have been set
	switch {
	case d >= 24*time.Hour:
		return fmt.Sprintf("%dd%dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%dm%ds", d/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%ds", d/time.Second)
}

// stateHeading is the first line of a state file.
const stateHeading = "check_rawping state 1"

// String returns what is in the file.
func (s state) String() string {
	at := func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
	return fmt.Sprintf("%s\nstatus %s\nsince %s\ntold %s\nchecked %s\n", stateHeading, s.status, at(s.since), at(s.told), at(s.checked))
}

// readState returns the state that the file has; known is false if it has none, as
// when it was made just now, or if damage says why it cannot be read.
func readState(text string) (s state, known bool, damage error) {
	if text == "" {
		return state{}, false, nil
	}
	s, damage = parseState(text)
	return s, damage == nil, damage
}

// parseState reads what String wrote, and nothing else.
func parseState(text string) (s state, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 6 || lines[0] != stateHeading || lines[5] != "" {
		return state{}, errors.New("it is no state of check_rawping")
	}
	value, ok := strings.CutPrefix(lines[1], "status ")
	if s.status, err = nagios.ParseStatus(value); err != nil || !ok {
		return state{}, fmt.Errorf("%s is no status", quote(lines[1]))
	}
	for i, field := range []struct {
		name string
		at   *time.Time
	}{{"since", &s.since}, {"told", &s.told}, {"checked", &s.checked}} {
		line := lines[2+i]
		value, ok := strings.CutPrefix(line, field.name+" ")
		if *field.at, err = time.Parse(time.RFC3339Nano, value); err != nil || !ok {
			return state{}, fmt.Errorf("%s is no time", quote(line))
		}
	}
	return s, nil
}
