package rawping

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"github.com/influxdata/telegraf"

	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/resolve"
	"github.com/rawping/rawping/internal/wire"
)

// The tags that are the plugin's own.
const (
	urlTag    = "url"
	nameTag   = "name"
	ipTag     = "ip"
	bucketTag = "le"
)

// entry is a target as it was asked for: it makes one metric per interval, or
// one for each of its addresses.
type entry struct {
	url  string
	tags []telegraf.Tag // besides url, sorted by key
	how  *settings
}

// newEntry refuses what can be no target. The option's name is that of
// inputs.ping, but it takes host names and addresses.
func newEntry(url string, tags map[string]string, how *settings) (*entry, error) {
	e := &entry{url: url, how: how}
	if err := e.checkURL(); err != nil {
		return nil, err
	}
	for key, value := range tags {
		if err := checkTag(key, value); err != nil {
			return nil, fmt.Errorf("%q: %w", url, err)
		}
		e.tags = append(e.tags, telegraf.Tag{Key: key, Value: value})
	}
	slices.SortFunc(e.tags, func(a, b telegraf.Tag) int { return strings.Compare(a.Key, b.Key) })
	return e, nil
}

func (e *entry) checkURL() error {
	if strings.Contains(e.url, "://") {
		return fmt.Errorf("%q: a host name or an IP address is wanted, without scheme and path", e.url)
	}
	if err := resolve.Check(e.url); err != nil {
		return err // which names it
	}
	if strings.HasSuffix(e.url, `\`) { // a zone can; see checkTag
		return fmt.Errorf("%q: ends in a backslash, which line protocol cannot say", e.url)
	}
	addr, ok := e.literal()
	if !ok {
		return nil
	}
	if f := e.how.wanted(); f == resolve.V4 && !addr.Is4() || f == resolve.V6 && !addr.Is6() {
		return fmt.Errorf("%q: is an %s address, but the family or the source asks for the other", e.url, wire.FamilyOf(addr))
	}
	target := e.how.target(addr, nil)
	if err := target.Check(icmpsock.OrdinaryUser()); err != nil {
		return fmt.Errorf("%q: %w", e.url, err)
	}
	return nil
}

// literal returns the address that url is, if it is one and not a name.
func (e *entry) literal() (netip.Addr, bool) { return resolve.Literal(e.url) }

func checkTag(key, value string) error {
	switch {
	case key == "":
		return errors.New("a tag without a name")
	case key == urlTag || key == ipTag || key == bucketTag:
		return fmt.Errorf("tag %q is the plugin's own", key)
	case value == "":
		return fmt.Errorf("tag %q is empty", key)
	case strings.ContainsFunc(key+value, unicode.IsControl):
		return fmt.Errorf("tag %q has a control character in it", key)
	case strings.HasSuffix(key, `\`) || strings.HasSuffix(value, `\`): // Telegraf cuts it off: two targets may become one
		return fmt.Errorf("tag %q has the value %q: neither may end in a backslash, which line protocol cannot say", key, value)
	}
	return nil
}

// name returns the tag of that name, which the shard goes by.
func (e *entry) name() string {
	for _, tag := range e.tags {
		if tag.Key == nameTag {
			return tag.Value
		}
	}
	return ""
}

// identity is the same for two targets if their tags are: one's metrics would
// overwrite the other's.
func (e *entry) identity() string {
	if len(e.tags) == 0 {
		return e.url
	}
	var id strings.Builder
	id.WriteString(e.url)
	for _, tag := range e.tags {
		id.WriteString("\x00" + tag.Key + "\x00" + tag.Value) // neither has such a character
	}
	return id.String()
}

// String names the target in messages.
func (e *entry) String() string {
	text := fmt.Appendf(nil, "%q", e.url)
	for _, tag := range e.tags {
		text = fmt.Appendf(text, " %s=%q", tag.Key, tag.Value)
	}
	return string(text)
}
