package site

import (
	"net/netip"
	"testing"

	"github.com/rawping/rawping/internal/testbed"
	"github.com/rawping/rawping/internal/wire"
)

// bed is a hostile network in whose client a site is.
type bed struct{ *testbed.Bed }

func newBed(t testing.TB) bed {
	t.Helper()
	return bed{testbed.New(t)}
}

// host returns the nth host of the responder, which does what the fault says.
func (b bed) host(f wire.Family, n byte, fault testbed.Fault) netip.Addr {
	a := b.Responder.Of(f).Addr().AsSlice()
	a[len(a)-1] = n
	addr, _ := netip.AddrFromSlice(a)
	b.Rule(netip.PrefixFrom(addr, addr.BitLen()), fault)
	return addr
}

// echoes counts the requests to a host that the responder saw.
func (b bed) echoes(host netip.Addr) int {
	return b.Seen(netip.PrefixFrom(host, host.BitLen())).Requests
}

// dead answers nothing.
var dead = testbed.Fault{Lose: 1, Of: 1}
