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
	unresolved      // the name has no address
	stale           // the name has not been looked up again, and keeps its address
	unsent          // nothing could be sent
)

// state is a name's or a target's, as the log tells it.
type state struct {
	kind   kind
	socket bool   // there is no socket: one cause for many targets
	cause  string // in the system's words
}

// same reports whether the log would say the same again. Resolvers have many
// words for one failure.
func (s state) same(o state) bool {
	return s.kind == o.kind && (s.kind != unsent || s.cause == o.cause)
}

// subject is what a line of the log tells of.
type subject uint8

const (
	sending subject = iota
	naming
)

// journal logs what has changed: once for each change, and one line for all
// targets that changed alike.
type journal struct {
	log     telegraf.Logger
	without map[string]int // how many targets lack a socket, by cause
	changes []*change      // since the last line, in order
}

// change is a state that one or more targets have got into.
type change struct {
	of      subject
	to      state
	url     string // the first of them
	targets int
	known   bool // the log has it from other targets
}

func newJournal(log telegraf.Logger) journal {
	return journal{log: log, without: map[string]int{}}
}

// note takes the present state of a host, and keeps in logged what the log has.
func (j *journal) note(of subject, url string, logged *state, now state) {
	was := *logged
	if now.kind == unknown || now.same(was) {
		return
	}
	*logged = now
	if was.socket {
		j.without[was.cause]--
	}
	c := j.changeTo(of, now, url)
	c.targets++
	if now.socket {
		j.without[now.cause]++
	}
}

// changeTo returns the change to a state, a new one if need be.
func (j *journal) changeTo(of subject, to state, url string) *change {
	for _, c := range j.changes {
		if c.of == of && c.to.same(to) {
			return c
		}
	}
	c := &change{of: of, to: to, url: url, known: to.socket && j.without[to.cause] > 0}
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
		case c.to.kind == stale:
			j.log.Warnf("Cannot resolve %s anew, keeping the last address: %s", who, c.to.cause)
		case c.to.kind == unsent:
			j.log.Errorf("Cannot send to %s, trying again: %s", who, c.to.cause)
		case c.of == naming:
			j.log.Infof("Resolved %s again", who)
		default:
			j.log.Infof("Sending to %s again", who)
		}
	}
	j.changes = nil
}
