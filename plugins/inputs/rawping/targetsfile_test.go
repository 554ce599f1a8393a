package rawping

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseLine(t *testing.T) {
	how := new(defaultSettings())
	for line, want := range map[string]string{
		"192.0.2.1":                             `"192.0.2.1"`,
		"  192.0.2.1\t\r\n":                     `"192.0.2.1"`,
		"host.example site=a":                   `"host.example" site="a"`,
		"h.example zone=1 site=a  name=web":     `"h.example" name="web" site="a" zone="1"`,
		`::1 name="a \"b\" c\\d" site="e f"`:    `"::1" name="a \"b\" c\\d" site="e f"`,
		`::1 name=a"b c"d`:                      `"::1" name="ab cd"`,
		"::1 a=b # the rest, isn't it":          `"::1" a="b"`,
		"::1 a=b#c expr=x=y":                    `"::1" a="b#c" expr="x=y"`,
		"":                                      "",
		" \n":                                   "",
		"# 192.0.2.1":                           "",
		"192.0.2.1 site":                        `error "site": a tag is wanted behind the host, as in site=here`,
		"192.0.2.1 192.0.2.2":                   `error "192.0.2.2": a tag is wanted behind the host, as in site=here`,
		"192.0.2.1 a=b a=c":                     `error tag "a" is there twice`,
		"192.0.2.1 =b":                          `error "192.0.2.1": a tag without a name`,
		"192.0.2.1 a=":                          `error "192.0.2.1": tag "a" is empty`,
		"192.0.2.1 url=b":                       `error "192.0.2.1": tag "url" is the plugin's own`,
		`192.0.2.1 a=b\`:                        `error "192.0.2.1": tag "a" has the value "b\\": neither may end in a backslash, which line protocol cannot say`,
		`192.0.2.1 a\=b`:                        `error "192.0.2.1": tag "a\\" has the value "b": neither may end in a backslash, which line protocol cannot say`,
		`192.0.2.1 a=b\c`:                       `"192.0.2.1" a="b\\c"`,
		`192.0.2.1 a="b`:                        "error a quotation mark is open at the end of the line",
		"two_words,one":                         `error "two_words,one": ',' is in no host name`,
		"http://a.example/":                     `error "http://a.example/": a host name or an IP address is wanted, without scheme and path`,
		"0.0.0.0":                               `error "0.0.0.0": is no host's address`,
		"192.0.2.1 a=" + string(rune(7)):        `error "192.0.2.1": tag "a" has a control character in it`,
		"192.0.2.1 a=" + strings.Repeat("b", 9): `"192.0.2.1" a="bbbbbbbbb"`,
	} {
		e, err := parseLine(line, how)
		got := ""
		if e != nil {
			got = e.String()
			require.Same(t, how, e.how)
		}
		if err != nil {
			got = "error " + err.Error()
			requireOneLine(t, err)
		}
		require.Equal(t, want, got, "%q", line)
	}
}

// A line is any text: nothing panics, and what is taken can be asked for.
func FuzzParseLine(f *testing.F) {
	f.Add("192.0.2.1 site=here")
	f.Add(`::1 name="a \"b\"" # comment`)
	f.Fuzz(func(t *testing.T, line string) {
		e, err := parseLine(line, new(defaultSettings()))
		if err != nil || e == nil {
			return
		}
		again, err := newEntry(e.url, nil, e.how)
		require.NoError(t, err)
		require.Equal(t, e.url, again.url)
		for _, tag := range e.tags {
			require.NoError(t, checkTag(tag.Key, tag.Value))
		}
	})
}

// lists is a directory with files of targets.
type lists struct {
	t   *testing.T
	dir string
}

func newLists(t *testing.T) lists {
	t.Helper()
	return lists{t, t.TempDir()}
}

func (l lists) path(name string) string { return filepath.Join(l.dir, name) }

