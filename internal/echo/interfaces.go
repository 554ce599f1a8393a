package echo

import (
	"fmt"
	"strconv"
	"sync"
	"time"
)

// lookupAge is how long what was found of an interface is used again. To find one
// takes the system as long as a hundred probes, and many targets may name the same;
// but it may be made anew at any time, with another index.
const lookupAge = 100 * time.Millisecond

// interfaces finds interfaces by name. It may be used by any goroutine.
type interfaces struct {
	find  func(name string) (int, error)
	clock Clock

	mu    sync.Mutex
	found map[string]lookup
}

// lookup is what became of a look-up.
type lookup struct {
	at    Instant
	index int
	err   error
}

// index returns the index of an interface, which its name may be already.
func (is *interfaces) index(name string) (int, error) {
	if index, err := strconv.Atoi(name); err == nil && index > 0 {
		return index, nil
	}
	is.mu.Lock()
	defer is.mu.Unlock()
	now, _ := is.clock()
	found, known := is.found[name]
	if !known || now.Sub(found.at) >= lookupAge {
		index, err := is.find(name)
		if err != nil {
			err = fmt.Errorf("interface %q: %w", name, err)
		}
		found = lookup{now, index, err}
		is.found[name] = found
	}
	return found.index, found.err
}
