// Accuracy holds the RTTs that pingers report against what a capture on the
// interface saw, while every core is kept busy by spinning processes and by
// goroutines of this process that make work for the garbage collector. All targets
// are probed at once, by one pinger after the other. It prints how far off each was,
// and how many answered probes it called lost. It is a part of the benchmark.
package main

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/rawping/rawping/internal/icmpsock"
)

// pingers are those that are compared, by the name that their figures have.
var pingers = []struct {
	name  string
	probe func(targets []netip.Addr) (reported, error)
}{
	{"rawping", rawping(icmpsock.Config{})},
	{"rawping nokeys", rawping(icmpsock.Config{NoStampKeys: true})}, // as on kernels before 6.13
	{"inputs.ping", telegrafPing},
	{"pro-bing", proBing},
}

// reported are the RTTs that a pinger reports; a target that is missing is lost
// according to it.
type reported map[netip.Addr]time.Duration

func main() {
	if len(os.Args) == 2 && os.Args[1] == "spin" {
		spin()
	}
	targets := flag.Int("targets", 2000, "how many addresses")
	rounds := flag.Int("rounds", 3, "how many times each pinger probes all")
	flag.Parse()
	if err := run(*targets, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "accuracy:", err)
		os.Exit(1)
	}
}
