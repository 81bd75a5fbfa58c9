// Package supportstore keeps the keyword answers, and what was replaced of them lately.
package supportstore

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/sqldb"
	"oalab/server/internal/support"
)

// Store keeps the table in an open database of the group core. It is safe for concurrent use,
// and by several processes at once.
type Store struct{ db *sqldb.DB }

// New makes the store.
func New(db *sqldb.DB) *Store { return &Store{db} }

// selectPast reads what was replaced within so many milliseconds, the latest first.
func (s *Store) selectPast() string {
	return "SELECT keyword, match_how, replaced_at, existed, hidden, answers FROM autoreply_past WHERE account = ? AND replaced_at > " +
		s.db.Dialect.Now + " - ? ORDER BY replaced_at DESC"
}

const (
	deleteContents = "DELETE FROM autoreply_content WHERE account = ? AND keyword = ? AND match_how = ?"
	deleteOldPast  = "DELETE FROM autoreply_past WHERE account = ? AND replaced_at <= ?"
	deleteKeyword  = "DELETE FROM autoreply WHERE account = ? AND keyword = ? AND match_how = ?"

	selectKeywords = "SELECT keyword, match_how, hidden FROM autoreply WHERE account = ? ORDER BY keyword, match_how"
	selectContents = "SELECT keyword, match_how, content FROM autoreply_content WHERE account = ? ORDER BY keyword, match_how, position"
)

type keywordRow struct {
	Keyword string `db:"keyword"`
	Match   string `db:"match_how"`
	Hidden  bool   `db:"hidden"`
}

type pastRow struct {
	Keyword    string `db:"keyword"`
	Match      string `db:"match_how"`
	ReplacedAt int64  `db:"replaced_at"`
	Existed    bool   `db:"existed"`
	Hidden     bool   `db:"hidden"`
	Answers    string `db:"answers"`
}

type contentRow struct {
	Keyword string `db:"keyword"`
	Match   string `db:"match_how"`
	Content string `db:"content"`
}

// ListKeywords returns the keyword table of an account, and what was replaced in it lately,
// as of one moment.
func (s *Store) ListKeywords(ctx context.Context, account string) (support.Keywords, error) {
	tx, err := s.db.Snapshot(ctx)
	if err != nil {
		return support.Keywords{}, fmt.Errorf("read keywords: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // it only read
	var k support.Keywords
	if k.Entries, err = readKeywords(ctx, tx, account); err != nil {
		return support.Keywords{}, err
	}
	var past []pastRow
	if err := tx.SelectContext(ctx, &past, s.selectPast(), account, support.Remembered.Milliseconds()); err != nil {
		return support.Keywords{}, fmt.Errorf("read replaced keywords: %w", err)
	}
	for _, r := range past {
		e := support.Entry{Keyword: r.Keyword, Match: support.Match(r.Match), Hidden: r.Hidden}
		if err := unpackAnswers(r.Answers, &e); err != nil {
			return support.Keywords{}, fmt.Errorf("read replaced keyword %q: %w", r.Keyword, err)
		}
		k.Replaced = append(k.Replaced, support.Replaced{At: time.UnixMilli(r.ReplacedAt), Existed: r.Existed, Entry: e})
	}
	return k, nil
}

// readKeywords reads the keyword table of an account within a transaction.
func readKeywords(ctx context.Context, tx *sqlx.Tx, account string) ([]support.Entry, error) {
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
	replies, err := readReplies(ctx, tx, account)
	if err != nil {
		return nil, err
	}
	entries := make([]support.Entry, 0, len(rows))
	for _, r := range rows {
		e := support.Entry{Keyword: r.Keyword, Match: support.Match(r.Match), Hidden: r.Hidden, Answers: of[id{r.Keyword, r.Match}]}
		e.Replies = replies[idOf(e)]
		entries = append(entries, e)
	}
	return entries, nil
}
