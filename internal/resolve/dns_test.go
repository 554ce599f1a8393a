package resolve_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/rawping/rawping/internal/resolve"
)

// zone is what the name server of the tests knows, by a name's first label, so
// that the search list of this machine does not matter.
func zone(name string) []netip.Addr {
	switch label, _, _ := strings.Cut(strings.ToLower(name), "."); label {
	case "both":
		return addrs("127.0.0.1 ::1")
	case "only4":
		return addrs("127.0.0.2")
	case "many":
		return many(40)
	}
	return nil
}

func many(n int) []netip.Addr {
	var all []netip.Addr
	for i := range n {
		all = append(all, netip.AddrFrom4([4]byte{127, 0, 1, byte(i + 1)}))
	}
	return all
}

// answer returns the answer to a query, nil for none.
func answer(query []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(query); err != nil {
		return nil, err
	}
	reply := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: m.ID, Response: true, RecursionAvailable: true},
		Questions: m.Questions,
	}
	q := m.Questions[0]
	name := q.Name.String()
	known := zone(name)
	switch {
	case strings.HasPrefix(name, "silent."):
		return nil, nil
	case strings.HasPrefix(name, "servfail."):
		reply.RCode = dnsmessage.RCodeServerFailure
	case known == nil:
		reply.RCode = dnsmessage.RCodeNameError
	}
	for _, addr := range known {
		header := dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 1}
		switch {
		case addr.Is4() && q.Type == dnsmessage.TypeA:
			reply.Answers = append(reply.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: addr.As4()}})
		case addr.Is6() && q.Type == dnsmessage.TypeAAAA:
			reply.Answers = append(reply.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: addr.As16()}})
		}
	}
	return reply.Pack()
}

// server starts a name server on loopback, and returns a resolver that asks it.
func server(t *testing.T) resolve.Resolver {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { _ = c.Close(); <-done })
	go func() {
		defer close(done)
		query := make([]byte, 4096)
		for {
			n, from, err := c.ReadFrom(query)
			if err != nil {
				return // closed
			}
			reply, err := answer(query[:n])
			if err == nil && reply != nil {
				_, err = c.WriteTo(reply, from)
			}
			if err != nil {
				t.Error(err)
			}
		}
	}()
	system := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp4", c.LocalAddr().String())
	}}
	return resolve.Resolver{Lookup: system.LookupNetIP, Nsswitch: "/nonexistent"}
}

func TestDNS(t *testing.T) {
	resolver := server(t)
	for _, test := range []struct {
		host string
		f    resolve.Family
		want []netip.Addr
		kind resolve.Kind
		text string
	}{
		{"both.rawping.test", resolve.V4, addrs("127.0.0.1"), 0, ""},
		{"both.rawping.test", resolve.V6, addrs("::1"), 0, ""},
		{"both.rawping.test.", resolve.Both, addrs("127.0.0.1 ::1"), 0, ""},
		{"BOTH.Rawping.test", resolve.Either, addrs("127.0.0.1 ::1"), 0, ""},
		{"many.rawping.test", resolve.Either, many(40), 0, ""},
		{"only4.rawping.test", resolve.Either, addrs("127.0.0.2"), 0, ""},
		{"only4.rawping.test", resolve.V6, nil, resolve.WrongFamily, "has no IPv6 address, only of the other family"},
		{"only4.rawping.test", resolve.Both, nil, resolve.NotFound, "has no IPv6 address, but both"},
		{"none.rawping.test", resolve.Either, nil, resolve.NotFound, "name does not resolve: lookup none.rawping.test"},
		{"none.rawping.test", resolve.V4, nil, resolve.NotFound, "no such host"},
		{"servfail.rawping.test", resolve.Either, nil, resolve.Temporary, "temporary failure in name resolution: lookup servfail.rawping.test"},
		{"servfail.rawping.test", resolve.V4, nil, resolve.Temporary, "server misbehaving"},
	} {
		t.Run(fmt.Sprintf("%s/%d", test.host, test.f), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			got, err := resolver.All(ctx, test.host, test.f)
			slices.SortFunc(got, netip.Addr.Compare) // a system without IPv6 sorts otherwise
			if !slices.Equal(got, test.want) || (err == nil) != (test.kind == 0) {
				t.Fatalf("got %v, %v, want %v", got, err, test.want)
			}
			wantKind(t, err, test.kind)
			if err != nil && (!strings.HasPrefix(err.Error(), test.host+": ") || !strings.Contains(err.Error(), test.text)) {
				t.Errorf("got %q, want %q", err, test.text)
			}
		})
	}
}

func TestDNSSilent(t *testing.T) {
	const deadline = 200 * time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	began := time.Now()
	_, err := server(t).First(ctx, "silent.rawping.test", resolve.V4)
	if took := time.Since(began); took < deadline/2 {
		t.Errorf("took %v", took)
	}
	if err == nil || !strings.HasPrefix(err.Error(), "silent.rawping.test: name not resolved in time: ") {
		t.Errorf("got %v", err)
	}
	wantKind(t, err, resolve.Timeout)
}
