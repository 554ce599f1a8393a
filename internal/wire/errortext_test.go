package wire

import (
	"fmt"
	"testing"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

func TestTypesAreThoseOfXNet(t *testing.T) {
	for _, tt := range []struct {
		name string
		ours int
		xnet int
	}{
		{"IPv4 echo reply", typeEchoReply4, int(ipv4.ICMPTypeEchoReply)},
		{"IPv4 echo", typeEchoRequest4, int(ipv4.ICMPTypeEcho)},
		{"IPv4 destination unreachable", typeUnreachable4, int(ipv4.ICMPTypeDestinationUnreachable)},
		{"IPv4 redirect", typeRedirect4, int(ipv4.ICMPTypeRedirect)},
		{"IPv4 time exceeded", typeTimeExceeded4, int(ipv4.ICMPTypeTimeExceeded)},
		{"IPv4 parameter problem", typeParameter4, int(ipv4.ICMPTypeParameterProblem)},
		{"IPv6 echo request", typeEchoRequest6, int(ipv6.ICMPTypeEchoRequest)},
		{"IPv6 echo reply", typeEchoReply6, int(ipv6.ICMPTypeEchoReply)},
		{"IPv6 destination unreachable", typeUnreachable6, int(ipv6.ICMPTypeDestinationUnreachable)},
		{"IPv6 packet too big", typeTooBig6, int(ipv6.ICMPTypePacketTooBig)},
		{"IPv6 time exceeded", typeTimeExceeded6, int(ipv6.ICMPTypeTimeExceeded)},
		{"IPv6 parameter problem", typeParameter6, int(ipv6.ICMPTypeParameterProblem)},
		{"ICMP", protoICMP, ipv4.ICMPTypeEcho.Protocol()},
		{"ICMPv6", protoICMPv6, ipv6.ICMPTypeEchoRequest.Protocol()},
	} {
		if tt.ours != tt.xnet {
			t.Errorf("%s: %d, want %d", tt.name, tt.ours, tt.xnet)
		}
	}
}

// Whether a type is an error, and how an unknown code of it reads, follows
// from x/net's name of the type.
func TestErrorTextOfUnknownCodes(t *testing.T) {
	for typ := range 256 {
		want := fmt.Sprintf("ICMP type %d, code 250", typ)
		switch xnet := ipv4.ICMPType(typ); xnet {
		case ipv4.ICMPTypeDestinationUnreachable, ipv4.ICMPTypeRedirect,
			ipv4.ICMPTypeTimeExceeded, ipv4.ICMPTypeParameterProblem:
			want = xnet.String() + ", code 250"
		case 4: // deprecated by RFC 6633; x/net does not know it
			want = "source quench, code 250"
		}
		if got := ErrorText(V4, uint8(typ), 250); got != want {
			t.Errorf("ICMP: %q, want %q", got, want)
		}
		want = fmt.Sprintf("ICMPv6 type %d, code 250", typ)
		switch xnet := ipv6.ICMPType(typ); xnet {
		case ipv6.ICMPTypeDestinationUnreachable, ipv6.ICMPTypePacketTooBig,
			ipv6.ICMPTypeTimeExceeded, ipv6.ICMPTypeParameterProblem:
			want = xnet.String() + ", code 250"
		}
		if got := ErrorText(V6, uint8(typ), 250); got != want {
			t.Errorf("ICMPv6: %q, want %q", got, want)
		}
	}
}

func TestErrorText(t *testing.T) {
	for _, tt := range []struct {
		f         Family
		typ, code uint8
		want      string
	}{
		{V4, 3, 0, "network unreachable"},
		{V4, 3, 1, "host unreachable"},
		{V4, 3, 2, "protocol unreachable"},
		{V4, 3, 3, "port unreachable"},
		{V4, 3, 4, "fragmentation needed"},
		{V4, 3, 5, "source route failed"},
		{V4, 3, 6, "destination network unknown"},
		{V4, 3, 7, "destination host unknown"},
		{V4, 3, 9, "communication with destination network administratively prohibited"},
		{V4, 3, 10, "communication with destination host administratively prohibited"},
		{V4, 3, 12, "host unreachable for type of service"},
		{V4, 3, 13, "communication administratively prohibited"},
		{V4, 3, 15, "precedence cutoff in effect"},
		{V4, 3, 77, "destination unreachable, code 77"},
		{V4, 4, 0, "source quench"},
		{V4, 5, 1, "redirect for host"},
		{V4, 11, 0, "time to live exceeded"},
		{V4, 11, 1, "fragment reassembly time exceeded"},
		{V4, 11, 2, "time exceeded, code 2"},
		{V4, 12, 0, "erroneous header field"},
		{V4, 12, 2, "bad length"},
		{V4, 42, 0, "ICMP type 42, code 0"},
		{V6, 1, 0, "no route to destination"},
		{V6, 1, 1, "communication administratively prohibited"},
		{V6, 1, 3, "address unreachable"},
		{V6, 1, 4, "port unreachable"},
		{V6, 1, 6, "reject route to destination"},
		{V6, 1, 8, "headers too long"},
		{V6, 1, 77, "destination unreachable, code 77"},
		{V6, 2, 0, "packet too big"},
		{V6, 3, 0, "hop limit exceeded"},
		{V6, 4, 1, "unrecognized next header type"},
		{V6, 4, 10, "option too big"},
		{V6, 42, 0, "ICMPv6 type 42, code 0"},
		{0, 3, 1, "ICMP type 3, code 1"},
	} {
		if got := ErrorText(tt.f, tt.typ, tt.code); got != tt.want {
			t.Errorf("%v type %d code %d: %q, want %q", tt.f, tt.typ, tt.code, got, tt.want)
		}
	}
}

func TestErrorTextOfKnownCodesAllocatesNothing(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { _ = ErrorText(V4, 3, 1) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
