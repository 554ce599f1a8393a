// Soak probes for a long time, with raw and datagram sockets over IPv4 and IPv6
// side by side, in the hostile network of package testbed with all its faults at
// once, while targets come, change and go, observers stall, rules change and the
// link flaps:
//
//	go run ./internal/truth/soak [-for 10m] [-seed N]
//
// Every event and every snapshot of the counters is held against what may be said
// of that host, and every verdict against the responder's log of requests. A line
// a minute, and at the end a table, say how it stands. The exit code is 1 if
// anything was said that is not true. It needs root.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/testbed"
)

func main() {
	length := flag.Duration("for", 10*time.Minute, "how long to probe, at least 30s")
	seed := flag.Uint64("seed", 0, "of all that is random; 0: another one each time")
	flag.Parse()
	if flag.NArg() > 0 || *length < 30*time.Second {
		flag.Usage()
		os.Exit(2)
	}
	if *seed == 0 {
		*seed = rand.Uint64N(1_000_000) + 1 //nolint:gosec // G404: repeatable on purpose
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	ok, err := soak(ctx, *length, *seed)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// soak brings a bed up and probes in it. It reports whether all was true.
func soak(ctx context.Context, length time.Duration, seed uint64) (ok bool, err error) {
	if err := testbed.Needs(); err != nil {
		return false, err
	}
	bed, err := testbed.Open()
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, bed.Close()) }()
	if err := bed.Client.Sysctl("net.ipv4.ping_group_range", "0 2147483647"); err != nil {
		return false, err
	}
	fmt.Printf("soak: %v, seed %d\n", length, seed)
	return newRun(bed, length, seed).run(ctx)
}
