package truth

import (
	"regexp"
	"sync"
	"syscall"
	"testing"

	"github.com/rawping/rawping/internal/testbed"
)

// nothingSent matches the perfdata of a check that sent nothing.
const nothingSent = `rta nan, nothing sent\|rta=U;200\.000;500\.000;0; pl=U;40;80;; rtmax=U;;;; rtmin=U;;;; $`

// TestTrap05ProcessNothingSent: a check that could send nothing knows nothing of loss.
// It is CRITICAL if the way is missing, and UNKNOWN if its own host refuses.
func TestTrap05ProcessNothingSent(t *testing.T) {
	inField(t, anyGroup, nil, func(f *field) {
		words := map[string]string{
			"blackhole":   "blackhole route or invalid options (EINVAL)",
			"unreachable": "unreachable by a local route (EHOSTUNREACH)",
			"prohibit":    "prohibited by a local route, or a broadcast address (EACCES)",
			"no route":    "no route to the host (ENETUNREACH)",
			"firewall":    "refused by the local firewall (EPERM)",

			"rejecting firewall": "refused by the local firewall (EPERM)",
		}
		f.everyWay(func(w *way) {
			for _, e := range w.LocalErrors() {
				host, why := e.Addr.Of(w.family).String(), regexp.QuoteMeta(words[e.Name])
				code, state := 2, "CRITICAL"
				if e.Errno == syscall.EPERM {
					code, state = 3, "UNKNOWN"
				}
				r := w.check("-n", "2", "-H", host)
				r.says(w, code, `^`+state+` - `+host+`: `+why+`\. `+nothingSent, `^`+host+`: 2 packets not sent: `+why+`$`)
				r = w.rawping("-c", "2", "-i", "0.1", host)
				r.says(w, 1, `^not sent to `+host+`: icmp_seq=2 `+why+`$`, `^0 packets transmitted, 0 received, -% packet loss`)

				// Nor does it cost another host anything.
				alive := w.ServerAddr.Of(w.family).String()
				w.check("-n", "3", "-w", "3000,1%", "-c", "3000,80%", "-H", alive, host).
					says(w, code, `^`+state+` - `+alive+`: rta \d+\.\d{3}ms, lost 0% :: `+host+`: `+why)
			}
		})
	})
}

// TestTrap08ProcessAnySource: a reply from another address is no proof of life, unless
// the user says so.
func TestTrap08ProcessAnySource(t *testing.T) {
	inField(t, anyGroup, nil, func(f *field) {
		f.everyWay(func(w *way) {
			other := w.host(200)
			host := w.rule(1, testbed.Fault{WrongSource: other}).String()
			w.lenient(host, "--any-source", `3 replies from another address: `+regexp.QuoteMeta(other.String()))
		})
	})
}

// TestTrap12ProcessAcceptTruncated: some devices cut or zero what they send back. It
// counts if the user says so, as long as the token is whole.
func TestTrap12ProcessAcceptTruncated(t *testing.T) {
	inField(t, anyGroup, nil, func(f *field) {
		f.everyWay(func(w *way) {
			var hosts sync.WaitGroup
			for i, fault := range []testbed.Fault{{Truncate: 40}, {Truncate: 24, TruncateZero: true}} {
				host := w.rule(byte(1+i), fault).String()
				hosts.Go(func() { w.lenient(host, "--accept=truncated", `3 corrupt replies`) })
			}
			for i, fault := range []testbed.Fault{{Truncate: 23}, {Truncate: 8}, {CorruptPayload: 1}, {Pad: 4}} {
				host := w.rule(byte(10+i), fault).String()
				hosts.Go(func() {
					w.check("-n", "3", "--accept=truncated", "-H", host).
						says(w, 2, `rta nan, lost 100%\|`, `^`+host+`: 3 corrupt replies$`)
				})
			}
			hosts.Wait()
		})
	})
}

// lenient asserts that replies of a host count with an option, and that without
// it they do not, for the reason that is given.
func (w *way) lenient(host, option, why string) {
	var checks sync.WaitGroup
	checks.Go(func() {
		w.check("-n", "3", "-H", host).says(w, 2, `^CRITICAL - `+host+`: rta nan, lost 100%\|`, `^`+host+`: `+why+`$`)
	})
	checks.Go(func() {
		w.check("-n", "3", "-w", "3000,40%", "-c", "3000,80%", option, "-H", host).
			says(w, 0, `^OK - `+host+`: rta \d+\.\d{3}ms, lost 0%\|`)
	})
	checks.Wait()
}
