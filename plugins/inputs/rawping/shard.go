package rawping

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// maxShards bounds the work of sharing targets out, which grows with the number.
const maxShards = 1000

// shard is an agent's part of a list of targets that several share: the number
// index, from 1, of count. The zero value is all of it.
type shard struct{ index, count int }

func parseShard(text string) (shard, error) {
	if text == "" {
		return shard{}, nil
	}
	first, second, ok := strings.Cut(text, "/")
	index, err1 := strconv.Atoi(first)
	count, err2 := strconv.Atoi(second)
	if !ok || err1 != nil || err2 != nil || count < 1 || count > maxShards || index < 1 || index > count {
		return shard{}, fmt.Errorf(`shard is %q: it must be a number of agents up to %d and which of them this is, as in "2/5"`, text, maxShards)
	}
	return shard{index, count}, nil
}

// owns reports whether a target is in the shard. The agent with the highest
// score takes it (rendezvous hashing), so that one agent more takes its share from
// all others, and nothing else moves. The score is the same in every version:
// the first eight bytes, in network order, of the SHA-256 of url, a zero byte,
// name, a zero byte, and the agent's number in decimal digits.
func (s shard) owns(url, name string) bool {
	if s.count <= 1 {
		return true
	}
	buffer := append(append(append(append(make([]byte, 0, 128), url...), 0), name...), 0)
	best, most := 0, uint64(0)
	for i := 1; i <= s.count; i++ {
		sum := sha256.Sum256(strconv.AppendInt(buffer, int64(i), 10))
		if score := binary.BigEndian.Uint64(sum[:8]); best == 0 || score > most {
			best, most = i, score
		}
	}
	return best == s.index
}
