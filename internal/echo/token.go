package echo

import (
	"crypto/rand"
	"encoding/binary"

	"github.com/dchest/siphash"

	"github.com/rawping/rawping/internal/wire"
)

// signer makes the tokens that prove a reply to be ours.
type signer struct {
	k0, k1 uint64
	text   [4 + 4 + 16 + 4]byte // scratch: slot, generation, address, scope
}

// newSigner returns a signer with a key of its own.
func newSigner() *signer {
	var key [16]byte
	_, _ = rand.Read(key[:]) // never fails
	return &signer{k0: binary.LittleEndian.Uint64(key[:8]), k1: binary.LittleEndian.Uint64(key[8:])}
}

// token returns the token of a slot's probe of a subject.
func (g *signer) token(slot int32, generation uint32, s *subject) wire.Token {
	t := wire.Token{Slot: uint32(slot), Generation: generation}
	t.MAC = g.mac(t, s)
	return t
}

// valid reports whether a token was made by this signer for a subject.
func (g *signer) valid(t wire.Token, s *subject) bool { return t.MAC == g.mac(t, s) }

func (g *signer) mac(t wire.Token, s *subject) uint64 {
	addr := s.addr.As16()
	binary.BigEndian.PutUint32(g.text[0:], t.Slot)
	binary.BigEndian.PutUint32(g.text[4:], t.Generation)
	copy(g.text[8:], addr[:])
	binary.BigEndian.PutUint32(g.text[24:], uint32(s.scope))
	return siphash.Hash(g.k0, g.k1, g.text[:])
}
