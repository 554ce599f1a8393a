package rawping

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// targetFiles are the files that targets_file names, and what is in them.
type targetFiles struct {
	patterns []string // names of files, or globs
	how      *settings
	paths    []string // what the patterns name now
	files    map[string]*targetFile
}

// targetFile is what was last read of a file.
type targetFile struct {
	info    os.FileInfo // when it was read
	shrunk  os.FileInfo // when it was seen to be shorter, and was not believed
	failing bool        // it could not be read since
	entries []*entry
	lines   []int // of the entries
}

func newTargetFiles(patterns []string, how *settings) (*targetFiles, error) {
	for _, pattern := range patterns {
		if _, err := filepath.Match(pattern, ""); err != nil || pattern == "" {
			return nil, fmt.Errorf("targets_file: %q is neither a file nor a pattern of files", pattern)
		}
	}
	return &targetFiles{patterns: append([]string(nil), patterns...), how: how, files: map[string]*targetFile{}}, nil
}

// read reads what has changed since the last time, and reports whether anything
// has. A line that is no target is left out. A file that cannot be read keeps
// what was last read of it. Both are named once.
func (f *targetFiles) read() (changed bool, badLines, badFiles []error) {
	was := f.paths
	f.find()
	changed = !slices.Equal(was, f.paths)
	for _, path := range f.paths {
		file := f.files[path]
		text, info, err := readIfChanged(path, file)
		switch {
		case err != nil && !file.failing:
			file.failing = true
			badFiles = append(badFiles, fmt.Errorf("targets_file: %w", err))
		case err == nil && info != nil:
			changed = true
			*file = targetFile{info: info}
			badLines = append(badLines, file.parse(path, text, f.how)...)
		}
	}
	return changed, badLines, badFiles
}

// find looks for the files, in the order of the patterns, each once.
func (f *targetFiles) find() {
	f.paths = nil
	for _, pattern := range f.patterns {
		paths := []string{pattern}
		if strings.ContainsAny(pattern, "*?[") {
			paths, _ = filepath.Glob(pattern) // the pattern is good, it has no other error
		}
		for _, path := range paths {
			if !slices.Contains(f.paths, path) {
				f.paths = append(f.paths, path)
			}
		}
	}
	files := make(map[string]*targetFile, len(f.paths))
	for _, path := range f.paths {
		files[path] = f.files[path]
		if files[path] == nil {
			files[path] = new(targetFile)
		}
	}
	f.files = files
}

// readIfChanged returns no info for a file that is as it was, or is being written:
// who does not replace it by a rename empties it first. A shorter one is believed
// if it is as it was at the look before.
func readIfChanged(path string, file *targetFile) (text string, info os.FileInfo, err error) {
	info, err = os.Stat(path) // before it is read: what is written meanwhile is a change
	if err != nil {
		return "", nil, err
	}
	if !file.failing && unchanged(file.info, info) {
		file.shrunk = nil
		return "", nil, nil
	}
	if file.info != nil && info.Size() < file.info.Size() && !unchanged(file.shrunk, info) {
		file.shrunk = info
		return "", nil, nil
	}
	content, err := os.ReadFile(path)
	if file.info != nil && int64(len(content)) < info.Size() && err == nil {
		return "", nil, nil // emptied since we looked
	}
	return string(content), info, err
}

func unchanged(was, is os.FileInfo) bool {
	return was != nil && was.Size() == is.Size() && was.ModTime().Equal(is.ModTime()) && os.SameFile(was, is)
}

// parse takes the targets of a file's text, one to a line. The errors name the
// lines that are none.
func (f *targetFile) parse(path, text string, how *settings) (bad []error) {
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\uFEFF")) {
		number++
		e, err := parseLine(line, how)
		switch {
		case err != nil:
			bad = append(bad, fmt.Errorf("%s:%d: %w", path, number, err))
		case e != nil:
			f.entries = append(f.entries, e)
			f.lines = append(f.lines, number)
		}
	}
	return bad
}

// parseLine takes a target and its tags, "host key=value ...". It is nil for a
// line that has nothing in it but a comment.
func parseLine(line string, how *settings) (e *entry, err error) {
	words, err := splitWords(line)
	if err != nil || len(words) == 0 {
		return nil, err
	}
	var tags map[string]string
	for _, word := range words[1:] {
		key, value, found := strings.Cut(word, "=")
		if !found {
			return nil, fmt.Errorf("%q: a tag is wanted behind the host, as in site=here", word)
		}
		if _, twice := tags[key]; twice {
			return nil, fmt.Errorf("tag %q is there twice", key)
		}
		if tags == nil {
			tags = map[string]string{}
		}
		tags[key] = value
	}
	return newEntry(words[0], tags, how)
}

// splitWords splits a line at its blanks. Double quotes hold a word together, in
// which a backslash takes the next character as it is. A word that begins with #
// begins a comment.
func splitWords(line string) (words []string, err error) {
	rest := strings.TrimSpace(line)
	for rest != "" && rest[0] != '#' {
		var word strings.Builder
		quoted := false
		i := 0
		for ; i < len(rest) && (quoted || rest[i] != ' ' && rest[i] != '\t'); i++ {
			switch {
			case rest[i] == '"':
				quoted = !quoted
			case quoted && rest[i] == '\\' && i+1 < len(rest):
				i++
				word.WriteByte(rest[i])
			default:
				word.WriteByte(rest[i])
			}
		}
		if quoted {
			return nil, errors.New("a quotation mark is open at the end of the line")
		}
		words = append(words, word.String())
		rest = strings.TrimLeft(rest[i:], " \t")
	}
	return words, nil
}
