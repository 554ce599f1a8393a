package testbed

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"github.com/rawping/rawping/internal/wire"
)

// quotation is what an error quotes.
type quotation struct {
	src, dst netip.Addr
	id, seq  int
	header   int // bytes before the ICMP message
	message  []byte
}

// bodyOf returns the quoted packet and the extensions, as x/net reads them.
func bodyOf(t testing.TB, h heard) ([]byte, []icmp.Extension) {
	t.Helper()
	switch b := h.Body.(type) {
	case *icmp.DstUnreach:
		return b.Data, b.Extensions
	case *icmp.TimeExceeded:
		return b.Data, b.Extensions
	case *icmp.ParamProb:
		return b.Data, b.Extensions
	case *icmp.PacketTooBig:
		return b.Data, nil
	case *icmp.RawBody:
		return b.Data[4:], nil
	}
	require.Fail(t, "no error", "%+v", h.Message)
	return nil, nil
}

// quoteOf reads the quoted packet.
func quoteOf(t testing.TB, f wire.Family, h heard) quotation {
	t.Helper()
	data, _ := bodyOf(t, h)
	var q quotation
	if f == wire.V4 {
		header, err := ipv4.ParseHeader(data)
		require.NoError(t, err)
		require.Equal(t, 1, header.Protocol)
		q.src, _ = netip.AddrFromSlice(header.Src.To4())
		q.dst, _ = netip.AddrFromSlice(header.Dst.To4())
		q.header = header.Len
		require.Zero(t, sum(data[:q.header]), "header checksum")
	} else {
		header, err := ipv6.ParseHeader(data)
		require.NoError(t, err)
		q.src, _ = netip.AddrFromSlice(header.Src)
		q.dst, _ = netip.AddrFromSlice(header.Dst)
		q.header = 40
		for next := header.NextHeader; next != 58; { // every header here has its length in the second byte
			b := data[q.header:]
			q.header += 8 * (1 + int(b[1]))
			next = int(b[0])
		}
	}
	q.message = data[q.header:]
	if len(q.message) >= 8 {
		q.id, q.seq = int(binary.BigEndian.Uint16(q.message[4:])), int(binary.BigEndian.Uint16(q.message[6:]))
	}
	return q
}

func sendRaw(t testing.TB, o *observer, to netip.Addr, b []byte) {
	t.Helper()
	_, err := o.conn.WriteTo(b, &net.IPAddr{IP: to.AsSlice()})
	require.NoError(t, err)
}

// badChecksums is the kernel's own count, in the client.
func badChecksums(t testing.TB, b *Bed) int {
	t.Helper()
	var text []byte
	require.NoError(t, b.Client.Do(func() (err error) {
		text, err = os.ReadFile("/proc/thread-self/net/snmp6")
		return err
	}))
	found := regexp.MustCompile(`Icmp6InCsumErrors\s+(\d+)`).FindSubmatch(text)
	require.NotNil(t, found, "%s", text)
	n, err := strconv.Atoi(string(found[1]))
	require.NoError(t, err)
	return n
}

// Errors of every type and code, with quotes of every kind.
func TestICMPErrors(t *testing.T) {
	b := New(t)
	codes := map[wire.Family]map[uint8]uint8{ // of each type, the highest code
		wire.V4: {3: 15, 4: 0, 5: 3, 11: 1, 12: 2},
		wire.V6: {1: 8, 2: 0, 3: 1, 4: 10},
	}
	for _, f := range families {
		host := b.Responder.Of(f).Addr().Next()
		o := observe(t, b, f)
		for typ, last := range codes[f] {
			for code := range last + 1 {
				b.Rule(single(host), Fault{ICMPError: &ICMPError{Type: typ, Code: code}})
				o.send(host, 1, payload())
				h := o.must()
				require.Equal(t, b.RouterAddr.Of(f), h.from)
				require.Equal(t, []byte{typ, code}, h.raw[:2])
				q := quoteOf(t, f, h)
				require.Equal(t, b.ClientAddr.Of(f), q.src)
				require.Equal(t, host, q.dst)
				require.Equal(t, []int{id, 1}, []int{q.id, q.seq})
				require.Equal(t, payload(), q.message[8:])
			}
		}
		o.nothing()
	}
}

