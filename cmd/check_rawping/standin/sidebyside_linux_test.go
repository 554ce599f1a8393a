package standin_test

import (
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/steady"
)

// sideBySide is a command line for a plugin of Debian's and for its stand-in. Words
// are parted by one space; a tilde stands for a space within a word.
type sideBySide struct {
	args string

	// row is the row of docs/stand-ins.md that says why the outputs differ. "": they
	// are the same.
	row  string
	code int    // if they differ: the stand-in's exit code
	out  string // and its output, figures blanked; its beginning, if it ends with ...

	as        []string // the command that runs the plugin
	stopped   bool     // it gets SIGTERM, as of a scheduler that has lost patience, once it has asked twice
	bare      bool     // a copy of the original, without the capabilities that Debian gives it
	filesOnly bool     // there is no name server
	tight     bool     // a machine that stands still for a moment changes the status
}

// TestSideBySide compares exit code, output, figures blanked, and what reached the
// hosts: how many packets of which length and TTL. Every difference has its row in the
// documentation, and every row has its difference.
func TestSideBySide(t *testing.T) {
	rows := documented(t)
	n := newNetwork(t)
	seen := map[string]bool{}
	var runs sync.WaitGroup
	room := make(chan struct{}, 24) // nearly all of their time is spent waiting
	for _, cases := range [][]sideBySide{icmpCases(), hostCases(), pingCases(), fpingCases(), schedulerCases()} {
		for _, c := range cases {
			if c.row != "" {
				assert.Contains(t, rows, c.row, "not in docs/stand-ins.md: %s", c.args)
				seen[c.row] = true
			}
			runs.Go(func() {
				room <- struct{}{}
				defer func() { <-room }()
				t.Run(c.args, func(t *testing.T) {
					steady.Run(t, func(t testing.TB) { n.compare(t, &c) })
				})
			})
		}
	}
	runs.Wait()
	for _, row := range rows {
		assert.True(t, seen[row], "nothing shows the row %q of docs/stand-ins.md", row)
	}
}

// compare runs both, side by side, each with hosts that nobody has asked.
func (n *network) compare(t testing.TB, c *sideBySide) {
	t.Helper()
	var theirs, ours said
	var both sync.WaitGroup
	dir := originals
	if c.bare {
		dir = filepath.Join(n.ours, "bare")
	}
	both.Go(func() {
		theirs = n.run(t, dir, c)
		// Its alarm and the end of ping are a second apart, and sometimes ping is late.
		for tries := 0; tries < 5 && strings.Contains(theirs.out, "Plugin timed out"); tries++ {
			theirs = n.run(t, dir, c)
		}
	})
	both.Go(func() { ours = n.run(t, n.ours, c) })
	both.Wait()
	if os.Getenv("STANDIN_SHOW") != "" {
		t.Logf("%s\n\ttheirs (%d, %v): %q\n\tours   (%d, %v): %q", c.args, theirs.code, theirs.took, theirs.out, ours.code, ours.took, ours.out)
	}
	assert.Empty(t, ours.errs, c.args)
	if c.tight {
		assert.Less(t, ours.code, 3, "%s: %s", c.args, ours.out)
		theirs, ours = theirs.withoutStatus(), ours.withoutStatus()
	}
	same := theirs.code == ours.code && theirs.out == ours.out
	if c.row == "" {
		if assert.True(t, same, "%s\n\ttheirs (%d, %v): %q\n\tours   (%d, %v): %q", c.args, theirs.code, theirs.took, theirs.out, ours.code, ours.took, ours.out) {
			n.compareAsked(t, c, theirs.hosts, ours.hosts)
		}
		return
	}
	assert.False(t, same, "%s: they no longer differ as %q says: %d %q", c.args, c.row, ours.code, ours.out)
	assert.Equal(t, c.code, ours.code, c.args)
	if begin, more := strings.CutSuffix(c.out, "..."); more {
		assert.True(t, strings.HasPrefix(ours.out, begin), "%s: %q", c.args, ours.out)
		return
	}
	assert.Equal(t, c.out, ours.out, c.args)
}

// compareAsked compares what reached the hosts. How many packets that are may depend on
// the time: until an ICMP error comes or, with check_ping, the last answer that it wants;
// then only the first one of the first host is compared.
func (n *network) compareAsked(t testing.TB, c *sideBySide, theirs, ours [][2]string) {
	t.Helper()
	most := math.MaxInt
	if regexp.MustCompile(`^check_(ping|host)|\{(refused|expired|problem|big)`).MatchString(c.args) {
		most, theirs, ours = 1, theirs[:min(1, len(theirs))], ours[:min(1, len(ours))]
	}
	var want, got string
	for end := time.Now().Add(runTime); ; time.Sleep(10 * time.Millisecond) { // the last packet may still be on its way
		want, got = n.asked(theirs, most), n.asked(ours, most)
		if want == got || time.Now().After(end) {
			break
		}
	}
	assert.Equal(t, want, got, c.args)
}

// statuses are the words that withoutStatus takes out.
var statuses = regexp.MustCompile(`OK|WARNING|CRITICAL`)

// withoutStatus returns what is left to compare if only the RTT may differ.
func (s said) withoutStatus() said {
	s.code, s.out = 0, statuses.ReplaceAllString(s.out, "STATUS")
	return s
}

// documented returns the names of all rows of the table in docs/stand-ins.md.
func documented(t *testing.T) (rows []string) {
	t.Helper()
	text, err := os.ReadFile("../../../docs/stand-ins.md")
	require.NoError(t, err)
	for _, found := range regexp.MustCompile("(?m)^\\| `([a-z0-9-]+)` \\|").FindAllStringSubmatch(string(text), -1) {
		rows = append(rows, found[1])
	}
	require.NotEmpty(t, rows)
	return rows
}
