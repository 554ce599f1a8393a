package native

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/check/checktest"
	"github.com/rawping/rawping/internal/nagios"
	"github.com/rawping/rawping/internal/steady"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// remembering runs a check whose results are OK or CRITICAL and returns what
// --on-change has printed of it, without perfdata.
func remembering(t testing.TB, args, file string, status nagios.Status, at time.Time) string {
	t.Helper()
	s := parsed(t, "192.0.2.1 --state-file "+file+" "+args)
	news, printed, _ := s.remember(status, &check.Results{Plan: s.plan}, at)
	if !printed {
		return ""
	}
	return strings.Join(append([]string{status.String()}, news...), "; ")
}

func TestOnChange(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	for _, step := range []struct {
		at     time.Duration
		status nagios.Status
		want   string
	}{
		{0, nagios.OK, ""},
		{5 * time.Minute, nagios.OK, ""},
		{10 * time.Minute, nagios.CRITICAL, "CRITICAL; changed from OK, which held for 10m0s"},
		{15 * time.Minute, nagios.CRITICAL, ""},
		{6*time.Hour + 9*time.Minute, nagios.CRITICAL, ""},
		{6*time.Hour + 10*time.Minute, nagios.CRITICAL, "CRITICAL; CRITICAL for 6h0m"},
		{7 * time.Hour, nagios.CRITICAL, ""},
		{12*time.Hour + 10*time.Minute, nagios.CRITICAL, "CRITICAL; CRITICAL for 12h0m"},
		{13 * time.Hour, nagios.WARNING, "WARNING; changed from CRITICAL, which held for 12h50m"},
		{13*time.Hour + 1*time.Minute, nagios.OK, "OK; changed from WARNING, which held for 1m0s"},
		{80 * time.Hour, nagios.OK, ""},
		{80*time.Hour + time.Second, nagios.UNKNOWN, "UNKNOWN; changed from OK, which held for 2d18h"},
		{79 * time.Hour, nagios.UNKNOWN, "UNKNOWN; UNKNOWN for 0s"}, // the clock was set back
		{79*time.Hour + time.Minute, nagios.UNKNOWN, ""},
	} {
		assert.Equal(t, step.want, remembering(t, "--on-change --remind 6h", file, step.status, noon.Add(step.at)), "%v", step.at)
	}
}

func TestStateWithoutOnChange(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	assert.Equal(t, "OK", remembering(t, "", file, nagios.OK, noon))
	assert.Equal(t, "CRITICAL; changed from OK, which held for 1h0m", remembering(t, "", file, nagios.CRITICAL, noon.Add(time.Hour)))
	assert.Equal(t, "CRITICAL", remembering(t, "--quiet", file, nagios.CRITICAL, noon.Add(2*time.Hour)))
	assert.Empty(t, remembering(t, "--quiet", file, nagios.OK, noon.Add(3*time.Hour)), "OK is not to be printed")
	assert.Empty(t, remembering(t, "--quiet --on-change", file, nagios.OK, noon.Add(4*time.Hour)))
}

func TestFirstStateIsNews(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	assert.Equal(t, "CRITICAL", remembering(t, "--on-change", file, nagios.CRITICAL, noon))
	assert.Empty(t, remembering(t, "--on-change", file, nagios.CRITICAL, noon.Add(time.Hour)))
}

// A run that was stopped knows no state.
func TestStoppedRemembersNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	s := parsed(t, "192.0.2.1 --on-change --state-file "+file)
	news, printed, _ := s.remember(nagios.UNKNOWN, &check.Results{Ending: check.Ending{Signal: "SIGTERM"}}, noon)
	assert.Empty(t, news)
	assert.True(t, printed)
	assert.NoFileExists(t, file)
}

