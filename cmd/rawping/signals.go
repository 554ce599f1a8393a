package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// listen begins to listen to SIGQUIT, which asks for the status: by default it would end
// the program with a trace of its goroutines. While there is no status yet, it waits.
func listen() chan os.Signal {
	signals := make(chan os.Signal, 4)
	notify(signals, syscall.SIGQUIT)
	return signals
}

// notify has signals sent to a channel, but not those that were ignored when the program
// was started, as a shell ignores SIGINT for what runs in the background.
func notify(signals chan<- os.Signal, which ...os.Signal) {
	for _, sig := range which {
		if !signal.Ignored(sig) {
			signal.Notify(signals, sig)
		}
	}
}

// heed begins to heed signals: SIGINT and SIGTERM end the run, so that the summary
// follows. The function that it returns ends that; from then on, and from the second
// SIGINT or SIGTERM on, they do what they do by default, so that nothing can keep the
// program from ending.
func (s *session) heed(cancel func()) (stop func()) {
	notify(s.signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case sig := <-s.signals:
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
		signal.Reset(os.Interrupt, syscall.SIGTERM)
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
