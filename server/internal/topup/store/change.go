package topupstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/sqldb"
	"oalab/server/internal/topup"
)

func (s *Store) insert() string {
	insert := s.db.Dialect.InsertNew("topup", "serial",
		"serial", "account", "openid", "phone", "request_key", "fen", "state", "transaction_id", "reason", "tries", "expires_at", "created_at", "next_at")
	now := s.db.Dialect.Now
	return strings.Replace(insert, ", ?, ?)", ", "+now+", "+now+" + ?)", 1)
}

// Create implements topup.Store. What was made just now is not read again.
func (s *Store) Create(ctx context.Context, t topup.TopUp, look time.Duration) (topup.TopUp, error) {
	met, err := s.db.One(ctx, "create a top-up", s.insert(), t.Serial, t.Account, t.OpenID, t.Phone, t.Key, t.Fen, topup.StateCreated, "", "", 0,
		t.Expires.UnixMilli(), look.Milliseconds())
	if err != nil {
		return topup.TopUp{}, err
	}
	if met > 0 {
		t.State = topup.StateCreated
		return t, nil
	}
	before, err := get(ctx, s.db.Read, selectRequest, t.Account, t.OpenID, t.Key)
	switch {
	case errors.Is(err, topup.ErrNoTopUp):
		return topup.TopUp{}, fmt.Errorf("create a top-up: serial %s is taken", t.Serial)
	case err == nil && (before.Phone != t.Phone || before.Fen != t.Fen):
		return topup.TopUp{}, topup.ErrKeyUsed
	}
	return before, err
}

// from is the condition that a top-up is in a state from which it may go to one.
func from(to topup.State) string {
	states := make([]string, 0, len(topup.States()))
	for _, s := range topup.From(to) {
		states = append(states, "'"+string(s)+"'")
	}
	return " AND state IN (" + strings.Join(states, ", ") + ")"
}

func (s *Store) pay() string {
	return "UPDATE topup SET state = 'paid', transaction_id = ?, tries = 0, next_at = " + s.db.Dialect.Now + " + ? WHERE serial = ? AND account = ? AND fen = ?" +
		from(topup.StatePaid)
}

func (s *Store) sent() string {
	return "UPDATE topup SET state = 'sent', tries = 0, next_at = " + s.db.Dialect.Now + " + ? WHERE serial = ?" + from(topup.StateSent)
}

func (s *Store) refuse() string {
	return "UPDATE topup SET state = 'refunding', reason = ?, tries = 0, next_at = " + s.db.Dialect.Now + " WHERE serial = ?" + from(topup.StateRefunding)
}

func (s *Store) claim() string {
	return "UPDATE topup SET tries = tries + 1, next_at = " + s.db.Dialect.Now + " + ? WHERE serial = ? AND next_at = ?"
}

func (s *Store) due() string {
	return "SELECT " + columns + " FROM topup WHERE next_at > 0 AND next_at <= " + s.db.Dialect.Now + " ORDER BY next_at LIMIT ?"
}

// end brings a top-up to an end.
func end(to topup.State) string {
	return "UPDATE topup SET state = '" + string(to) + "', tries = 0, next_at = 0 WHERE serial = ?" + from(to)
}

func endFen(to topup.State) string { return end(to) + " AND account = ? AND fen = ?" }

func (s *Store) insertMovement() string {
	return s.db.Dialect.Stamped(s.db.Dialect.Insert("topup_movement", "serial", "out_of", "into_book", "fen", "moved_at"))
}

// moveAll moves what a top-up has.
func (s *Store) moveAll() string {
	return "INSERT INTO topup_movement (serial, out_of, into_book, fen, moved_at) SELECT serial, ?, ?, fen, " + s.db.Dialect.Now + " FROM topup WHERE serial = ?"
}

// errMet is why a change met no row; why finds the reason.
var errMet = errors.New("the top-up is in no state for this")

