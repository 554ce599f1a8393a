package steady

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// record is a test that notes what it logs and how it ends.
type record struct {
	testing.TB
	logs []string
	end  string
}

func (r *record) Log(args ...any)            { r.logs = append(r.logs, fmt.Sprint(args...)) }
func (r *record) Logf(f string, args ...any) { r.logs = append(r.logs, fmt.Sprintf(f, args...)) }
func (r *record) FailNow()                   { r.end = "failed"; runtime.Goexit() }
func (r *record) SkipNow()                   { r.end = "skipped"; runtime.Goexit() }

// seen is a watch that sees these standstills, one in each attempt.
func seen(longest ...time.Duration) func() func() time.Duration {
	return func() func() time.Duration {
		return func() (d time.Duration) {
			if len(longest) > 0 {
				d, longest = longest[0], longest[1:]
			}
			return d
		}
	}
}

// always is a watch that sees a standstill whenever it is asked.
func always() func() time.Duration { return func() time.Duration { return standstill } }

func TestRun(t *testing.T) {
	failing := func(n int) func(testing.TB) {
		return func(t testing.TB) {
			if n--; n >= 0 {
				t.Errorf("not yet: %d", n)
			}
		}
	}
	fatal := func(t testing.TB) { t.Helper(); require.Equal(t, 1, 2) }
	for _, tt := range []struct {
		name  string
		test  func(testing.TB)
		watch func() func() time.Duration
		end   string
		logs  int
	}{
		{"passes", failing(0), seen(), "", 0},
		{"passes though the machine stood still", failing(0), always, "", 0},
		{"fails on a machine that ran", failing(1), seen(standstill - 1), "failed", 1},
		{"fails where it stood still, then passes", failing(1), seen(standstill), "", 2},
		{"fails where it stood still, then fails", failing(2), seen(standstill), "failed", 3},
		{"never passes", failing(99), always, "failed", attempts + attempts - 1},
		{"is ended, and passes never", fatal, always, "failed", attempts + attempts - 1},
		{"is ended on a machine that ran", fatal, seen(), "failed", 1},
		{"fails at its end", func(t testing.TB) { t.Cleanup(func() { t.Fatal("not clean") }) }, seen(), "failed", 1},
		{"skips", func(t testing.TB) { t.Skip("cannot") }, seen(), "skipped", 1},
		{"talks", func(t testing.TB) { t.Log("so"); t.Logf("and %s", "so") }, seen(), "", 2},
		{"fails without a word", func(t testing.TB) { t.Fail() }, seen(), "failed", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &record{TB: t}
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				run(r, tt.test, tt.watch)
			}()
			<-ended
			assert.Equal(t, tt.end, r.end)
			assert.Len(t, r.logs, tt.logs)
		})
	}
}

// TestAttempt: what is said names its line, not a helper's; what was left to be done at
// the end is done after each attempt, the last first, with a context that is canceled.
func TestAttempt(t *testing.T) {
	r := &record{TB: t}
	var done []string
	says := func(t testing.TB) { t.Helper(); t.Log("here") }
	n := 0
	run(r, func(t testing.TB) {
		n++
		t.Cleanup(func() { done = append(done, fmt.Sprint("first ", t.Context().Err())) })
		t.Cleanup(func() {
			t.Cleanup(func() { done = append(done, "third") })
			done = append(done, "second")
		})
		assert.NoError(t, t.Context().Err())
		says(t)
		if n == 1 {
			t.Fail()
		}
	}, always)
	assert.Equal(t, []string{"second", "third", "first context canceled", "second", "third", "first context canceled"}, done)
	require.Len(t, r.logs, 3)
	assert.Regexp(t, `^steady_test\.go:\d+: here$`, r.logs[0])
	_, _, line, _ := runtime.Caller(0)
	said := 0
	_, err := fmt.Sscanf(r.logs[0], "steady_test.go:%d: here", &said)
	require.NoError(t, err)
	assert.Less(t, said, line)
	assert.Greater(t, said, line-20, "the line that called the helper")
	assert.Equal(t, r.logs[0], r.logs[2])
}