func TestQuotes(t *testing.T) {
	b := New(t)
	other := map[wire.Family]netip.Addr{wire.V4: netip.MustParseAddr("203.0.113.77"), wire.V6: netip.MustParseAddr("2001:db8:b::77")}
	for _, f := range families {
		host := b.Responder.Of(f).Addr().Next()
		o := observe(t, b, f)
		unreachable := ICMPError{Type: 3, Code: 1}
		header, options := 20, 60
		if f == wire.V6 {
			unreachable = ICMPError{Type: 1, Code: 3}
			header, options = 40, 40+64
		}
		for _, test := range []struct {
			name    string
			change  func(*ICMPError)
			header  int
			message int
		}{
			{"8 bytes", func(e *ICMPError) { e.Quote = 8 }, header, 8},
			{"4 bytes", func(e *ICMPError) { e.Quote = 4 }, header, 4},
			{"28 bytes", func(e *ICMPError) { e.Quote = 28 }, header, 28},
			{"all", func(e *ICMPError) { e.Quote = 9999 }, header, 64},
			{"more headers", func(e *ICMPError) { e.Options, e.ExtHeaders = true, true }, options, 64},
			{"more headers, 8 bytes", func(e *ICMPError) { e.Options, e.ExtHeaders, e.Quote = true, true, 8 }, options, 8},
			{"another router", func(e *ICMPError) { e.From = other[f] }, header, 64},
		} {
			t.Run(fmt.Sprintf("%v %s", f, test.name), func(t *testing.T) {
				e := unreachable
				test.change(&e)
				b.Rule(single(host), Fault{ICMPError: &e})
				o.send(host, 1, payload())
				h := o.must()
				from := b.RouterAddr.Of(f)
				if e.From.IsValid() {
					from = e.From
				}
				require.Equal(t, from, h.from)
				q := quoteOf(t, f, h)
				require.Equal(t, test.header, q.header)
				require.Len(t, q.message, test.message)
				require.Equal(t, host, q.dst)
				if test.message >= 8 {
					require.Equal(t, []int{id, 1}, []int{q.id, q.seq})
				}
			})
		}
		t.Run(fmt.Sprintf("%v extensions", f), func(t *testing.T) {
			e := unreachable
			e.Extensions, e.Quote = true, 8
			b.Rule(single(host), Fault{ICMPError: &e})
			o.send(host, 1, payload())
			data, ext := bodyOf(t, o.must())
			require.Len(t, data, 128)
			require.Len(t, ext, 1)
			labels := ext[0].(*icmp.MPLSLabelStack).Labels
			require.Equal(t, []icmp.MPLSLabel{{Label: 256, S: true, TTL: 255}}, labels)
		})
		t.Run(fmt.Sprintf("%v echo too", f), func(t *testing.T) {
			b.Rule(single(host), Fault{ICMPError: &unreachable, EchoToo: true})
			o.send(host, 1, payload())
			require.Equal(t, 1, quoteOf(t, f, o.must()).seq)
			right(t, o.must(), host, 1)
		})
	}
}

// The MTU stands where the kernel itself looks for it.
func TestMTU(t *testing.T) {
	b := New(t)
	for _, f := range families {
		host := b.Responder.Of(f).Addr().Next()
		e := ICMPError{Type: 3, Code: 4, Info: 1300}
		if f == wire.V6 {
			e = ICMPError{Type: 2, Info: 1300}
		}
		b.Rule(single(host), Fault{ICMPError: &e})
		out, err := b.Client.Output("ping", "-n", "-c", "1", "-W", "60", "-M", "do", host.String())
		require.Error(t, err, "%s", out)
		require.Contains(t, out, "1300")
	}
}

// What the router and the client's own system do, without the responder.
func TestRouter(t *testing.T) {
	b := New(t)
	for _, f := range families {
		o := observe(t, b, f)
		for _, e := range b.RouterErrors(f) {
			for seq := range 20 { // more than any limit on errors would let pass
				o.send(e.Addr, seq, payload())
				h := o.must()
				require.Equal(t, b.RouterAddr.Of(f), h.from, e.Name)
				require.Equal(t, []byte{e.Type, e.Code}, h.raw[:2], e.Name)
				require.Equal(t, seq, quoteOf(t, f, h).seq)
			}
		}
		o.send(b.Silent.Of(f).Addr().Next(), 1, payload())
		o.nothing()

		big := make([]byte, 1400)
		narrow := b.Narrow.Of(f).Addr().Next()
		out, err := b.Client.Output("ping", "-n", "-c", "1", "-W", "60", "-M", "do", "-s", "1400", narrow.String())
		require.Error(t, err)
		require.Contains(t, out, strconv.Itoa(NarrowMTU))
		o2 := observe(t, b, f) // the first one has heard the error
		o2.send(narrow, 1, big)
		require.Equal(t, big, o2.must().echo().Data, "the kernel knows the MTU now and cuts by itself")

		for _, e := range b.LocalErrors() {
			_, err := o.conn.WriteTo([]byte{8, 0, 0, 0, 0, 0, 0, 0}, &net.IPAddr{IP: e.Addr.Of(f).AsSlice()})
			require.ErrorIs(t, err, e.Errno, "%s %v", e.Name, f)
		}
	}
}

func TestTimeExceeded(t *testing.T) {
	b := New(t)
	for _, f := range families {
		o := observe(t, b, f)
		host := b.Responder.Of(f).Addr().Next()
		for hops, from := range map[int]netip.Addr{1: b.RouterAddr.Of(f), 2: b.ServerAddr.Of(f)} {
			typ := byte(11)
			if f == wire.V4 {
				require.NoError(t, o.conn.IPv4PacketConn().SetTTL(hops))
			} else {
				typ = 3
				require.NoError(t, o.conn.IPv6PacketConn().SetHopLimit(hops))
			}
			for seq := range 20 {
				o.send(host, seq, payload())
				h := o.must()
				require.Equal(t, typ, h.raw[0])
				require.Equal(t, from, h.from)
			}
		}
	}
}

// A neighbour that does not answer is reported by our own system, after 3 s.
func TestDeadNeighbour(t *testing.T) {
	b := New(t)
	observers := []*observer{observe(t, b, wire.V4), observe(t, b, wire.V6)}
	for _, o := range observers {
		for _, dead := range []netip.Addr{b.DeadNeighbour.Of(o.family), b.DeadNeighbours.Of(o.family).Addr().Next()} {
			o.send(dead, 1, payload())
		}
	}
	for _, o := range observers {
		for range 2 {
			h, ok := o.next(eventually)
			require.True(t, ok)
			require.Equal(t, b.ClientAddr.Of(o.family), h.from)
		}
	}
}
