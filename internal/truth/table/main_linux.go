// Table runs ping, fping, check_icmp and this project's programs side by side in
// the hostile network of package testbed, and writes down what each said and
// whether it was true:
//
//	go run ./internal/truth/table [-programs DIR] [-o FILE] [-v]
//
// The truth is what the test bed did; how what was said is held against it stands
// with each fault, in code. It needs root, and the programs.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/rawping/rawping/internal/testbed"
	"github.com/rawping/rawping/internal/wire"
)

func main() {
	programs := flag.String("programs", "bin", "where check_rawping and rawping are")
	output := flag.String("o", "", "file to write the table to; none: standard output")
	verbose := flag.Bool("v", false, "print what the programs printed to standard error")
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*programs, *output, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "truth-table:", err)
		os.Exit(1)
	}
}

// run fills both tables at once, each in a bed of its own.
func run(programs, output string, verbose bool) error {
	if err := testbed.Needs(); err != nil {
		return err
	}
	tools, err := allTools(programs)
	if err != nil {
		return err
	}
	families := []wire.Family{wire.V4, wire.V6}
	tables := make([]table, len(families))
	errs := make([]error, len(families))
	var wg sync.WaitGroup
	for i, f := range families {
		wg.Go(func() { tables[i], errs[i] = fill(f, tools) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	if verbose {
		for _, t := range tables {
			t.dump(os.Stderr)
		}
	}
	var page bytes.Buffer
	write(&page, tools, tables)
	if output == "" {
		_, err = io.Copy(os.Stdout, &page)
		return err
	}
	return os.WriteFile(output, page.Bytes(), 0o644) //nolint:gosec // G306: a page of the docs
}
