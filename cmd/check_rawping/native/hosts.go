package native

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"strings"
	"time"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/nagios"
	"github.com/rawping/rawping/internal/resolve"
)

func (o *options) readHosts(ctx context.Context, s *settings) error {
	target, err := o.readFamily()
	if err != nil {
		return err
	}
	add := func(name string) error {
		if err := resolve.Check(name); err != nil {
			return fmt.Errorf("%w; want a name or an address, such as 192.0.2.1", err)
		}
		t := target
		t.Name = name
		if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil && t.Family == resolve.Both {
			t.Family = resolve.Either // an address has no other
		}
		s.plan.Targets = append(s.plan.Targets, t)
		return nil
	}
	for _, host := range o.Hosts {
		if err := add(string(host)); err != nil {
			return fmt.Errorf("option -H: %w", err)
		}
	}
	for _, file := range o.HostsFile {
		if err := o.readHostsFile(ctx, s, string(file), add); err != nil {
			return fmt.Errorf("option --hosts-file: %w", err)
		}
	}
	switch n := len(s.plan.Targets); {
	case n == 0:
		return errNoHost
	case n > mostHosts:
		return fmt.Errorf("%d hosts are too many; want %d at most", n, mostHosts)
	}
	return nil
}

// readFamily returns a target without a name.
func (o *options) readFamily() (t check.Target, err error) {
	switch {
	case o.Only4 && o.Only6:
		return t, errors.New("options -4 and -6 exclude each other; want one, or none for either family")
	case o.Family != "any" && o.Family != "both":
		return t, fmt.Errorf("option --family: %s is unknown; want any or both", quote(string(o.Family)))
	case o.Family == "both" && (o.Only4 || o.Only6):
		return t, errors.New("options --family both and -4 or -6 exclude each other; want one of them")
	case o.Family == "both":
		t.Family = resolve.Both
	case o.Only4:
		t.Family = resolve.V4
	case o.Only6:
		t.Family = resolve.V6
	}
	switch o.Resolve {
	case "first":
	case "all":
		t.All = true
	default:
		return t, fmt.Errorf("option --resolve: %s is unknown; want first or all", quote(string(o.Resolve)))
	}
	return t, nil
}

// readHostsFile adds the hosts of a list.
func (o *options) readHostsFile(ctx context.Context, s *settings, file string, add func(string) error) error {
	text, err := o.readInput(ctx, file)
	if err != nil {
		return err
	}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		err := add(words[0])
		if err == nil && len(words) > 1 {
			err = o.readOwn(s, words[1:])
		}
		if err != nil {
			return fmt.Errorf("line %d of %s: %w", number, file, err)
		}
	}
	return nil
}

// readOwn reads the thresholds of the host that was added last: warning=RTA,PL%,
// critical=RTA,PL% and METRIC=WARN,CRIT.
func (o *options) readOwn(s *settings, words []string) error {
	warning, critical, changed := string(o.Warning), string(o.Critical), false
	var limits []limit
	seen := map[string]bool{}
	for _, word := range words {
		key, value, _ := strings.Cut(word, "=")
		if seen[key] {
			return fmt.Errorf("%s: %s stands in this line already; want it once", quote(word), quote(key))
		}
		seen[key] = true
		switch key {
		case "warning":
			warning, changed = value, true
		case "critical":
			critical, changed = value, true
		default:
			l, err := parseLimit(word)
			if err != nil {
				return err
			}
			limits = append(limits, l)
		}
	}
	own := s.limits
	if changed {
		ping, err := parsePing("warning", warning, "critical", critical)
		if err != nil {
			return err
		}
		s.noteSlowest(ping)
		own = replaced(own, ping)
	}
	s.noteSlowest(limits)
	own = replaced(own, limits)
	if s.own == nil {
		s.own = map[int][]limit{}
	}
	s.own[len(s.plan.Targets)-1] = own
	return s.checkLimits(own)
}

// mostInput bounds what is read of a list of hosts.
const mostInput = 16 << 20

// readInput returns what is in a file, or comes by standard input, and gives up
// when the run would have to be over.
func (o *options) readInput(ctx context.Context, file string) (string, error) {
	if file == "" {
		return "", errors.New("the name is empty; want a file, or - for standard input")
	}
	if file != "-" {
		if err := check.SameUser(); err != nil {
			return "", err
		}
	}
	patience, err := nagios.ParseDuration(string(o.Timeout), time.Second)
	if err != nil || patience == 0 { // readTimes says so
		patience = defaultTimeout
	}
	text, err := check.ReadInput(ctx, file, mostInput, patience-time.Since(o.began))
	if _, unread := errors.AsType[*fs.PathError](err); unread {
		return "", fmt.Errorf("%w; want a file with a host on each line", err)
	}
	return text, err
}
