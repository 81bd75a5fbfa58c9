package supportstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/freshness"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/support"
)

// entryID is what an entry of the keyword table is known by.
type entryID struct {
	keyword string
	match   support.Match
}

func idOf(e support.Entry) entryID { return entryID{e.Keyword, e.Match} }

// SectionKeywords names the section of a seed.
const SectionKeywords = "keywords"

// Seed is the section of a seed that stores entries of an account: those with a known key
// are replaced, others stay unless prune asks to remove them. Seeding twice changes nothing.
func (s *Store) Seed(account string, entries []support.Entry, prune bool) sqldb.Section {
	// In the order of the keys two seeds at once wait for each other instead of meeting in a
	// deadlock. Of entries with one key the last one counts.
	entries = slices.Clone(entries)
	slices.SortStableFunc(entries, func(a, b support.Entry) int {
		return cmp.Or(cmp.Compare(a.Keyword, b.Keyword), cmp.Compare(a.Match, b.Match))
	})
	return func(ctx context.Context, tx *sqlx.Tx) (sqldb.Changes, error) {
		if len(entries) == 0 && !prune {
			return sqldb.Changes{Section: SectionKeywords}, nil
		}
		return s.seed(ctx, tx, account, entries, prune)
	}
}

func (s *Store) seed(ctx context.Context, tx *sqlx.Tx, account string, entries []support.Entry, prune bool) (sqldb.Changes, error) {
	plan := sqldb.Changes{Section: SectionKeywords}
	// Another seed of this topic waits here until this one is committed.
	if err := sqldb.Changed(ctx, tx, freshness.Keywords); err != nil {
		return plan, err
	}
	current, err := readKeywords(ctx, tx, account)
	if err != nil {
		return plan, err
	}
	have := make(map[entryID]support.Entry, len(current))
	for _, e := range current {
		have[idOf(e)] = e
	}
	past, err := s.newPast(ctx, tx, account)
	if err != nil {
		return plan, err
	}
	key := []string{"account", "keyword", "match_how"}
	entry := s.db.Dialect.Upsert("autoreply", key, []string{"hidden"}, append(key[:3:3], "hidden"))
	content := s.db.Dialect.Insert("autoreply_content", append(key[:3:3], "position", "content")...)
	for _, k := range entries {
		before, existed := have[idOf(k)]
		delete(have, idOf(k))
		same := existed && before.Same(k)
		plan.Count(fmt.Sprintf("%q %s", k.Keyword, k.Match), existed, same)
		if same {
			continue
		}
		err := past.note(ctx, tx, k, before, existed)
		if err == nil {
			err = sqldb.ExecAll(ctx, tx,
				sqldb.Query{Text: entry, Args: []any{account, k.Keyword, string(k.Match), k.Hidden}},
				sqldb.Query{Text: deleteContents, Args: []any{account, k.Keyword, string(k.Match)}},
				sqldb.Query{Text: deleteReplies, Args: []any{account, k.Keyword, string(k.Match)}})
		}
		for i := 0; i < len(k.Answers) && err == nil; i++ {
			_, err = tx.ExecContext(ctx, content, account, k.Keyword, string(k.Match), i, k.Answers[i])
		}
		if err == nil {
			err = s.writeReplies(ctx, tx, account, k)
		}
		if err != nil {
			return plan, fmt.Errorf("keyword %q: %w", k.Keyword, err)
		}
	}
	if !prune {
		return plan, nil
	}
	for _, e := range current {
		if _, rest := have[idOf(e)]; !rest {
			continue
		}
		plan.Removed = append(plan.Removed, fmt.Sprintf("%q %s", e.Keyword, e.Match))
		err := past.note(ctx, tx, e, e, true)
		if err == nil {
			err = sqldb.ExecAll(ctx, tx,
				sqldb.Query{Text: deleteContents, Args: []any{account, e.Keyword, string(e.Match)}},
				sqldb.Query{Text: deleteReplies, Args: []any{account, e.Keyword, string(e.Match)}},
				sqldb.Query{Text: deleteKeyword, Args: []any{account, e.Keyword, string(e.Match)}})
		}
		if err != nil {
			return plan, fmt.Errorf("remove keyword %q: %w", e.Keyword, err)
		}
	}
	return plan, nil
}

// past notes what a change of the keyword table replaces, under the time of the change. Of
// two changes in one millisecond the first one's note stays.
type past struct {
	insert  string
	account string
	at      int64
}

func (s *Store) newPast(ctx context.Context, tx *sqlx.Tx, account string) (past, error) {
	p := past{account: account, insert: s.db.Dialect.InsertNew("autoreply_past", "account",
		"account", "replaced_at", "keyword", "match_how", "existed", "hidden", "answers")}
	now, err := s.db.ClockOf(ctx, tx)
	if err != nil {
		return p, err
	}
	p.at = now.UnixMilli()
	if _, err := tx.ExecContext(ctx, deleteOldPast, account, p.at-2*support.Remembered.Milliseconds()); err != nil {
		return p, fmt.Errorf("forget replaced keywords: %w", err)
	}
	return p, nil
}

func (p past) note(ctx context.Context, tx *sqlx.Tx, now, before support.Entry, existed bool) error {
	answers, err := packAnswers(before)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, p.insert, p.account, p.at, now.Keyword, string(now.Match), existed, before.Hidden, answers)
	return err
}
