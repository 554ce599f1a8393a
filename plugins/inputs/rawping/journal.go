package rawping

import (
	"fmt"

	"github.com/influxdata/telegraf"
)

// kind is what the log cares about.
type kind uint8

const (
	fine       kind = iota
	unknown         // nothing happened: as before
	unresolved      // the name
	unsent          // nothing could be sent
)

// state is a target's, as the log tells it.
type state struct {
	kind   kind
	socket bool   // there is no socket: one cause for many targets
	cause  string // in the system's words
}

// same reports whether the log would say the same again. Resolvers have many
// words for one failure.
func (s state) same(o state) bool {
	return s.kind == o.kind && (s.kind == unresolved || s.cause == o.cause)
}

// journal logs what has changed: once for each change, and one line for all
// targets that changed alike.
type journal struct {
	log     telegraf.Logger
	without map[string]int // how many targets lack a socket, by cause
	changes []*change      // since the last line, in order
}

// change is a state that one or more targets have got into.
type change struct {
	to      state
	url     string // the first of them
	targets int
	known   bool // the log has it from other targets
}

func newJournal(log telegraf.Logger) journal {
	return journal{log: log, without: map[string]int{}}
}

// note takes the present state of a target.
func (j *journal) note(t *target, now state) {
	was := t.logged
	if now.kind == unknown || now.same(was) {
		return
	}
	t.logged = now
	if was.socket {
		j.without[was.cause]--
	}
	c := j.changeTo(now, t.url)
	c.targets++
	if now.socket {
		j.without[now.cause]++
	}
}

// changeTo returns the change to a state, a new one if need be.
func (j *journal) changeTo(to state, url string) *change {
	for _, c := range j.changes {
		if c.to.same(to) {
			return c
		}
	}
	c := &change{to: to, url: url, known: to.socket && j.without[to.cause] > 0}
	j.changes = append(j.changes, c)
	return c
}

// write logs the changes.
func (j *journal) write() {
	for _, c := range j.changes {
		who := fmt.Sprintf("%q", c.url)
		if c.targets > 1 {
			who += fmt.Sprintf(" and %d more", c.targets-1)
		}
		switch {
		case c.known:
		case c.to.kind == unresolved:
			j.log.Warnf("Cannot resolve %s, trying again: %s", who, c.to.cause)
		case c.to.kind == unsent:
			j.log.Errorf("Cannot send to %s, trying again: %s", who, c.to.cause)
		default:
			j.log.Infof("Sending to %s again", who)
		}
	}
	j.changes = nil
}