// put replaces a file in one step, as a configuration management does.
func (l lists) put(name string, lines ...string) {
	l.t.Helper()
	draft := l.path(name) + ".draft"
	require.NoError(l.t, os.WriteFile(draft, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	require.NoError(l.t, os.Rename(draft, l.path(name)))
}

func (l lists) remove(name string) {
	l.t.Helper()
	require.NoError(l.t, os.Remove(l.path(name)))
}

// A bad line is named with its file and number, and the rest go on; so do lines
// whose tags are there already.
func TestBadLines(t *testing.T) {
	l := newLists(t)
	l.put("a", "\uFEFF# ours", "192.0.2.1", "two words", "192.0.2.2 site=a", "192.0.2.2 site=a", "192.0.2.2", "127.0.0.1")
	l.put("b", "192.0.2.1", "192.0.2.3")
	p, logged, err := initialized(t, fmt.Sprintf("urls = [\"127.0.0.1\"]\ntargets_file = [%q]", l.path("*")))
	require.NoError(t, err)
	require.Equal(t, []string{
		"E! Left out: " + l.path("a") + `:3: "words": a tag is wanted behind the host, as in site=here`,
		"E! Left out: " + l.path("a") + `:5: "192.0.2.2" site="a" is there twice with equal tags, and one would overwrite the other`,
		"E! Left out: " + l.path("a") + `:7: "127.0.0.1" is there twice with equal tags, and one would overwrite the other`,
		"E! Left out: " + l.path("b") + `:1: "192.0.2.1" is there twice with equal tags, and one would overwrite the other`,
	}, logged)
	d, err := p.Demand()
	require.NoError(t, err)
	require.Equal(t, 5, d.Targets)
}

// Files are read again when they change: what is new is probed, what is gone is
// not, and what stays notices nothing.
func TestFilesChange(t *testing.T) {
	l := newLists(t)
	l.put("a.hosts", "192.0.2.1", "192.0.2.2 site=a")
	p, err := load(t, fmt.Sprintf("[[inputs.rawping]]\ntargets_file = [%q]", l.path("*.hosts")))
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		w := inhabit(t, p)
		require.NoError(t, w.Start(&w.acc))
		s := w.session
		sum := int64(0)
		gather := func() (urls []string) {
			rows := w.gather(t)
			for url, m := range rows {
				urls = append(urls, url)
				if url == "192.0.2.1" {
					sum += m.Fields()["packets_received"].(int64)
				}
			}
			return urls
		}
		require.ElementsMatch(t, []string{"192.0.2.1", "192.0.2.2"}, gather())
		time.Sleep(20 * time.Second)
		require.Empty(t, w.lines(), "nothing has changed")

		l.put("a.hosts", "192.0.2.1", "192.0.2.5 # new", "five.example")
		l.put("b.hosts", "2001:db8::1")
		time.Sleep(20 * time.Second)
		rows := gather()
		require.ElementsMatch(t, []string{"192.0.2.1", "192.0.2.2", "192.0.2.5", "five.example", "2001:db8::1"}, rows, "what left tells its last")
		require.Equal(t, []string{"I! Targets changed: 3 more, 1 less, 4 now"}, w.lines())
		probes := len(w.sent("192.0.2.2"))
		time.Sleep(10 * time.Second)
		require.ElementsMatch(t, []string{"192.0.2.1", "192.0.2.5", "five.example", "2001:db8::1"}, gather())
		require.Len(t, w.sent("192.0.2.2"), probes, "no more probes")
		require.Equal(t, int64(10), w.rows()["2001:db8::1"].Fields()["packets_received"])
		require.Equal(t, int64(10), w.rows()["five.example"].Fields()["packets_received"])

		l.put("b.hosts", "two words", "2001:db8::1", "192.0.2.1")
		time.Sleep(10 * time.Second)
		require.Len(t, gather(), 4)
		require.Equal(t, []string{
			"E! Left out: " + l.path("b.hosts") + `:1: "words": a tag is wanted behind the host, as in site=here`,
			"E! Left out: " + l.path("b.hosts") + `:3: "192.0.2.1" is there twice with equal tags, and one would overwrite the other`,
			"I! Targets changed: 0 more, 0 less, 4 now",
		}, w.lines()[1:])

		l.remove("b.hosts")
		time.Sleep(20 * time.Second)
		gather()
		require.Len(t, gather(), 3, "a file that a pattern does not find is gone")
		require.Len(t, w.lines(), 5)

		require.InDelta(t, len(w.sent("192.0.2.1")), sum, 1, "its probes were never interrupted")
		require.Equal(t, 3, s.engine.Counters().Targets)
		w.Stop()
	})
}

// rewrite replaces what is in a file, without a rename.
func (l lists) rewrite(name, text string) {
	l.t.Helper()
	require.NoError(l.t, os.WriteFile(l.path(name), []byte(text), 0o600))
}

