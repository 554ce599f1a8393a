package site

import (
	"context"
	"net"

	"github.com/rawping/rawping/internal/testbed"
)

// dialIn returns a function that connects from within a network namespace, or
// from this machine's own if ns is nil. Addresses are literal.
func dialIn(ns *testbed.Namespace) func(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	if ns == nil {
		return d.DialContext
	}
	return func(ctx context.Context, network, address string) (conn net.Conn, err error) {
		err = ns.Do(func() (err error) {
			conn, err = d.DialContext(ctx, network, address)
			return err
		})
		return conn, err
	}
}
