package wire

import (
	"net/netip"
	"testing"
)

func TestFamilyOf(t *testing.T) {
	for _, tt := range []struct {
		addr string
		want Family
	}{
		{"192.0.2.1", V4},
		{"::ffff:192.0.2.1", V4},
		{"2001:db8::1", V6},
		{"fe80::1%eth0", V6},
	} {
		if got := FamilyOf(netip.MustParseAddr(tt.addr)); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.addr, got, tt.want)
		}
	}
}

func TestStrings(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{V4.String(), "IPv4"},
		{V6.String(), "IPv6"},
		{Family(0).String(), "no IP family"},
		{OtherMessage.String(), "other message"},
		{EchoRequest.String(), "echo request"},
		{EchoReply.String(), "echo reply"},
		{ErrorMessage.String(), "error message"},
		{MessageClass(9).String(), "no message class"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}
