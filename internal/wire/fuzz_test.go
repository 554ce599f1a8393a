package wire

import (
	"bytes"
	"net/netip"
	"testing"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv6"
)

// fuzzedFamily makes a family of a fuzzed bit.
func fuzzedFamily(v6 bool) Family {
	if v6 {
		return V6
	}
	return V4
}

// addMessages seeds f with one message of every kind.
func addMessages(f *testing.F) {
	for _, fam := range families {
		_, request := message(f, fam, 1, 2, 56, testToken)
		quote := packet(fam, request, nil)
		f.Add(fam == V6, request)
		f.Add(fam == V6, asReply(fam, request))
		f.Add(fam == V6, errorMessage(fam, 3, 4, 0x20<<16|1400, append(quote, make([]byte, 100)...)))
		f.Add(fam == V6, errorMessage(fam, 1, 0, 0x10<<24, append(quote, make([]byte, 100)...)))
		f.Add(fam == V6, errorMessage(fam, 3, 1, 0, quote[:21]))
	}
	f.Add(false, errorMessage(V4, 11, 0, 0, packet(V4, make([]byte, 8), make([]byte, 40))))
	f.Add(true, errorMessage(V6, 3, 0, 0, packet6(protoHopByHop, extension(protoHopByHop, protoAuth, 16))))
}

// checkQuote checks what holds of every quote that was parsed from b.
func checkQuote(t *testing.T, fam Family, q Quote, b []byte) {
	t.Helper()
	if !q.Valid {
		if q.Dst.IsValid() || q.Src.IsValid() || q.ID != 0 || q.Seq != 0 || q.Payload != nil {
			t.Errorf("not valid, but %+v", q)
		}
		return
	}
	if !bytes.Contains(b, q.Payload) {
		t.Errorf("payload %x is no part of %x", q.Payload, b)
	}
	for _, a := range []netip.Addr{q.Src, q.Dst} {
		if !a.IsValid() || a.Is4In6() || a.Zone() != "" || FamilyOf(a) != fam {
			t.Errorf("%v is no address of %v", a, fam)
		}
	}
}

func FuzzParse(f *testing.F) {
	addMessages(f)
	f.Fuzz(func(t *testing.T, v6 bool, b []byte) {
		fam := fuzzedFamily(v6)
		before := bytes.Clone(b)
		var m Message
		err := m.Parse(fam, b)
		if (err != nil) != (len(b) < HeaderLen) {
			t.Fatalf("error %v for %d bytes", err, len(b))
		}
		if !bytes.Equal(b, before) {
			t.Fatal("changed its input")
		}
		if err != nil {
			return
		}
		if m.ChecksumOK != (v6 || checksumRFC(b) == 0) {
			t.Errorf("checksum %v", m.ChecksumOK)
		}
		if m.Class != ErrorMessage && (m.MTU != 0 || m.Quote.Valid) {
			t.Errorf("%v with facts of an error: %+v", m.Class, m)
		}
		checkQuote(t, fam, m.Quote, b)
		_ = ErrorText(fam, m.Type, m.Code)
		ReadToken(m.Payload)
	})
}

func FuzzQuote(f *testing.F) {
	for _, fam := range families {
		_, request := message(f, fam, 1, 2, 56, testToken)
		f.Add(fam == V6, packet(fam, request, nil))
		f.Add(fam == V6, packet(fam, request, make([]byte, 8))[:40])
	}
	f.Add(true, packet6(protoHopByHop, extension(protoHopByHop, protoFragment, 8)))
	f.Add(true, packet6(protoFragment, extension(protoFragment, protoAuth, 8)))
	f.Fuzz(func(t *testing.T, v6 bool, b []byte) {
		fam := fuzzedFamily(v6)
		var q Quote
		if err := q.ParsePacket(fam, b); (err == nil) != q.Valid {
			t.Fatalf("error %v, valid %v", err, q.Valid)
		}
		checkQuote(t, fam, q, b)
		if q.Valid {
			src, dst := xnetEndpoints(t, fam, b)
			if q.Src != src || q.Dst != dst {
				t.Errorf("%v to %v, want %v to %v", q.Src, q.Dst, src, dst)
			}
		}
		if err := q.ParseEcho(fam, b); (err == nil) != q.Valid {
			t.Fatalf("error %v, valid %v", err, q.Valid)
		}
		if q.Src.IsValid() || q.Dst.IsValid() {
			t.Errorf("addresses from nowhere: %+v", q)
		}
	})
}

