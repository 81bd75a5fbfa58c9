package sqlstore

import (
	"context"
	"fmt"

	"oalab/server/internal/support"
)

const (
	selectKeywords = "SELECT keyword, match_how, hidden FROM autoreply WHERE account = ? ORDER BY keyword, match_how"
	selectContents = "SELECT keyword, match_how, content FROM autoreply_content WHERE account = ? ORDER BY keyword, match_how, position"
)

type keywordRow struct {
	Keyword string `db:"keyword"`
	Match   string `db:"match_how"`
	Hidden  bool   `db:"hidden"`
}

type contentRow struct {
	Keyword string `db:"keyword"`
	Match   string `db:"match_how"`
	Content string `db:"content"`
}

// ListKeywords returns the keyword table of an account, as of one moment.
func (db *DB) ListKeywords(ctx context.Context, account string) ([]support.Entry, error) {
	tx, err := db.read.BeginTxx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("read keywords: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // it only read
	var rows []keywordRow
	if err := tx.SelectContext(ctx, &rows, selectKeywords, account); err != nil {
		return nil, fmt.Errorf("read keywords: %w", err)
	}
	var contents []contentRow
	if err := tx.SelectContext(ctx, &contents, selectContents, account); err != nil {
		return nil, fmt.Errorf("read keyword contents: %w", err)
	}
	type id struct{ keyword, match string }
	of := make(map[id][]string, len(rows))
	for _, c := range contents {
		k := id{c.Keyword, c.Match}
		of[k] = append(of[k], c.Content)
	}
	entries := make([]support.Entry, 0, len(rows))
	for _, r := range rows {
		entries = append(entries, support.Entry{
			Keyword: r.Keyword, Match: support.Match(r.Match), Hidden: r.Hidden, Answers: of[id{r.Keyword, r.Match}],
		})
	}
	return entries, nil
}
