package server_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"oalab/server/internal/bind"
	"oalab/server/internal/business"
)

const answersHead = `# What followers read when something cannot be done

Made of the texts of the features (` + "`TestAnswersPage`" + `).

| when | the follower reads |
|---|---|
`

// TestAnswersPage makes docs/answers.md of the texts. Each trouble has one of its own.
func TestAnswersPage(t *testing.T) {
	t.Parallel()
	var page strings.Builder
	page.WriteString(answersHead)
	seen := map[string]string{}
	for _, a := range append(business.Troubles(), bind.Troubles()...) {
		if other, taken := seen[a.Text]; taken || a.Text == "" {
			t.Errorf("%q reads %q, as %q does", a.When, a.Text, other)
		}
		seen[a.Text] = a.When
		page.WriteString("| " + a.When + " | " + a.Text + " |\n")
	}
	path := filepath.Join("..", "docs", "answers.md")
	if *update {
		if err := os.WriteFile(path, []byte(page.String()), 0o644); err != nil { //nolint:gosec // a page that all may read
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(path); err != nil || string(have) != page.String() {
		t.Errorf("%s is not of these texts (%v). Remedy: go test ./server -run TestAnswersPage -update", path, err)
	}
}