// Pay implements topup.Store.
func (s *Store) Pay(ctx context.Context, account, serial, transaction string, fen int64, next time.Duration) error {
	err := s.db.Update(ctx, "book a payment", func(ctx context.Context, tx *sqlx.Tx) error {
		if err := sqldb.Change(ctx, tx, errMet, s.pay(), transaction, next.Milliseconds(), serial, account, fen); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, s.insertMovement(), serial, bookPayer, bookOpen, fen)
		return err
	})
	if !errors.Is(err, errMet) {
		return err
	}
	t, err := s.Load(ctx, account, serial)
	switch {
	case err != nil:
		return err
	case t.Fen != fen:
		return topup.ErrAmount
	case t.Transaction != transaction:
		return topup.ErrTransaction
	}
	return topup.ErrRepeated
}

// Sent implements topup.Store.
func (s *Store) Sent(ctx context.Context, serial string, next time.Duration) error {
	_, err := s.db.One(ctx, "note a top-up as sent", s.sent(), next.Milliseconds(), serial)
	return err
}

// Done implements topup.Store.
func (s *Store) Done(ctx context.Context, serial string) error {
	err := s.db.Update(ctx, "book a top-up as done", func(ctx context.Context, tx *sqlx.Tx) error {
		if err := sqldb.Change(ctx, tx, errMet, end(topup.StateDone), serial); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, s.moveAll(), bookOpen, bookDone, serial)
		return err
	})
	return s.why(ctx, err, serial, topup.StateDone)
}

// Refuse implements topup.Store.
func (s *Store) Refuse(ctx context.Context, serial, reason string) error {
	met, err := s.db.One(ctx, "refuse a top-up", s.refuse(), sqldb.Clip(reason), serial)
	if err == nil && met == 0 {
		err = errMet
	}
	return s.why(ctx, err, serial, topup.StateRefunding, topup.StateRefunded)
}

// Refund implements topup.Store.
func (s *Store) Refund(ctx context.Context, account, serial string, fen int64) error {
	err := s.db.Update(ctx, "book a refund", func(ctx context.Context, tx *sqlx.Tx) error {
		if err := sqldb.Change(ctx, tx, errMet, endFen(topup.StateRefunded), serial, account, fen); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, s.insertMovement(), serial, bookOpen, bookRefunded, fen)
		return err
	})
	if errors.Is(err, errMet) {
		t, err := s.Load(ctx, account, serial)
		if err != nil {
			return err
		}
		if t.Fen != fen {
			return topup.ErrAmount
		}
	}
	return s.why(ctx, err, serial, topup.StateRefunded)
}

// why says why a change met no row: the top-up is in one of the states that follow, or elsewhere.
func (s *Store) why(ctx context.Context, err error, serial string, after ...topup.State) error {
	if !errors.Is(err, errMet) {
		return err
	}
	t, err := get(ctx, s.db.Read, selectOne, serial)
	if err != nil {
		return err
	}
	if slices.Contains(after, t.State) {
		return topup.ErrRepeated
	}
	return fmt.Errorf("%w: it is %s", topup.ErrNotPaid, t.State)
}

// Close implements topup.Store.
func (s *Store) Close(ctx context.Context, serial string) error {
	_, err := s.db.One(ctx, "close a top-up", end(topup.StateClosed), serial)
	return err
}

// Due implements topup.Store.
func (s *Store) Due(ctx context.Context, limit int) ([]topup.TopUp, error) {
	return s.list(ctx, s.due(), limit)
}

// Claim implements topup.Store.
func (s *Store) Claim(ctx context.Context, t topup.TopUp, pause time.Duration) (bool, error) {
	met, err := s.db.One(ctx, "claim a step of a top-up", s.claim(), pause.Milliseconds(), t.Serial, t.Next.UnixMilli())
	return met > 0, err
}

// Statements returns every statement of the engine that reads or changes rows by a condition.
func Statements(d sqldb.Dialect) []string {
	s := New(&sqldb.DB{Dialect: d})
	return []string{
		selectOne, selectRequest, selectOwn, selectBooks, s.pay(), s.sent(), s.refuse(), s.claim(), s.due(), s.moveAll(),
		end(topup.StateDone), end(topup.StateClosed), endFen(topup.StateRefunded),
	}
}
