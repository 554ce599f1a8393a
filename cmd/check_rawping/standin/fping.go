package standin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/rawping/rawping/cmd/check_rawping/extraopts"
	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/resolve"
	"github.com/rawping/rawping/internal/wire"
)

// fping is a command line of check_fping.
type fping struct {
	version string

	host      string
	option    bool // it was given as -H, which has other words for what is no host
	family    resolve.Family
	warning   fpingLimits
	critical  fpingLimits
	alive     bool // the first reply is enough, unless something was lost before it
	packets   int
	size      int
	interval  time.Duration
	wait      time.Duration // 0: not given
	source    netip.Addr
	device    string
	verbosity int
	asked     string // a text to show instead of a check
}

// fpingLimits are thresholds, either of which may be missing.
type fpingLimits struct {
	rta, loss       float64 // milliseconds, per cent
	hasRTA, hasLoss bool
}

// FPing returns the stand-in for check_fping. version is the program's.
func FPing(version string) check.Personality {
	return func(ctx context.Context, args []string) (*check.Job, *check.Answer) {
		f := &fping{version: version, packets: 1, size: 56, interval: time.Second}
		return f.job(ctx, args)
	}
}

const fpingUsage = "Usage:\n check_fping <host_address> -w limit -c limit [-b size] [-n number] [-T number] [-i number]\n"

func fpingOptions() *optionTable {
	return &optionTable{
		short: "hVvaH:S:c:w:b:n:T:i:I:46",
		long: []longOption{
			{"hostname", 'H'},
			{"sourceip", 'S'},
			{"sourceif", 'I'},
			{"critical", 'c'},
			{"warning", 'w'},
			{"alive", 'a'},
			{"bytes", 'b'},
			{"number", 'n'},
			{"target-timeout", 'T'},
			{"interval", 'i'},
			{"verbose", 'v'},
			{"version", 'V'},
			{"help", 'h'},
			{"use-ipv4", '4'},
			{"use-ipv6", '6'},
		},
		operandsEnd: true,
	}
}

// plain is an error of which nothing but its text is shown.
type plain struct{ error }

// job reads a command line.
func (f *fping) job(ctx context.Context, args []string) (*check.Job, *check.Answer) {
	if err := f.read(ctx, args); err != nil {
		answer := f.failed(err)
		return nil, &answer
	}
	if f.asked != "" {
		return nil, unknown(f.asked)
	}
	return &check.Job{Plan: f.plan(), Report: f.report, Failed: f.failed}, nil
}

// failed says why there is nothing to report.
func (f *fping) failed(err error) check.Answer {
	wrong, isMisused := errors.AsType[misused](err)
	shown, isPlain := errors.AsType[plain](err)
	switch {
	case isMisused && wrong.error == nil:
		return *unknown(fpingUsage)
	case isMisused:
		return *unknown(line(wrong.Error()) + fpingUsage)
	case isPlain:
		return *unknown(line(shown.Error()))
	}
	return *unknown(line("check_fping: " + err.Error()))
}

// read reads the host, if it comes first, and the options.
func (f *fping) read(ctx context.Context, args []string) error {
	args, err := extraopts.Expand(ctx, args, "check_fping")
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return misused{errors.New("check_fping: Could not parse arguments")}
	}
	if hyphens := span(args[0], "-"); hyphens != 1 && hyphens != 2 {
		f.host, args = args[0], args[1:]
	}
	options, _, wrong := fpingOptions().read(args)
	for _, o := range options {
		if err := f.take(o); err != nil || f.asked != "" {
			return err
		}
	}
	switch {
	case wrong != nil:
		return misused{}
	case f.host == "" && !f.option:
		return misused{errors.New("check_fping: Hostname was not supplied")}
	}
	return nil
}

// take takes an option.
func (f *fping) take(o given) (err error) {
	switch o.option {
	case 'h':
		f.asked = fpingHelp
	case 'V':
		f.asked = versionText("check_fping", f.version)
	case 'v':
		f.verbosity++
	case 'a':
		f.alive = true
	case 'H':
		f.host, f.option = o.value, true
	case 'S':
		if f.source, err = netip.ParseAddr(o.value); err != nil {
			return misused{errors.New("check_fping: Invalid hostname/address - " + o.value)}
		}
	case 'I':
		if _, err := net.InterfaceByName(o.value); err != nil {
			return plain{errors.New("FPING UNKNOWN - host parameter error")}
		}
		f.device = o.value
	case '4':
		f.family = resolve.V4
	case '6':
		f.family = resolve.V6
	case 'c':
		return f.critical.read(o.value)
	case 'w':
		return f.warning.read(o.value)
	case 'b':
		return o.positive("Packet size", &f.size)
	case 'n':
		return o.positive("Packet count", &f.packets)
	case 'T':
		return o.milliseconds("Target timeout", &f.wait)
	case 'i':
		return o.milliseconds("Interval", &f.interval)
	}
	return nil
}

