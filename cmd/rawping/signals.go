package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// heed begins to listen to signals: SIGINT and SIGTERM end the run, so that the
// summary follows, and SIGQUIT asks for the status. The function that it
// returns ends that; from then on, and from the second SIGINT or SIGTERM on,
// signals do what they do by default, so that nothing can keep the program from
// ending.
func (s *session) heed(cancel func()) (stop func()) {
	signals := make(chan os.Signal, 4)
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT} {
		if !signal.Ignored(sig) { // a shell ignores SIGINT for what runs in the background
			signal.Notify(signals, sig)
		}
	}
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case sig := <-signals:
				if sig == syscall.SIGQUIT {
					s.complain.say(s.status())
					continue
				}
				signal.Reset(os.Interrupt, syscall.SIGTERM)
				cancel()
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
	}
}

// status returns how far the run has come: of one host in ping's words, of
// several in total.
func (s *session) status() string {
	if !s.print.several {
		s.mu.Lock()
		defer s.mu.Unlock()
		return string(appendStatus(nil, &s.hosts[0]))
	}
	c := s.engine.Counters()
	return fmt.Sprintf("%d hosts: %d sent, %d received, %d lost, %d refused, %d not sent, %d in flight",
		c.Targets, c.Sent, c.Replies, c.Lost, c.Refused, c.NotSent, c.InFlight)
}
