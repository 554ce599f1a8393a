package resolve

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Check says what is wrong with a host's spelling, without looking anything up:
// a host is an address or a name of RFC 1123 section 2.1, to which underscores
// are allowed because names in use have them. Whether there is an interface for
// a zone is not checked.
func Check(host string) error {
	_, _, err := parse(host)
	return err
}

// Literal returns the address that a host is, if it is one and not a name.
func Literal(host string) (netip.Addr, bool) {
	addr, literal, err := parse(host)
	return addr, literal && err == nil
}

// parse returns the address of a literal, or false and a host that is a name.
func parse(host string) (addr netip.Addr, literal bool, err error) {
	bare := host
	if n := len(host); n > 2 && host[0] == '[' && host[n-1] == ']' && strings.Contains(host, ":") {
		bare = host[1 : n-1]
	}
	addr, err = netip.ParseAddr(bare)
	switch {
	case err == nil && addr.Is4In6() && addr.Zone() != "":
		return addr, true, bad(host, errors.New("is an IPv4 address, and those have no zone"))
	case err == nil:
		addr = addr.Unmap()
		if strings.ContainsFunc(addr.Zone(), odd) {
			return addr, true, bad(host, errors.New("want the name of an interface behind the %"))
		}
		return addr, true, checkAddr(host, addr)
	case bare != host || strings.Contains(host, ":"):
		return addr, false, bad(host, errors.New("is neither an IPv6 address nor a host name"))
	case numeric(host):
		addr, err = parseOld(host)
		return addr, true, err
	}
	return netip.Addr{}, false, checkName(host)
}

// odd reports whether a character of a zone, which may be anything to the parser
// of addresses, could disturb a line of output.
func odd(r rune) bool {
	return r == utf8.RuneError || r == ' ' || r == '|' || !unicode.IsPrint(r)
}

// checkAddr says why an address is no host's.
func checkAddr(host string, addr netip.Addr) error {
	switch {
	case addr.IsUnspecified():
		return bad(host, errors.New("is no host's address"))
	case zoneless(addr):
		return bad(host, fmt.Errorf("is link-local; say which interface, as in %s%%eth0", addr))
	}
	return nil
}

// zoneless reports whether an address means nothing without a zone.
func zoneless(addr netip.Addr) bool {
	return addr.Is6() && addr.Zone() == "" && !addr.Is4In6() &&
		(addr.IsLinkLocalUnicast() || addr.IsLinkLocalMulticast() || addr.IsInterfaceLocalMulticast())
}

// checkName applies RFC 1123 section 2.1 and the lengths of RFC 1035 section 2.3.4.
func checkName(host string) error {
	name := strings.TrimSuffix(host, ".")
	switch {
	case host == "":
		return bad(host, errors.New("a host cannot be empty"))
	case len(name) > 253:
		return bad(host, fmt.Errorf("a host name has 253 characters at most, not %d", len(name)))
	}
	for label := range strings.SplitSeq(name, ".") {
		switch {
		case label == "":
			return bad(host, errors.New("a host name has no empty parts"))
		case len(label) > 63:
			return bad(host, fmt.Errorf("a part of a host name has 63 characters at most, not %d", len(label)))
		case label[0] == '-' || label[len(label)-1] == '-':
			return bad(host, errors.New("a part of a host name neither begins nor ends with a hyphen"))
		}
		for _, r := range label {
			if r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
				return bad(host, fmt.Errorf("%q is in no host name", r))
			}
		}
	}
	return nil
}

// numeric reports whether a host consists of numbers and dots, so that it can
// only be meant as an IPv4 address.
func numeric(host string) bool {
	return host != "" && strings.Trim(host, "0123456789.") == ""
}

// parseOld reads the short forms of inet_aton(3) that users type, such as 127.1:
// the last number fills what is left. A bare number is more likely a misplaced
// argument than an address, and is refused. So are leading zeros, which it reads as octal,
// because readers differ on them.
func parseOld(host string) (netip.Addr, error) {
	parts := strings.Split(host, ".")
	switch {
	case len(parts) == 1:
		return netip.Addr{}, bad(host, errors.New("is a bare number, not a host"))
	case len(parts) > 4:
		return netip.Addr{}, bad(host, errors.New("is not an IPv4 address, which has four numbers"))
	}
	var value uint64
	for i, part := range parts {
		width := 8 // bits that the number fills
		if i == len(parts)-1 {
			width = 8 * (5 - len(parts))
		}
		n, err := strconv.ParseUint(part, 10, width)
		if err != nil {
			return netip.Addr{}, bad(host, fmt.Errorf("%s is not a number from 0 to %d", brief(part), uint64(1)<<width-1))
		}
		if len(part) > 1 && part[0] == '0' {
			return netip.Addr{}, bad(host, fmt.Errorf("%s has a leading zero, which some read as octal", brief(part)))
		}
		value = value<<width | n
	}
	addr := netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(value))))
	return addr, checkAddr(host, addr)
}

// checkZone reports whether the interface that a zone names exists.
func checkZone(host string, addr netip.Addr) error {
	zone := addr.Zone()
	if zone == "" {
		return nil
	}
	if _, err := net.InterfaceByName(zone); err == nil {
		return nil
	}
	if index, err := strconv.Atoi(zone); err == nil {
		if _, err := net.InterfaceByIndex(index); err == nil {
			return nil
		}
	}
	return bad(host, fmt.Errorf("there is no interface %s", brief(zone)))
}

func bad(host string, err error) error { return &Error{Host: host, Kind: BadName, Err: err} }
