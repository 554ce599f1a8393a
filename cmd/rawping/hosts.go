package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rawping/rawping/internal/wire"
)

// longestList bounds a list of hosts in bytes, for a million hosts and more, so
// that a file without end is an error and not all of the memory.
const longestList = 64 << 20

// place is where a host was named; errors say it.
type place struct {
	file string // "": the command line
	line int
}

func (p place) wrap(err error) error {
	if p.file == "" {
		return err
	}
	return fmt.Errorf("%s: line %d: %w", p.file, p.line, err)
}

// entry is a host as it was named.
type entry struct {
	name    string
	addr    netip.Addr // invalid until a name has been looked up
	literal bool       // the name is the address, in its plain spelling
	place   place
}

// readHosts returns the hosts of the command line and of all files, in order.
func readHosts(set settings, stdin io.Reader) ([]entry, error) {
	var hosts []entry
	for _, name := range set.hosts {
		e, err := newEntry(name, &set)
		if err != nil {
			return nil, err
		}
		hosts = append(hosts, e)
	}
	var lists []string
	for _, file := range set.files {
		text, name, err := readList(file, stdin)
		if err != nil {
			return nil, err
		}
		if hosts, err = appendList(hosts, text, name, &set); err != nil {
			return nil, err
		}
		lists = append(lists, name)
	}
	if len(hosts) == 0 {
		return nil, fmt.Errorf("no host in %s: want one per line", strings.Join(lists, ", "))
	}
	return hosts, nil
}

// readList reads a whole list and returns it with a name for messages.
func readList(file string, stdin io.Reader) (text, name string, err error) {
	from, name := stdin, "standard input"
	if file != "-" {
		name = brief(file)
		f, err := os.Open(file)
		if err != nil {
			return "", name, fmt.Errorf("file %s: %w; want a list of hosts, one per line, or - for standard input", name, cause(err))
		}
		defer f.Close() //nolint:errcheck // nothing was written
		from = f
	}
	data, err := io.ReadAll(io.LimitReader(from, longestList+1))
	if err != nil {
		return "", name, fmt.Errorf("%s: %w; want a list of hosts, one per line", name, cause(err))
	}
	if len(data) > longestList {
		return "", name, fmt.Errorf("%s: longer than %d MiB; want a list of hosts, one per line", name, longestList>>20)
	}
	return string(data), name, nil
}

// cause takes a path off an error that names it already.
func cause(err error) error {
	if path, ok := errors.AsType[*os.PathError](err); ok {
		return path.Err
	}
	return err
}

// appendList appends the hosts of a list: one per line; # begins a comment.
func appendList(hosts []entry, text, file string, set *settings) ([]entry, error) {
	text = strings.TrimPrefix(text, "\ufeff") // Windows editors begin a file with it
	hosts = slices.Grow(hosts, strings.Count(text, "\n")+1)
	for n := 1; text != ""; n++ {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		if comment := strings.IndexByte(line, '#'); comment >= 0 {
			line = line[:comment]
		}
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		e, err := newEntry(line, set)
		if err != nil {
			return nil, place{file, n}.wrap(err)
		}
		e.place = place{file, n}
		hosts = append(hosts, e)
	}
	return hosts, nil
}

// newEntry makes an entry of a host's name. A plain address costs little, for
// there may be very many; a name is looked up later.
func newEntry(name string, set *settings) (entry, error) {
	addr, err := netip.ParseAddr(name)
	plain := err == nil
	if !plain {
		if addr, err = spelled(name, set.family); err != nil || !addr.IsValid() {
			return entry{name: name}, err
		}
	}
	addr = addr.Unmap()
	have := wire.FamilyOf(addr)
	switch {
	case strings.ContainsFunc(addr.Zone(), odd): // the parser takes whatever stands behind the %
		return entry{}, fmt.Errorf("host %s: want the name of an interface behind the %%", brief(name))
	case set.family != 0 && set.family != have:
		return entry{}, fmt.Errorf("host %s: is an %s address, but %s is asked for", name, have, set.family)
	case addr.IsUnspecified():
		return entry{}, fmt.Errorf("host %s: want the address of one host, not of none", name)
	case many(addr) && !set.anySource:
		return entry{}, fmt.Errorf("host %s: want the address of one host, not of many; or --any-source, for whoever answers", name)
	}
	return entry{name: name, addr: addr, literal: plain}, nil
}

// many reports whether an address is that of many hosts.
func many(addr netip.Addr) bool {
	return addr.IsMulticast() || addr == netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// odd reports whether a character could disturb a line of output.
func odd(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) || unicode.IsSpace(r) }

// checkDevice says whether there is an interface with that name or index.
func checkDevice(name string) error {
	_, err := net.InterfaceByName(name)
	if index, atoi := strconv.Atoi(name); err != nil && atoi == nil && index > 0 {
		_, err = net.InterfaceByIndex(index)
	}
	if err != nil {
		return fmt.Errorf("interface %s: there is none of that name; want one of %s, or a source address", brief(name), devices())
	}
	return nil
}

// devices lists the interfaces' names.
func devices() string {
	all, err := net.Interfaces()
	if err != nil || len(all) == 0 {
		return "this host's"
	}
	const most = 8
	var names []string
	for _, device := range all[:min(len(all), most)] {
		names = append(names, device.Name)
	}
	if len(all) > most {
		names = append(names, "...")
	}
	return strings.Join(names, " ")
}

// brief quotes a user's value for a message: on one line, and not all of a long one.
func brief(value string) string {
	const most = 64
	if len(value) > most {
		value = value[:most] + "..."
	}
	return strconv.Quote(value)
}

// oneLine makes a text fit for one line of a terminal.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
}
