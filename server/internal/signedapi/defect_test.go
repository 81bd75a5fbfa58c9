//go:build defects

package signedapi_test

import (
	"testing"

	"oalab/server/internal/defect"
	"oalab/server/internal/signedapi"
)

// TestDefects: a request that is sent again counts again, which TestARequestCountsOnce convicts.
// Without a replay nothing differs.
func TestDefects(t *testing.T) {
	t.Parallel()
	n := signedapi.Plant(defect.Set{signedapi.DefectNonceNotStored}, signedapi.NewMemory())
	if taken := replayed(t, n, n); taken != 4 {
		t.Errorf("taken %d times", taken)
	}
	if none := signedapi.Plant(nil, signedapi.NewMemory()); replayed(t, none, none) != 1 {
		t.Error("without the defect a replay is taken")
	}
}
