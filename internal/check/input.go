package check

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// ReadInput returns the text of a file, or of standard input if the name is "-".
// It gives up when patience is over or the context of [UntilStopped] ends: a pipe
// may have nobody at its other end. Text of more than most bytes is an error. The
// error names the file; that of a file that cannot be read is an [io/fs.PathError].
func ReadInput(ctx context.Context, file string, most int, patience time.Duration) (string, error) {
	type input struct {
		text string
		err  error
	}
	all := make(chan input, 1)
	go func() {
		text, err := readBounded(file, most)
		all <- input{text, err}
	}()
	name := inputName(file)
	select {
	case i := <-all:
		return i.text, i.err
	case <-ctx.Done():
		return "", fmt.Errorf("stopped by %s while reading %s", endingOf(ctx), name)
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
		return "", err
	case len(text) > most:
		return "", fmt.Errorf("%s is longer than %d MiB", inputName(file), most>>20)
	}
	return strings.TrimPrefix(string(text), "\ufeff"), nil // Windows editors begin a file with it
}
