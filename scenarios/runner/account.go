package runner

import (
	"encoding/hex"
	"math/rand/v2"

	"oalab/mockwechat"
)

// account makes the official account of a run. Its secrets come from the seed. They protect
// nothing, but they must not look like the secrets of a real account.
func account(seed uint64) mockwechat.Account {
	rng := rand.New(rand.NewPCG(seed, 'a'))
	text := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		return hex.EncodeToString(b)
	}
	return mockwechat.Account{
		Name:           "demo",
		AppID:          "wx" + text(8),
		Secret:         text(16),
		Token:          text(8),
		OriginalID:     "gh_" + text(6),
		Mode:           "safe", // what an account in service has
		EncodingAESKey: mockwechat.NewEncodingAESKey(rng),
		Templates:      []string{"order-result"},
	}
}
