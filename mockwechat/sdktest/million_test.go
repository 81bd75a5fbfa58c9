package sdktest

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
)

// peak is the most memory that the mock has had so far, in KiB; 0 where the system does not tell.
func (m *mock) peak() (kib int) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", m.pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil {
			return kib
		}
	}
	return 0
}

// TestAMillionFollowers: an SDK lists a million followers page by page, each once, and the mock
// needs no more memory for the last pages than for the first ones.
func TestAMillionFollowers(t *testing.T) {
	const all, page, slack = 1_000_000, 10_000, 16 << 10
	m := start(t)
	m.ask(http.MethodPut, "/control/accounts", []map[string]any{{
		"name": account, "app_id": appID, "secret": secret, "token": token, "followers": map[string]any{"count": all, "seed": 7},
	}})
	_, oa := silenceper()
	seen, next, early := 0, "", 0
	last := ""
	for seen < all {
		list, err := oa.GetUser().ListUserOpenIDs(next)
		if err != nil {
			t.Fatal(err)
		}
		if list.Total != all || len(list.Data.OpenIDs) != page || list.Data.OpenIDs[0] == last || list.NextOpenID != list.Data.OpenIDs[page-1] {
			t.Fatalf("page behind %d: %d of %d, next %s", seen, len(list.Data.OpenIDs), list.Total, list.NextOpenID)
		}
		seen, next, last = seen+page, list.NextOpenID, list.Data.OpenIDs[page-1]
		if seen == 10*page {
			early = m.peak()
		}
	}
	late := m.peak()
	t.Logf("the mock's peak is %d KiB after %d followers, %d KiB after %d", early, 10*page, late, all)
	if late > early+slack {
		t.Errorf("the mock's memory grows by %d KiB", late-early)
	}
}
