package supportstore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/support"
	"oalab/server/wechat"
)

const (
	selectReplies = "SELECT keyword, match_how, form, fields FROM autoreply_reply WHERE account = ? ORDER BY keyword, match_how, position"
	deleteReplies = "DELETE FROM autoreply_reply WHERE account = ? AND keyword = ? AND match_how = ?"
)

type replyRow struct {
	Keyword string `db:"keyword"`
	Match   string `db:"match_how"`
	support.StoredReply
}

// readReplies reads the answers that are no texts within a transaction.
func readReplies(ctx context.Context, tx *sqlx.Tx, account string) (map[entryID][]wechat.Reply, error) {
	var rows []replyRow
	if err := tx.SelectContext(ctx, &rows, selectReplies, account); err != nil {
		return nil, fmt.Errorf("read replies of keywords: %w", err)
	}
	of := make(map[entryID][]wechat.Reply)
	for _, r := range rows {
		show, err := r.Unpack()
		if err != nil {
			return nil, fmt.Errorf("read a reply of keyword %q: %w", r.Keyword, err)
		}
		id := entryID{r.Keyword, support.Match(r.Match)}
		of[id] = append(of[id], show)
	}
	return of, nil
}

// writeReplies stores those of one entry, which has none.
func (s *Store) writeReplies(ctx context.Context, tx *sqlx.Tx, account string, e support.Entry) error {
	insert := s.db.Dialect.Insert("autoreply_reply", "account", "keyword", "match_how", "position", "form", "fields")
	for i, r := range e.Replies {
		packed, err := support.PackReply(r)
		if err == nil {
			_, err = tx.ExecContext(ctx, insert, account, e.Keyword, string(e.Match), i, packed.Form, packed.Fields)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// answersWithReplies are the answers of a replaced entry that has some that are no texts.
type answersWithReplies struct {
	Answers []string              `json:"answers"`
	Replies []support.StoredReply `json:"replies"`
}

// packAnswers writes the answers of a replaced entry: texts alone as a list, as servers from
// before other kinds read them.
func packAnswers(e support.Entry) (string, error) {
	var value any = e.Answers
	if len(e.Replies) > 0 {
		both := answersWithReplies{Answers: e.Answers}
		for _, r := range e.Replies {
			packed, err := support.PackReply(r)
			if err != nil {
				return "", err
			}
			both.Replies = append(both.Replies, packed)
		}
		value = both
	}
	text, err := json.Marshal(value)
	return string(text), err
}

// unpackAnswers is the reverse of packAnswers.
func unpackAnswers(text string, e *support.Entry) error {
	if json.Unmarshal([]byte(text), &e.Answers) == nil {
		return nil
	}
	var both answersWithReplies
	if err := json.Unmarshal([]byte(text), &both); err != nil {
		return err
	}
	e.Answers = both.Answers
	for _, packed := range both.Replies {
		show, err := packed.Unpack()
		if err != nil {
			return err
		}
		e.Replies = append(e.Replies, show)
	}
	return nil
}
