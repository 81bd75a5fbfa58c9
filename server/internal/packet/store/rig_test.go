package packetstore

import (
	"errors"
	"testing"
	"time"

	"oalab/server/internal/packet"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
)

const account = "demo"

func open(t *testing.T, cfg sqldb.Config) *Store {
	t.Helper()
	db := sqldbtest.Open(t, cfg)
	if err := db.Migrate(t.Context(), Migrations()); err != nil {
		t.Fatal(err)
	}
	return New(db)
}

// rich is a new follower with so many units.
func rich(t *testing.T, s *Store, units int64) string {
	t.Helper()
	openid := sqldbtest.Unique("o")
	if err := s.Issue(t.Context(), account, openid, "gift", units); err != nil {
		t.Fatal(err)
	}
	return openid
}

// made is a packet that was not sent yet.
func made(sender string, shares ...int) packet.Packet {
	return packet.Packet{
		ID: sqldbtest.Unique("p"), Account: account, Sender: sender, Serial: sqldbtest.Unique("s"), Split: packet.SplitEqual,
		Shares: shares, Wish: "恭喜发财😀", Life: time.Hour,
	}
}

func send(t *testing.T, s *Store, p packet.Packet) packet.Packet {
	t.Helper()
	if _, err := s.Send(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	return p
}

func balanced(t *testing.T, s *Store, openid string, want int64) {
	t.Helper()
	got, err := s.Balance(t.Context(), account, openid)
	if err != nil || got != want {
		t.Errorf("balance %d, %v; want %d", got, err, want)
	}
}

// refused fails the test unless err is want and nothing else.
func refused(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}

// conserved reads the books: nothing is missing, and the ledger says what the balances are.
func conserved(t *testing.T, s *Store) {
	t.Helper()
	b, err := s.Books(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if b.Missing != 0 {
		t.Errorf("%d units are missing: %+v", b.Missing, b)
	}
	for query, what := range map[string]string{
		"SELECT COUNT(*) FROM (SELECT e.account FROM packet_entry e LEFT JOIN packet_balance b ON b.account = e.account AND b.openid = e.openid " +
			"WHERE e.book = 'balance' GROUP BY e.account, e.openid, b.units HAVING SUM(e.units) <> COALESCE(b.units, 0)) AS off": "balances that differ from their entries",
		"SELECT COALESCE(SUM(units), 0) FROM packet_entry": "the sum of all entries",
		"SELECT COUNT(*) FROM (SELECT p.id FROM packet p LEFT JOIN packet_entry e ON e.packet_id = p.id AND e.book = 'packet' " +
			"GROUP BY p.id HAVING COALESCE(SUM(e.units), 0) <> (SELECT COALESCE(SUM(f.units), 0) FROM packet_share f WHERE f.packet_id = p.id AND f.openid IS NULL)) AS off": "packets that differ from their entries",
	} {
		var n int64
		if err := s.Read.GetContext(t.Context(), &n, query); err != nil || n != 0 {
			t.Errorf("%s: %d, %v", what, n, err)
		}
	}
}

// watched reads the books until the returned function is called: a reader at any instant finds
// that nothing is missing.
func watched(t *testing.T, s *Store) (stop func()) {
	t.Helper()
	quit, done := make(chan struct{}), make(chan int)
	go func() {
		reads := 0
		defer func() { done <- reads }()
		for ; ; reads++ {
			select {
			case <-quit:
				return
			default:
			}
			if b, err := s.Books(t.Context()); err != nil || b.Missing != 0 {
				t.Errorf("a reader met %+v, %v", b, err)
				return
			}
		}
	}()
	return func() {
		close(quit)
		if <-done == 0 {
			t.Error("the books were never read")
		}
	}
}