// A file that is looked at while it is being written keeps its targets.
func TestFileIsBeingWritten(t *testing.T) {
	const full = "192.0.2.1\n192.0.2.5\n"
	for name, half := range map[string]string{"emptied": "", "half": "192.0.2.1\n", "within a line": "192.0.2.1\n192.0"} {
		t.Run(name, func(t *testing.T) {
			l := newLists(t)
			l.rewrite("hosts", full)
			p, err := load(t, fmt.Sprintf("[[inputs.rawping]]\ntargets_file = [%q]", l.path("hosts")))
			require.NoError(t, err)
			synctest.Test(t, func(t *testing.T) {
				w := inhabit(t, p)
				require.NoError(t, w.Start(&w.acc))
				w.gather(t)
				for range 3 {
					time.Sleep(3 * time.Second)
					l.rewrite("hosts", half)
					time.Sleep(5 * time.Second) // one look
					l.rewrite("hosts", full)
					time.Sleep(7 * time.Second)
				}
				rows := w.gather(t)
				require.Len(t, rows, 2)
				require.InDelta(t, 45, rows["192.0.2.5"].Fields()["packets_received"], 1, "without interruption")
				for _, line := range w.lines() {
					require.Equal(t, "I! Targets changed: 0 more, 0 less, 2 now", line)
				}

				l.rewrite("hosts", "192.0.2.1\n")
				time.Sleep(11 * time.Second)
				w.gather(t)
				require.Len(t, w.gather(t), 1, "it stayed as it was")
				l.rewrite("hosts", "")
				time.Sleep(11 * time.Second)
				w.gather(t)
				require.Empty(t, w.gather(t))
				w.Stop()
			})
		})
	}
}

// A file that cannot be read keeps its targets, and is read again when it can.
func TestFileGoesMissing(t *testing.T) {
	l := newLists(t)
	l.put("hosts", "192.0.2.1")
	p, err := load(t, fmt.Sprintf("[[inputs.rawping]]\ntargets_file = [%q]", l.path("hosts")))
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		w := inhabit(t, p)
		require.NoError(t, w.Start(&w.acc))
		w.gather(t)
		l.remove("hosts")
		time.Sleep(time.Minute)
		require.InDelta(t, 60, w.gather(t)["192.0.2.1"].Fields()["packets_received"], 1)
		require.Len(t, w.lines(), 1, "once")
		require.Contains(t, w.lines()[0], "E! Keeping the targets that were read last: targets_file: ")
		require.Contains(t, w.lines()[0], l.path("hosts"))
		l.put("hosts", "192.0.2.5")
		time.Sleep(10 * time.Second)
		w.gather(t)
		require.Len(t, w.gather(t), 1)
		require.Equal(t, "I! Targets changed: 1 more, 1 less, 1 now", w.lines()[1])
		w.Stop()

		l.put("hosts", "192.0.2.1", "192.0.2.5") // while stopped
		require.NoError(t, w.Start(&w.acc))
		require.Len(t, w.gather(t), 2)
		w.Stop()
	})
}

// An empty list is a list: targets may come later.
func TestListIsEmptyAtFirst(t *testing.T) {
	l := newLists(t)
	p, err := load(t, fmt.Sprintf("[[inputs.rawping]]\ncount = 2\ntargets_file = [%q]", l.path("*.hosts")))
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		w := inhabit(t, p)
		began := time.Now()
		require.NoError(t, w.Start(&w.acc))
		require.Empty(t, w.gather(t))
		require.Zero(t, time.Since(began), "there is nobody to wait for")
		l.put("a.hosts", "192.0.2.1")
		time.Sleep(10 * time.Second)
		w.gather(t)
		require.Equal(t, int64(2), w.tick(t, "192.0.2.1")["packets_received"])
		w.Stop()
	})
}

// The targets of a file are shared out too.
func TestShardOfAFile(t *testing.T) {
	l := newLists(t)
	var hosts []string
	for i := range 100 {
		hosts = append(hosts, fmt.Sprintf("198.18.0.%d", i+1))
	}
	l.put("hosts", hosts...)
	seen := map[string]int{}
	for i := 1; i <= 3; i++ {
		p, _, err := initialized(t, fmt.Sprintf("targets_file = [%q]\nshard = \"%d/3\"", l.path("hosts"), i))
		require.NoError(t, err)
		for _, e := range p.plan.targets {
			seen[e.url]++
		}
	}
	require.Len(t, seen, 100)
	for url, n := range seen {
		require.Equal(t, 1, n, url)
	}
}
