//go:build defects

package payapi

import "context"

// TrustUnsigned makes the client take notifications signed by any key. It is called
// before the client is used.
func (c *Client) TrustUnsigned() {
	for _, m := range c.merchants {
		// It was made with this key before, so it can be made again.
		_ = m.hear(believing{})
	}
}

// believing implements auth.Verifier.
type believing struct{}

// Verify accepts every signature.
func (believing) Verify(context.Context, string, string, string) error { return nil }

// GetSerial names no certificate.
func (believing) GetSerial(context.Context) (string, error) { return "", nil }
