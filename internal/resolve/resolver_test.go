package resolve_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rawping/rawping/internal/resolve"
)

// addrs parses addresses with spaces between them.
func addrs(list string) []netip.Addr {
	var all []netip.Addr
	for s := range strings.FieldsSeq(list) {
		all = append(all, netip.MustParseAddr(s))
	}
	return all
}

// fake returns a resolver that knows one name's addresses, in this order, and the
// addresses that have a route. It leaves sorting out families to the Resolver.
func fake(t *testing.T, has, routed string) resolve.Resolver {
	t.Helper()
	return resolve.Resolver{
		Lookup: func(_ context.Context, network, name string) ([]netip.Addr, error) {
			if name != "host.test" || !slices.Contains([]string{"ip", "ip4", "ip6"}, network) {
				t.Errorf("asked for %q of %q", network, name)
			}
			return addrs(has), nil
		},
		Reachable: func(a netip.Addr) bool { return slices.Contains(addrs(routed), a) },
		Nsswitch:  "/nonexistent",
	}
}

func TestFirst(t *testing.T) {
	for _, test := range []struct {
		has, routed string
		f           resolve.Family
		want        string
	}{
		{"192.0.2.1", "", resolve.Either, "192.0.2.1"},
		{"2001:db8::1 192.0.2.1", "2001:db8::1 192.0.2.1", resolve.Either, "2001:db8::1"},
		{"2001:db8::1 192.0.2.1", "192.0.2.1", resolve.Either, "192.0.2.1"},
		{"2001:db8::1 192.0.2.1", "192.0.2.1", resolve.Both, "192.0.2.1"},
		{"2001:db8::1 192.0.2.1", "", resolve.Either, "2001:db8::1"},
		{"2001:db8::1 2001:db8::2 192.0.2.1 192.0.2.2", "192.0.2.2", resolve.Either, "192.0.2.2"},
		// A family that was asked for is taken, with a route or without.
		{"2001:db8::1 192.0.2.1", "192.0.2.1", resolve.V6, "2001:db8::1"},
		{"2001:db8::1 192.0.2.1", "2001:db8::1", resolve.V4, "192.0.2.1"},
		{"2001:db8::1 2001:db8::2", "2001:db8::2", resolve.V6, "2001:db8::1"},
		{"::ffff:192.0.2.1", "192.0.2.1", resolve.V4, "192.0.2.1"},
		// What no packet can be sent to is passed over.
		{"fe80::1 0.0.0.0 :: 192.0.2.1", "", resolve.Either, "192.0.2.1"},
		{"fe80::1 2001:db8::1", "", resolve.V6, "2001:db8::1"},
	} {
		got, err := fake(t, test.has, test.routed).First(t.Context(), "host.test", test.f)
		if err != nil || got.String() != test.want {
			t.Errorf("%s, routed %q, family %d: %v, %v, want %s", test.has, test.routed, test.f, got, err, test.want)
		}
	}
}

func TestAgain(t *testing.T) {
	for _, test := range []struct {
		has, routed, current string
		f                    resolve.Family
		want                 string
	}{
		{"192.0.2.1 192.0.2.2", "192.0.2.1 192.0.2.2", "192.0.2.2", resolve.Either, "192.0.2.2"},
		{"192.0.2.1 192.0.2.2", "", "192.0.2.2", resolve.Either, "192.0.2.2"},
		{"192.0.2.1 192.0.2.2", "192.0.2.1", "192.0.2.2", resolve.Either, "192.0.2.1"}, // its route has gone
		{"192.0.2.1 192.0.2.2", "192.0.2.1", "192.0.2.2", resolve.V4, "192.0.2.2"},
		{"192.0.2.1 192.0.2.3", "192.0.2.3", "192.0.2.2", resolve.V4, "192.0.2.1"}, // the host has it no more
		{"2001:db8::1 192.0.2.1", "2001:db8::1 192.0.2.1", "192.0.2.1", resolve.V6, "2001:db8::1"},
	} {
		got, err := fake(t, test.has, test.routed).Again(t.Context(), "host.test", test.f, netip.MustParseAddr(test.current))
		if err != nil || got.String() != test.want {
			t.Errorf("%s, routed %q, family %d, now %s: %v, %v, want %s", test.has, test.routed, test.f, test.current, got, err, test.want)
		}
	}
}

