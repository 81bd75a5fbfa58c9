//go:build defects

package signedapi

import (
	"context"
	"time"

	"oalab/server/internal/defect"
)

// DefectNonceNotStored takes each nonce for a new one.
const DefectNonceNotStored = "nonce-not-stored"

// Defects are the planted defects of the signed requests.
func (Settings) Defects() []string { return []string{DefectNonceNotStored} }

// Plant is n with the defects that are planted.
func Plant(planted defect.Set, n Nonces) Nonces {
	if planted.Has(DefectNonceNotStored) {
		return forgetful{}
	}
	return n
}

type forgetful struct{}

// Once implements Nonces.
func (forgetful) Once(context.Context, string, string, time.Duration) (bool, error) { return true, nil }