// xnetEndpoints reads the addresses of a quoted packet with x/net.
func xnetEndpoints(t *testing.T, fam Family, b []byte) (src, dst netip.Addr) {
	t.Helper()
	if fam == V4 {
		h, err := icmp.ParseIPv4Header(b)
		if err != nil {
			t.Fatal(err)
		}
		src, _ = netip.AddrFromSlice(h.Src.To4())
		dst, _ = netip.AddrFromSlice(h.Dst.To4())
		return src, dst
	}
	h, err := ipv6.ParseHeader(b)
	if err != nil {
		t.Fatal(err)
	}
	src, _ = netip.AddrFromSlice(h.Src)
	dst, _ = netip.AddrFromSlice(h.Dst)
	return src, dst
}

func FuzzRoundTrip(f *testing.F) {
	f.Add(false, uint16(1), uint16(2), 56, uint32(3), uint32(4), uint64(5))
	f.Add(true, uint16(0xffff), uint16(0), 16, ^uint32(0), uint32(0), ^uint64(0))
	f.Add(false, uint16(0xffff), uint16(0xffff), 17, ^uint32(0), ^uint32(0), ^uint64(0))
	f.Add(false, uint16(0), uint16(0), 0, uint32(0), uint32(0), uint64(0))
	f.Fuzz(func(t *testing.T, v6 bool, id, seq uint16, size int, slot, generation uint32, mac uint64) {
		fam := fuzzedFamily(v6)
		r, err := NewRequest(fam, id, size%2000)
		if err != nil {
			return // negative
		}
		tok := Token{Slot: slot, Generation: generation, MAC: mac}
		b := r.Put(make([]byte, r.Len()), seq, tok)
		checkRoundTrip(t, fam, r, b, EchoRequest, id, seq, tok)
		checkRoundTrip(t, fam, r, asReply(fam, b), EchoReply, id, seq, tok)

		var q Quote
		if err := q.ParsePacket(fam, packet(fam, b, nil)); err != nil || q.ID != id || q.Seq != seq {
			t.Errorf("quote: error %v, %+v", err, q)
		}
		if got, ok := ReadToken(q.Payload); ok && got != tok {
			t.Errorf("quote: token %+v, want %+v", got, tok)
		}
	})
}

func checkRoundTrip(t *testing.T, fam Family, r *Request, b []byte, class MessageClass, id, seq uint16, tok Token) {
	t.Helper()
	var m Message
	if err := m.Parse(fam, b); err != nil {
		t.Fatal(err)
	}
	if m.Class != class || m.Code != 0 || m.ID != id || m.Seq != seq || !m.ChecksumOK {
		t.Errorf("got %+v, want %v id %d seq %d", m, class, id, seq)
	}
	if got, ok := ReadToken(m.Payload); ok != r.HasToken() || (ok && got != tok) {
		t.Errorf("token %v %+v, want %v %+v", ok, got, r.HasToken(), tok)
	}
	if !r.PayloadIntact(m.Payload) || r.PayloadShortened(m.Payload) {
		t.Errorf("payload %x not intact", m.Payload)
	}
}

func FuzzAgreesWithXNet(f *testing.F) {
	addMessages(f)
	f.Fuzz(func(t *testing.T, v6 bool, b []byte) {
		fam := fuzzedFamily(v6)
		var m Message
		err := m.Parse(fam, b)
		isEcho := err == nil && (m.Class == EchoRequest || m.Class == EchoReply)

		xm, xerr := icmp.ParseMessage(fam.protocol(), b)
		var echo *icmp.Echo
		if xerr == nil {
			echo, _ = xm.Body.(*icmp.Echo)
		}
		if isEcho != (echo != nil) {
			t.Fatalf("we say %v (%v), x/net %v (%v)", m.Class, err, xm, xerr)
		}
		if !isEcho {
			return
		}
		if int(m.ID) != echo.ID || int(m.Seq) != echo.Seq || !bytes.Equal(m.Payload, echo.Data) || int(m.Code) != xm.Code {
			t.Errorf("we say %+v, x/net %+v", m, echo)
		}
	})
}
