package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
)

// What stands between the markers of a page is written by this program.
const (
	begin = "<!-- make bench: begin -->\n"
	end   = "<!-- make bench: end -->\n"
)

// replace writes text between the markers of a page.
func replace(file, text string) error {
	page, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, begun := bytes.Cut(page, []byte(begin))
	_, after, ended := bytes.Cut(rest, []byte(end))
	if !begun || !ended {
		return fmt.Errorf("%s: has no lines %q and %q to write between", file, begin, end)
	}
	page = slices.Concat(before, []byte(begin+"\n"+text+"\n"+end), after)
	return os.WriteFile(file, page, 0o644) //nolint:gosec // G306: a page of the docs
}