func TestAll(t *testing.T) {
	const both = "2001:db8::1 192.0.2.1 2001:db8::1 ::ffff:192.0.2.1 192.0.2.2"
	for _, test := range []struct {
		has  string
		f    resolve.Family
		want string // addresses, or an error
		kind resolve.Kind
	}{
		{both, resolve.Either, "2001:db8::1 192.0.2.1 192.0.2.2", 0},
		{both, resolve.Both, "2001:db8::1 192.0.2.1 192.0.2.2", 0},
		{both, resolve.V4, "192.0.2.1 192.0.2.2", 0},
		{both, resolve.V6, "2001:db8::1", 0},
		{"192.0.2.1", resolve.Both, "host.test: has no IPv6 address, but both families were asked for", resolve.NotFound},
		{"2001:db8::1", resolve.Both, "host.test: has no IPv4 address, but both families were asked for", resolve.NotFound},
		{"192.0.2.1", resolve.V6, "host.test: has no IPv6 address, only of the other family", resolve.WrongFamily},
		{"2001:db8::1", resolve.V4, "host.test: has no IPv4 address, only of the other family", resolve.WrongFamily},
		{"", resolve.V4, "host.test: the name has no address of the family that was asked for", resolve.NotFound},
		{"", resolve.Either, "host.test: the name has no address of the family that was asked for", resolve.NotFound},
		{"0.0.0.0 fe80::1", resolve.Either, "host.test: resolves to nothing that is a host's address, as fe80::1", resolve.NotFound},
		{"192.0.2.1 ::", resolve.V6, "host.test: resolves to nothing that is a host's address, as ::", resolve.NotFound},
	} {
		got, err := fake(t, test.has, "").All(t.Context(), "host.test", test.f)
		if test.kind == 0 && (err != nil || !slices.Equal(got, addrs(test.want))) || test.kind != 0 && (err == nil || err.Error() != test.want) {
			t.Errorf("%q, family %d: %v, %v, want %s", test.has, test.f, got, err, test.want)
		}
		wantKind(t, err, test.kind)
	}
	got, err := unasked(t).All(t.Context(), "127.0.0.1", resolve.Both)
	if got != nil || err == nil || err.Error() != "127.0.0.1: has no IPv6 address, but both families were asked for" {
		t.Errorf("a literal, both families: %v, %v", got, err)
	}
	if got, err := unasked(t).All(t.Context(), "::1", resolve.V6); err != nil || !slices.Equal(got, addrs("::1")) {
		t.Errorf("a literal: %v, %v", got, err)
	}
}

// A name in /etc/hosts that has only the other family: net says so in its own way.
func TestOtherFamilyInHosts(t *testing.T) {
	resolver := resolve.Resolver{
		Lookup: func(_ context.Context, network, name string) ([]netip.Addr, error) {
			if network == "ip6" {
				return addrs("::1"), nil
			}
			return nil, &net.AddrError{Err: "no suitable address found", Addr: name}
		},
		Nsswitch: "/nonexistent",
	}
	_, err := resolver.First(t.Context(), "host.test", resolve.V4)
	const want = "host.test: has no IPv4 address, only of the other family"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	wantKind(t, err, resolve.WrongFamily)
}

// The deadline holds although the look-up heeds nothing.
func TestDeadline(t *testing.T) {
	for _, f := range []resolve.Family{resolve.Either, resolve.V4} {
		synctest.Test(t, func(t *testing.T) {
			stuck := make(chan struct{})
			defer close(stuck)
			resolver := resolve.Resolver{Lookup: func(context.Context, string, string) ([]netip.Addr, error) {
				<-stuck
				return nil, nil
			}}
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			began := time.Now()
			_, err := resolver.First(ctx, "host.test", f)
			if took := time.Since(began); took != 3*time.Second {
				t.Errorf("took %v", took)
			}
			if !errors.Is(err, context.DeadlineExceeded) || err.Error() != "host.test: name not resolved in time: context deadline exceeded" {
				t.Errorf("got %v", err)
			}
			wantKind(t, err, resolve.Timeout)
		})
	}
}

// The first look-up answers, but the one that only explains it does not.
func TestDeadlineOfTheExplanation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		resolver := resolve.Resolver{
			Lookup: func(ctx context.Context, network, name string) ([]netip.Addr, error) {
				if network == "ip6" {
					return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
				}
				<-ctx.Done()
				return nil, ctx.Err()
			},
			Nsswitch: "/nonexistent",
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		_, err := resolver.First(ctx, "host.test", resolve.V6)
		if err == nil || err.Error() != "host.test: name does not resolve: lookup host.test: no such host" {
			t.Errorf("got %v", err)
		}
		wantKind(t, err, resolve.NotFound)
	})
}

func TestCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		resolver := resolve.Resolver{Lookup: func(ctx context.Context, _, _ string) ([]netip.Addr, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		time.AfterFunc(time.Second, cancel)
		_, err := resolver.All(ctx, "host.test", resolve.Either)
		if !errors.Is(err, context.Canceled) || err.Error() != "host.test: look-up given up: context canceled" {
			t.Errorf("got %v", err)
		}
		wantKind(t, err, resolve.Canceled)
		// A literal needs nobody's answer.
		if addr, err := resolver.First(ctx, "127.0.0.1", resolve.Either); err != nil || addr != netip.MustParseAddr("127.0.0.1") {
			t.Errorf("a literal: %v, %v", addr, err)
		}
	})
}

// Without a function for it, routes are asked of the system; loopback has one.
func TestReachable(t *testing.T) {
	resolver := fake(t, "127.0.0.1 127.0.0.2", "")
	resolver.Reachable = nil
	if got, err := resolver.First(t.Context(), "host.test", resolve.Either); err != nil || got != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("got %v, %v", got, err)
	}
	resolver = fake(t, "fe80::1%nosuch0 127.0.0.2", "")
	resolver.Reachable = nil
	if got, err := resolver.First(t.Context(), "host.test", resolve.Either); err != nil || got != netip.MustParseAddr("127.0.0.2") {
		t.Errorf("got %v, %v", got, err)
	}
}
