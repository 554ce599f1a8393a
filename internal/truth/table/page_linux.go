package main

import (
	"fmt"
	"io"
	"strings"
)

const head = `# What ping, fping, check_icmp and rawping say, and whether it is true

This page is written by ` + "`make truth-table`" + `: each program is run against each fault of a
network that is built for it (namespaces, a router, and a responder that answers wrongly
as it is told), 10 requests to a host, 100 ms apart, 1 s for a reply. The truth is what the
network did. A cell says what the program said: its exit code, how many of the 10 were lost
according to it, and what words it added, if any.

A program is right if it says how many of the 10 were lost, no more and no fewer; where a
router or our own system refused, also if it says why. A reply counts if it is to what was
sent, came from the host that was asked, and carries what was sent with a valid checksum.
Who says of a dead host that it lives, or blames the network for what never left this host,
is wrong, whatever else it prints. Words about duplicates and reordering are not asked for.

`

// write writes the page.
func write(w io.Writer, tools []*tool, tables []table) {
	fmt.Fprint(w, head)
	fmt.Fprintln(w, "| program | version | run as |\n|---|---|---|")
	for _, t := range tools {
		command := t.name + " " + t.flags
		if t.hosts != "" {
			command += " " + t.hosts
		}
		command += " ADDRESS"
		if t.flag6 != "" {
			command += " (IPv6: " + t.flag6 + ")"
		}
		fmt.Fprintf(w, "| %s | %s | `%s` |\n", t.name, t.version, command)
	}
	fmt.Fprint(w, "\nRight answers:\n\n|  |")
	for _, t := range tools {
		fmt.Fprintf(w, " %s |", t.name)
	}
	fmt.Fprintf(w, "\n|---|%s\n", strings.Repeat("---|", len(tools)))
	for _, t := range tables {
		fmt.Fprintf(w, "| %v |", t.family)
		for n := range tools {
			fmt.Fprintf(w, " %d of %d |", t.score(n), len(t.rows))
		}
		fmt.Fprintln(w)
	}
	for _, t := range tables {
		t.write(w)
	}
}

// score is how often a tool was right.
func (t table) score(tool int) int {
	right := 0
	for i, r := range t.rows {
		if r.right(t.said[i][tool]) {
			right++
		}
	}
	return right
}

// write writes the table of a family.
func (t table) write(w io.Writer) {
	fmt.Fprintf(w, "\n## %v\n\n| fault | the truth |", t.family)
	for _, tool := range t.tools {
		fmt.Fprintf(w, " %s |", tool.name)
	}
	fmt.Fprintf(w, "\n|---|---|%s\n", strings.Repeat("---|", len(t.tools)))
	for i, r := range t.rows {
		fmt.Fprintf(w, "| %s | %s |", r.name, r.truth)
		for n := range t.tools {
			s := t.said[i][n]
			fmt.Fprintf(w, " %s |", strings.ReplaceAll(s.cell(r.right(s), r.rtts), "|", `\|`))
		}
		fmt.Fprintln(w)
	}
}

// dump prints all that was printed.
func (t table) dump(w io.Writer) {
	for i, r := range t.rows {
		for n, tool := range t.tools {
			s := t.said[i][n]
			fmt.Fprintf(w, "==== %v, %s, %s: %s\n%s\n", t.family, r.name, tool.name, s.cell(r.right(s), r.rtts), s.text)
		}
	}
}
