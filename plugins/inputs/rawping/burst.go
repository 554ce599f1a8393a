package rawping

import (
	"time"

	"github.com/rawping/rawping/internal/echo"
)

// burst is where a target stands in burst mode: with the option count, each
// Gather starts that many probes to each target, and tells of those that were
// decided since the Gather before.
type burst struct {
	number  int64        // of the last burst that the target joined, from 1
	asked   int          // probes of all its bursts
	awaited int          // verdicts until the first is over
	until   echo.Instant // when the last probe of its last burst is due
}

// bursting reports whether probes are sent in bursts only.
func (s *session) bursting() bool { return s.plugin.plan.count > 0 }

// askBurst has a burst begin after a while, unless one is going to.
func (s *session) askBurst(after time.Duration) {
	select {
	case s.bursts <- after:
	default:
	}
}

// runBursts starts the bursts that are asked for.
func (s *session) runBursts() {
	for {
		select {
		case <-s.ctx.Done():
			return
		case after := <-s.bursts:
			if s.pause(after) {
				s.startBurst()
			}
		}
	}
}

// startBurst starts a burst of every target, evenly spread over the interval, as
// continuous probes are.
func (s *session) startBurst() {
	number := s.burstNumber.Add(1)
	hosts := s.roster.all()
	began := time.Now()
	for i, h := range hosts {
		at := time.Duration(float64(s.plugin.plan.general.interval) * float64(i) / float64(len(hosts)))
		if ahead := at - time.Since(began); ahead > burstGrain && !s.pause(ahead) {
			return
		}
		s.startHost(h, number)
	}
}

// burstGrain is what is not worth a wait of its own.
const burstGrain = 2 * time.Millisecond

func (s *session) startHost(h *host, number int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range h.targets {
		if !t.address().IsValid() {
			continue
		}
		if before, joined := s.joinBurst(h, t, number); joined {
			s.placeBurst(h, t, before)
		}
	}
}

// placeBurst hands a target to the engine with the probes of its bursts. One that
// cannot be begun is forgotten, or they would all be sent once the target can be
// probed again; before is where the target stood without it.
func (s *session) placeBurst(h *host, t *target, before burst) (ok bool) {
	asked := t.asked()
	if asked == 0 {
		return true // it came back in the midst of a burst: the next one will
	}
	if ok = s.place(h, t, asked); !ok {
		t.mu.Lock()
		t.rarely().burst = before
		t.mu.Unlock()
	}
	return ok
}

// joinBurst has a target take part in a burst, and returns where it stood before.
// It is false if it does already, or is still sending the one before.
func (s *session) joinBurst(h *host, t *target, number int64) (before burst, joined bool) {
	n := s.plugin.plan.burst(h.how.interval)
	now := s.instant()
	t.mu.Lock()
	defer t.mu.Unlock()
	b := &t.rarely().burst
	before = *b
	if b.number == number || now < b.until {
		return before, false
	}
	if !t.told {
		b.awaited += n
	}
	b.number = number
	b.asked += n
	b.until = now.Add(times(n-1, h.how.interval))
	return before, true
}

// asked returns how many probes a target has been given in all its bursts.
func (t *target) asked() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.rarely().burst.asked
}

// pause waits. It is false if the session ended meanwhile.
func (s *session) pause(d time.Duration) bool {
	if d <= 0 {
		return s.ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.ctx.Done():
		return false
	}
}
