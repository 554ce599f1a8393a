package check

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

// ReadInput returns the text of a file, or of standard input if the name is "-".
// It gives up when patience is over or a signal asks the program to end: a pipe
// may have nobody at its other end. Text of more than most bytes is an error. The
// error names the file; that of a file that cannot be opened is an
// [io/fs.PathError].
func ReadInput(file string, most int, patience time.Duration) (string, error) {
	type input struct {
		text string
		err  error
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, endings...)
	defer signal.Stop(signals)
	all := make(chan input, 1)
	go func() {
		text, err := readBounded(file, most)
		all <- input{text, err}
	}()
	name := inputName(file)
	select {
	case i := <-all:
		return i.text, i.err
	case s := <-signals:
		return "", fmt.Errorf("stopped by %s while reading %s", signalName(s), name)
	case <-time.After(patience - Margin(patience)):
		return "", fmt.Errorf("%s did not end within %v; want a file, or who writes all of it by then", name, patience.Round(time.Millisecond))
	}
}

func inputName(file string) string {
	if file == "-" {
		return "standard input"
	}
	return file
}

func readBounded(file string, most int) (string, error) {
	in := os.Stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", err
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, int64(most)+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("%s: %w", inputName(file), err)
	case len(text) > most:
		return "", fmt.Errorf("%s is longer than %d MiB", inputName(file), most>>20)
	}
	return string(text), nil
}