// positive reads a whole number that is more than 0.
func (o given) positive(what string, into *int) error {
	n, ok := isInteger(o.value)
	if !ok || n <= 0 {
		return misused{errors.New(what + " must be a positive integer")}
	}
	*into = int(n)
	return nil
}

func (o given) milliseconds(what string, into *time.Duration) error {
	n := 0
	err := o.positive(what, &n)
	*into = time.Duration(n) * time.Millisecond
	return err
}

// read reads RTA, or LOSS%, or both in either order, with a comma or a colon.
func (l *fpingLimits) read(s string) error {
	first, second := s, ""
	at := strings.IndexAny(s, ",:")
	if at >= 0 {
		first, second = s[:at], s[at+1:]
	}
	one, other := strings.Contains(first, "%"), strings.Contains(second, "%")
	switch {
	case at >= 0 && one && other:
		return words(fmt.Sprintf("Only one threshold may be packet loss (%s)", s))
	case at >= 0 && !one && !other:
		return words(fmt.Sprintf("Only one threshold must be packet loss (%s)", s))
	case at >= 0 && one:
		first, second = second, first
	case one:
		first, second = "", first
	}
	if err := l.readPart(s, first, &l.rta, &l.hasRTA, at >= 0 || !one); err != nil {
		return err
	}
	return l.readPart(s, second, &l.loss, &l.hasLoss, at >= 0 || one)
}

// readPart reads one of the thresholds in s, if it is there.
func (l *fpingLimits) readPart(s, part string, into *float64, has *bool, there bool) error {
	if !there {
		return nil
	}
	x, _, ok := leadingFloat(part)
	if !ok || x < 0 {
		return fmt.Errorf("%q is no threshold: %q is no number; want RTA,LOSS%% such as 100,20%%", s, part)
	}
	*into, *has = x, true
	return nil
}

// plan says what to send.
func (f *fping) plan() *check.Plan {
	wait := f.wait
	if wait == 0 {
		wait = min(f.interval, 2*time.Second) // fping's own default
	}
	p := &check.Plan{
		Targets: []check.Target{{Name: f.host, All: f.family != resolve.Either}},
		Packets: f.packets, Interval: f.interval, Wait: wait, Size: f.size, Interface: f.device,
		Resolved: f.resolved, After: f.after,
	}
	if f.source.IsValid() {
		p.Sources = []netip.Addr{f.source.Unmap()}
	}
	const lookups = 10 * time.Second
	p.Timeout = min(p.Span(1), longest) + wait + lookups
	return p
}

// errUnknownAddress is what fping's own error becomes.
var errUnknownAddress = plain{errors.New("FPING UNKNOWN - IP address not found")}

// resolved chooses the address: one of the family that is preferred, if there is
// one.
func (f *fping) resolved(hosts []*check.Host) error {
	chosen := hosts[0]
	switch {
	case chosen.Err == nil:
	case f.option || literal(f.host):
		return misused{errors.New("check_fping: " + invalidHost(chosen))}
	default:
		return errUnknownAddress
	}
	preferred := wire.V4
	if f.family == resolve.V6 {
		preferred = wire.V6
	}
	for _, h := range hosts {
		if wire.FamilyOf(chosen.Addr) != preferred && wire.FamilyOf(h.Addr) == preferred {
			chosen = h
		}
	}
	for _, h := range hosts {
		if h != chosen {
			h.Err = errUnused
		}
	}
	return nil
}

// after ends a check for life with the first reply.
func (f *fping) after(h *check.Host) check.Next {
	if f.early(h) {
		return check.RunDone
	}
	return check.GoOn
}

// early reports whether a check for life has its answer. A reply that comes after a
// loss is not enough for the original either.
func (f *fping) early(h *check.Host) bool {
	counts := h.Window.Counts()
	return f.alive && counts.Replies > 0 && counts.Lost+counts.Refused == 0
}
