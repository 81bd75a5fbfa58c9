package businessstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/business"
	"oalab/server/internal/sqldb"
)

const (
	selectPage = "SELECT account, openid, code, seen, msg_key, used_key, shown_at FROM business_page WHERE account = ? AND openid = ?"
	showPage   = "UPDATE business_page SET code = ?, seen = ?, msg_key = ?, used_key = '', shown_at = ? " +
		"WHERE account = ? AND openid = ? AND shown_at <= ? AND msg_key <> ?"
	usePage        = "UPDATE business_page SET used_key = ? WHERE account = ? AND openid = ? AND msg_key = ? AND used_key = ''"
	selectOldPages = "SELECT account, openid FROM business_page WHERE shown_at < ? ORDER BY shown_at LIMIT ?"
	deleteOldPage  = "DELETE FROM business_page WHERE account = ? AND openid = ? AND shown_at < ?"
)

type pageRow struct {
	Account string `db:"account"`
	OpenID  string `db:"openid"`
	Code    string `db:"code"`
	Seen    string `db:"seen"`
	Key     string `db:"msg_key"`
	Used    string `db:"used_key"`
	Shown   int64  `db:"shown_at"`
}

// Page implements business.Pages.
func (s *Store) Page(ctx context.Context, account, openid string) (business.Page, bool, error) {
	var r pageRow
	err := s.db.Read.GetContext(ctx, &r, selectPage, account, openid)
	if errors.Is(err, sql.ErrNoRows) {
		return business.Page{}, false, nil
	}
	if err != nil {
		return business.Page{}, false, fmt.Errorf("read the page of a follower: %w", err)
	}
	return business.Page{
		Account: r.Account, OpenID: r.OpenID, Code: r.Code, Seen: r.Seen, Key: r.Key, Used: r.Used, At: time.UnixMilli(r.Shown),
	}, true, nil
}

// insertPage makes the row of a follower's first page.
func (s *Store) insertPage() string {
	return s.db.Dialect.InsertNew("business_page", "account", "account", "openid", "code", "seen", "msg_key", "used_key", "shown_at")
}

// ShowPage implements business.Pages.
func (s *Store) ShowPage(ctx context.Context, p business.Page) error {
	at := p.At.UnixMilli()
	return s.db.Update(ctx, "keep the page of a follower", func(ctx context.Context, tx *sqlx.Tx) error {
		res, err := tx.ExecContext(ctx, showPage, p.Code, p.Seen, p.Key, at, p.Account, p.OpenID, at, p.Key)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n > 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, s.insertPage(), p.Account, p.OpenID, p.Code, p.Seen, p.Key, "", at)
		return err
	})
}

// UsePage implements business.Pages.
func (s *Store) UsePage(ctx context.Context, p business.Page, key string) (mine bool, err error) {
	err = s.db.Update(ctx, "use the page of a follower", func(ctx context.Context, tx *sqlx.Tx) error {
		mine = false
		res, err := tx.ExecContext(ctx, usePage, key, p.Account, p.OpenID, p.Key)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n > 0 {
			mine = err == nil
			return err
		}
		var r pageRow
		if err := tx.GetContext(ctx, &r, selectPage, p.Account, p.OpenID); err != nil {
			return err
		}
		mine = r.Key == p.Key && r.Used == key // an earlier try
		return nil
	})
	return mine && err == nil, err
}

// OldPages returns what deletes the next batch of the pages that were shown before a time. It
// tells how many it deleted, and whether there may be more.
func (s *Store) OldPages(before time.Time) func(context.Context) (rows int, more bool, err error) {
	return func(ctx context.Context) (int, bool, error) {
		var old []pageRow
		if err := s.db.Read.SelectContext(ctx, &old, selectOldPages, before.UnixMilli(), sqldb.OldRows); err != nil {
			return 0, false, fmt.Errorf("find old pages: %w", err)
		}
		statements := make([]sqldb.Query, len(old))
		for i := range old {
			statements[i] = sqldb.Query{Text: deleteOldPage, Args: []any{old[i].Account, old[i].OpenID, before.UnixMilli()}}
		}
		n, err := s.db.DeleteEach(ctx, "delete old pages", statements)
		return n, len(old) == sqldb.OldRows, err
	}
}
