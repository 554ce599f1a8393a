package testbed

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// How long a bed may take to carry its first packets, and how often it is asked.
const (
	readyTime     = 30 * time.Second
	readyEvery    = 5 * time.Millisecond
	stragglerTime = time.Second
)

// waitReady returns when the whole way carries packets, there and back. The
// kernel starts a link's queue a moment after the link came up, and drops what
// comes before.
func (b *Bed) waitReady() error {
	for _, way := range []struct {
		network, address string
		host             netip.Addr
		request          icmp.Type
	}{
		{"ip4:icmp", "0.0.0.0", netip.MustParseAddr("198.19.254.254"), ipv4.ICMPTypeEcho},
		{"ip6:ipv6-icmp", "::", netip.MustParseAddr("2001:db8:f:fffe::fe"), ipv6.ICMPTypeEchoRequest},
	} {
		var conn *icmp.PacketConn
		err := b.Client.Do(func() (err error) {
			conn, err = icmp.ListenPacket(way.network, way.address)
			return err
		})
		if err != nil {
			return err
		}
		request, err := (&icmp.Message{Type: way.request, Body: &icmp.Echo{}}).Marshal(nil)
		if err == nil {
			err = b.firstReply(conn, way.host, request)
		}
		if err := errors.Join(err, conn.Close()); err != nil {
			return fmt.Errorf("no way to %v: %w", way.host, err)
		}
	}
	b.Forget()
	return nil
}

// firstReply asks until there is an answer, and waits for all answers to what
// reached the responder, so that none is left for the first test to wonder about:
// but not for long, because the way back may have lost one too.
func (b *Bed) firstReply(conn *icmp.PacketConn, host netip.Addr, request []byte) error {
	buffer := make([]byte, 1500)
	prefix := netip.PrefixFrom(host, host.BitLen())
	began := time.Now()
	var last time.Time // reply
	for replies := 0; replies == 0 || replies < b.Seen(prefix).Requests && time.Since(last) < stragglerTime; {
		if time.Since(began) > readyTime {
			return fmt.Errorf("no answer in %v", readyTime)
		}
		if replies == 0 {
			if _, err := conn.WriteTo(request, &net.IPAddr{IP: host.AsSlice()}); err != nil {
				return err
			}
		}
		if err := conn.SetReadDeadline(time.Now().Add(readyEvery)); err != nil {
			return err
		}
		for {
			_, from, err := conn.ReadFrom(buffer)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				return err
			}
			if from.(*net.IPAddr).IP.Equal(host.AsSlice()) {
				replies++
				last = time.Now()
				break
			}
		}
	}
	return nil
}
