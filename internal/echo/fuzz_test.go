package echo_test

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/echo/echotest"
	"github.com/rawping/rawping/internal/icmpsock"
)

// FuzzEngine has every host answer with whatever the fuzzer makes of the request
// and of its own bytes. The invariants must hold.
func FuzzEngine(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 20, 0xff, 2, 3, 1}, true)
	f.Add([]byte{1, 16, 5, 3, 1, 0, 0, 0, 0, 0, 0, 0x45}, false)
	f.Fuzz(func(t *testing.T, script []byte, raw bool) {
		synctest.Test(t, func(t *testing.T) {
			next := func() byte {
				if len(script) == 0 {
					return 0
				}
				b := script[0]
				script = script[1:]
				return b
			}
			host := func(r echotest.Request) []echotest.Answer {
				var answers []echotest.Answer
				for range next() % 4 {
					answers = append(answers, fuzzedAnswer(r, next))
				}
				return answers
			}
			facts := icmpsock.Facts{Raw: raw, RecvStamps: next()&1 == 0, SendStamps: next()&1 == 0, ID: 77}
			facts.SilentRefusal = !raw
			network := &echotest.Network{Facts: facts, Host: func(netip.Addr) echotest.Host { return host }}
			network.Withhold = func(echotest.Request) error {
				if next()&7 == 7 {
					return errRefused
				}
				return nil
			}
			r := &record{t: t}
			targets := []echo.Target{to(hostA, 3), to(hostB, 3), to(host6, 3)}
			targets[1].Size = int(next()) % 40
			probing{network: network, targets: targets}.start(t, r)
		})
	})
}

// fuzzedAnswer makes an answer: the right one, a changed one, or plain bytes.
func fuzzedAnswer(r echotest.Request, next func() byte) echotest.Answer {
	a := echotest.Answer{After: time.Duration(next()) * 10 * ms, Message: r.Echo(), NoStamp: next()&7 == 0}
	switch next() % 5 {
	case 1:
		a.Message[int(next())%len(a.Message)] ^= next()
		r.Sum(a.Message)
	case 2:
		a.Message = a.Message[:int(next())%len(a.Message)]
	case 3:
		a.Message = make([]byte, next())
		for i := range a.Message {
			a.Message[i] = next()
		}
		r.Sum(a.Message)
	case 4:
		a.Error = &echotest.ICMPError{Type: next(), Code: next(), Quote: int(next())}
		a.From = netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(next()))))
	}
	return a
}