// What was told to nobody is told by the next run, once.
func TestUnsaidIsToldAgain(t *testing.T) {
	const args = "--on-change --remind 6h"
	unheard := func(file string, status nagios.Status, at time.Time) {
		s := parsed(t, "192.0.2.1 --state-file "+file+" "+args)
		_, printed, forget := s.remember(status, &check.Results{Plan: s.plan}, at)
		require.True(t, printed)
		forget()
	}
	at := func(h time.Duration) time.Time { return noon.Add(h * time.Hour) }
	damaged := filepath.Join(t.TempDir(), "damaged")
	require.NoError(t, os.WriteFile(damaged, []byte("damaged"), 0o600))
	for name, c := range map[string]struct {
		file   string
		before func(file string)
		want   string
	}{
		"first": {want: "CRITICAL"},
		"change": {
			before: func(file string) { remembering(t, args, file, nagios.OK, at(0)) },
			want:   "CRITICAL; changed from OK, which held for 12h0m",
		},
		"reminder": {
			before: func(file string) { remembering(t, args, file, nagios.CRITICAL, at(0)) },
			want:   "CRITICAL; CRITICAL for 12h0m",
		},
		"damage": {file: damaged, want: "CRITICAL; state file " + damaged + " was damaged (it is no state of check_rawping), begun anew"},
	} {
		t.Run(name, func(t *testing.T) {
			file := c.file
			if file == "" {
				file = filepath.Join(t.TempDir(), "state")
			}
			if c.before != nil {
				c.before(file)
			}
			unheard(file, nagios.CRITICAL, at(11))
			assert.Equal(t, c.want, remembering(t, args, file, nagios.CRITICAL, at(12)))
			assert.Empty(t, remembering(t, args, file, nagios.CRITICAL, at(13)))
		})
	}
}

// What another run has told since stays told.
func TestUnsaidAfterAnotherRun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	s := parsed(t, "192.0.2.1 --on-change --state-file "+file)
	_, _, forget := s.remember(nagios.CRITICAL, &check.Results{Plan: s.plan}, noon)
	assert.Equal(t, "WARNING; changed from CRITICAL, which held for 1h0m", remembering(t, "--on-change", file, nagios.WARNING, noon.Add(time.Hour)))
	forget()
	assert.Empty(t, remembering(t, "--on-change", file, nagios.WARNING, noon.Add(2*time.Hour)))
}

// Damage is said once, even if nothing else is to be said.
func TestDamagedState(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	remembering(t, "--on-change", file, nagios.OK, noon)
	good, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, damaged := range []string{
		string(good[:len(good)-1]), string(good[:40]), "x" + string(good), string(good) + "\n", "\n", "\x00\x00\x00",
		strings.Replace(string(good), "OK", "FINE", 1), strings.Replace(string(good), "2026", "abcd", 1),
		strings.Repeat("x", 1<<20),
	} {
		require.NoError(t, os.WriteFile(file, []byte(damaged), 0o600))
		assert.Regexp(t, "^OK; state file .* was damaged \\(.*\\), begun anew$", remembering(t, "--quiet --on-change", file, nagios.OK, noon.Add(time.Hour)))
		assert.Empty(t, remembering(t, "--quiet --on-change", file, nagios.OK, noon.Add(2*time.Hour)))
	}
}

// What cannot be remembered is said each time, with everything else.
func TestStateCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	for _, file := range []string{filepath.Join(dir, "no", "such", "directory"), dir, "/dev/null"} {
		for range 2 {
			assert.Contains(t, remembering(t, "--on-change", file, nagios.OK, noon), "OK; state file "+file+": ")
		}
	}
	null, err := os.Stat("/dev/null")
	require.NoError(t, err)
	assert.NotZero(t, null.Mode()&os.ModeDevice, "a device is no file to be replaced")
}

func TestStateFileKeepsItsMode(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	remembering(t, "", file, nagios.OK, noon)
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode())
	require.NoError(t, os.Chmod(file, 0o644))
	remembering(t, "", file, nagios.OK, noon.Add(time.Hour))
	info, err = os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o644), info.Mode())
	files, err := os.ReadDir(filepath.Dir(file))
	require.NoError(t, err)
	assert.Len(t, files, 1, "nothing is left behind")
}

// Many runs at once: one says that the state has changed, and nobody ever reads
// half a state.
func TestRunsAtOnce(t *testing.T) {
	steady.Run(t, testRunsAtOnce) // each has two seconds to get the lock
}

func testRunsAtOnce(t testing.TB) {
	file := filepath.Join(t.TempDir(), "state")
	status := nagios.OK
	for round := range 20 {
		var wait sync.WaitGroup
		var mu sync.Mutex
		told := 0
		for range 8 {
			wait.Go(func() {
				said := remembering(t, "--on-change", file, status, noon.Add(time.Duration(round)*2*time.Hour))
				mu.Lock()
				defer mu.Unlock()
				if said != "" {
					told++
					assert.NotContains(t, said, "damaged")
				}
			})
		}
		wait.Wait()
		if round == 0 {
			assert.Zero(t, told)
		} else {
			assert.Equal(t, 1, told, "round %d", round)
		}
		status = nagios.CRITICAL - status
	}
}

