package wire

import "fmt"

// ErrorText returns plain English for an ICMP or ICMPv6 error, such as "host
// unreachable": RFC 792, RFC 1122 section 3.2.2.1 and RFC 1812 section 5.2.7
// for IPv4; RFC 4443, RFC 7112, RFC 8754, RFC 8883 and the IANA registry for
// IPv6. A code without words gives "destination unreachable, code 77", a type
// that is no error "ICMP type 42, code 0".
func ErrorText(f Family, typ, code uint8) string {
	text, protocol := "", "ICMP"
	switch f {
	case V4:
		text = errorText4(typ, code)
	case V6:
		text, protocol = errorText6(typ, code), "ICMPv6"
	}
	if text == "" {
		return fmt.Sprintf("%s type %d, code %d", protocol, typ, code)
	}
	return text
}

// codeText returns the words for code, which are names[code], or else the kind
// of error and the number.
func codeText(kind string, code uint8, names ...string) string {
	if int(code) < len(names) {
		return names[code]
	}
	return fmt.Sprintf("%s, code %d", kind, code)
}

// errorText4 is ErrorText for ICMP errors, and "" for other types.
func errorText4(typ, code uint8) string {
	switch typ {
	case typeUnreachable4:
		return codeText("destination unreachable", code,
			"network unreachable",
			"host unreachable",
			"protocol unreachable",
			"port unreachable",
			"fragmentation needed",
			"source route failed",
			"destination network unknown",
			"destination host unknown",
			"source host isolated",
			"communication with destination network administratively prohibited",
			"communication with destination host administratively prohibited",
			"network unreachable for type of service",
			"host unreachable for type of service",
			"communication administratively prohibited",
			"host precedence violation",
			"precedence cutoff in effect",
		)
	case typeQuench4:
		return codeText("source quench", code, "source quench")
	case typeRedirect4:
		return codeText("redirect", code,
			"redirect for network",
			"redirect for host",
			"redirect for type of service and network",
			"redirect for type of service and host",
		)
	case typeTimeExceeded4:
		return codeText("time exceeded", code,
			"time to live exceeded",
			"fragment reassembly time exceeded",
		)
	case typeParameter4:
		return codeText("parameter problem", code,
			"erroneous header field",
			"required option missing",
			"bad length",
		)
	}
	return ""
}

// errorText6 is ErrorText for ICMPv6 errors, and "" for other types.
func errorText6(typ, code uint8) string {
	switch typ {
	case typeUnreachable6:
		return codeText("destination unreachable", code,
			"no route to destination",
			"communication administratively prohibited",
			"beyond scope of source address",
			"address unreachable",
			"port unreachable",
			"source address failed ingress/egress policy",
			"reject route to destination",
			"error in source routing header",
			"headers too long",
			"error in P-Route",
		)
	case typeTooBig6:
		return codeText("packet too big", code, "packet too big")
	case typeTimeExceeded6:
		return codeText("time exceeded", code,
			"hop limit exceeded",
			"fragment reassembly time exceeded",
		)
	case typeParameter6:
		return codeText("parameter problem", code,
			"erroneous header field",
			"unrecognized next header type",
			"unrecognized IPv6 option",
			"first fragment has incomplete header chain",
			"segment routing upper-layer header error",
			"unrecognized next header type at intermediate node",
			"extension header too big",
			"extension header chain too long",
			"too many extension headers",
			"too many options in extension header",
			"option too big",
		)
	}
	return ""
}
