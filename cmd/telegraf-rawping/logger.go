package main

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/influxdata/telegraf"
)

// logger writes lines as inputs.execd wants them, to log them again at their
// own level: it looks for "I! " and the like at the very beginning.
type logger struct {
	mu     sync.Mutex
	to     io.Writer
	errors int // lines
}

var _ telegraf.Logger = (*logger)(nil)

func (l *logger) line(level telegraf.LogLevel, message string) {
	if !l.Level().Includes(level) {
		return
	}
	message = strings.Join(strings.Split(strings.TrimSpace(message), "\n"), "; ")
	l.mu.Lock()
	defer l.mu.Unlock()
	if level == telegraf.Error {
		l.errors++
	}
	fmt.Fprintf(l.to, "%s %s\n", level.Indicator(), message)
}

// failed reports whether an error was logged.
func (l *logger) failed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.errors > 0
}

func (l *logger) Level() telegraf.LogLevel { return telegraf.Info }
func (l *logger) AddAttribute(string, any) {}

func (l *logger) Errorf(format string, args ...any) {
	l.line(telegraf.Error, fmt.Sprintf(format, args...))
}
func (l *logger) Error(args ...any) { l.line(telegraf.Error, fmt.Sprint(args...)) }

func (l *logger) Warnf(format string, args ...any) {
	l.line(telegraf.Warn, fmt.Sprintf(format, args...))
}
func (l *logger) Warn(args ...any) { l.line(telegraf.Warn, fmt.Sprint(args...)) }

func (l *logger) Infof(format string, args ...any) {
	l.line(telegraf.Info, fmt.Sprintf(format, args...))
}
func (l *logger) Info(args ...any) { l.line(telegraf.Info, fmt.Sprint(args...)) }

func (l *logger) Debugf(format string, args ...any) {
	l.line(telegraf.Debug, fmt.Sprintf(format, args...))
}
func (l *logger) Debug(args ...any) { l.line(telegraf.Debug, fmt.Sprint(args...)) }

func (l *logger) Tracef(format string, args ...any) {
	l.line(telegraf.Trace, fmt.Sprintf(format, args...))
}
func (l *logger) Trace(args ...any) { l.line(telegraf.Trace, fmt.Sprint(args...)) }