// An outage is told at once though the clock was set back meanwhile.
func TestClockSetBack(t *testing.T) {
	for _, back := range []time.Duration{3 * time.Second, time.Minute, 50 * time.Minute, 5 * time.Hour} {
		file := filepath.Join(t.TempDir(), "state")
		assert.Empty(t, remembering(t, "--on-change", file, nagios.OK, noon))
		assert.Equal(t, "CRITICAL; changed from OK, which held for 0s", remembering(t, "--on-change", file, nagios.CRITICAL, noon.Add(-back)), "%v", back)
		assert.Empty(t, remembering(t, "--on-change", file, nagios.CRITICAL, noon.Add(-back+time.Minute)), "%v", back)
	}
	file := filepath.Join(t.TempDir(), "state")
	remembering(t, "--on-change", file, nagios.OK, noon)
	assert.Empty(t, remembering(t, "--on-change", file, nagios.CRITICAL, noon.Add(-100*ms)), "that run ended before what is known")
}

// The link stays, and what it stands for has the state, from the first run on.
func TestStateBehindLink(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "far", "deep"), 0o755))
	require.NoError(t, os.Symlink("far/deep", filepath.Join(dir, "near")))
	require.NoError(t, os.Symlink("../state", filepath.Join(dir, "far", "deep", "second")))
	require.NoError(t, os.Symlink("near/second", filepath.Join(dir, "first")))
	link, file := filepath.Join(dir, "first"), filepath.Join(dir, "far", "state")
	for i, want := range []string{"", "", "CRITICAL; changed from OK, which held for 2h0m"} {
		status := []nagios.Status{nagios.OK, nagios.OK, nagios.CRITICAL}[i]
		assert.Equal(t, want, remembering(t, "--on-change", link, status, noon.Add(time.Duration(i)*time.Hour)))
		info, err := os.Lstat(link)
		require.NoError(t, err)
		assert.NotZero(t, info.Mode()&os.ModeSymlink)
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		_, err = parseState(string(text))
		assert.NoError(t, err)
	}
}

// Forms for machines have a place for the news, too.
func TestNewsInEveryForm(t *testing.T) {
	for _, form := range []string{"json", "influx", "prometheus", "nagios"} {
		file := filepath.Join(t.TempDir(), "state")
		require.NoError(t, os.WriteFile(file, []byte("damaged"), 0o600))
		s, r := reported(t, check.Ending{}, "--output "+form+" --state-file "+file+" 192.0.2.1", checktest.Many(5, checktest.Reply(ms)))
		text := s.report(r).Text
		assert.Contains(t, text, "was damaged", form)
		if form == "influx" || form == "prometheus" {
			assert.True(t, strings.HasPrefix(text, "# check_rawping: state file "), text)
		}
		assert.NotContains(t, s.report(r).Text, "was damaged", form)
	}
}

func TestParsePeriod(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"6h": 6 * time.Hour, "90m": 90 * time.Minute, "1h30m": 90 * time.Minute, "2d": 48 * time.Hour, "45s": 45 * time.Second, "0.5h": 30 * time.Minute,
	} {
		got, err := parsePeriod(s)
		require.NoError(t, err, s)
		assert.Equal(t, want, got)
	}
	for _, s := range []string{"", "6", "-6h", "+6h", "0s", "0d", "d", "1.5d", "6 h", "1w", "999999d"} {
		_, err := parsePeriod(s)
		assert.Error(t, err, "%q", s)
	}
}

func FuzzState(f *testing.F) {
	f.Add(state{status: nagios.CRITICAL, since: noon, told: noon, checked: noon}.String())
	f.Add("check_rawping state 1\n\n\n\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseState(text)
		if err != nil {
			assert.NotContains(t, err.Error(), "\n")
			assert.Equal(t, state{}, s, "nothing of it is used")
			return
		}
		again, err := parseState(s.String())
		require.NoError(t, err)
		assert.Equal(t, s.status, again.status)
		assert.True(t, s.since.Equal(again.since) && s.told.Equal(again.told) && s.checked.Equal(again.checked))
	})
}
