package userlogstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// monthsAhead is for how many months after the current one there are partitions.
const monthsAhead = 3

// partitionLater is the last partition. It has no upper bound, so that no row is
// refused for its time; months are cut out of it while it is still empty, which
// copies nothing. After a long rest of the maintenance it holds rows, and the cut
// copies those once.
const partitionLater = "later"

// month is a partition: its name, and the second after its last.
type month struct {
	Name  string `db:"name"`
	Bound string `db:"bound"` // a number, or MAXVALUE
}

const selectPartitions = "SELECT partition_name AS name, partition_description AS bound FROM information_schema.partitions " +
	"WHERE table_schema = DATABASE() AND table_name = 'user_log' AND partition_name IS NOT NULL ORDER BY partition_ordinal_position"

// partition looks at the months there are and makes and drops what follows from
// that. A server that comes second finds nothing to do.
func partition(ctx context.Context, db *sqlx.DB, now, oldest time.Time) error {
	conn, err := db.Connx(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	// What waits for the table keeps all others from it: better not for long, and
	// again in an hour.
	if _, err := conn.ExecContext(ctx, "SET SESSION lock_wait_timeout = 2"); err != nil {
		return err
	}
	var there []month
	if err := conn.SelectContext(ctx, &there, selectPartitions); err != nil {
		return fmt.Errorf("read the partitions: %w", err)
	}
	changes, err := planMonths(there, now, oldest)
	if err != nil {
		return err
	}
	for _, change := range changes {
		if _, err := conn.ExecContext(ctx, change); err != nil {
			return fmt.Errorf("%s: %w", change, err)
		}
	}
	return nil
}

// planMonths returns the statements that bring the months that are there to those
// that are wanted. New months begin and end where they do in the zone of now; those that
// are there keep their bounds, so the first new one may begin some hours away from that.
func planMonths(there []month, now, oldest time.Time) (changes []string, err error) {
	if len(there) == 0 || there[len(there)-1].Name != partitionLater {
		return nil, errors.New("the table has no partition " + partitionLater + " at its end: it was not made by this program")
	}
	next := firstOf(oldest) // the first one also takes what is older
	var old []string
	for _, m := range there[:len(there)-1] {
		seconds, err := strconv.ParseInt(m.Bound, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("partition %s has the bound %q, want seconds", m.Name, m.Bound)
		}
		next = time.Unix(seconds, 0).In(now.Location())
		if seconds <= oldest.Unix() {
			old = append(old, m.Name)
		}
	}
	var made []string
	for end := firstOf(now).AddDate(0, monthsAhead, 0); ; {
		// A bound that was cut in another zone is less than a day from the month's beginning.
		first := firstOf(next.Add(zoneGap))
		if first.After(end) {
			break
		}
		next = first.AddDate(0, 1, 0)
		made = append(made, fmt.Sprintf("PARTITION %s VALUES LESS THAN (%d)", first.Format("m200601"), next.Unix()))
	}
	if len(made) > 0 {
		changes = append(changes, "ALTER TABLE user_log REORGANIZE PARTITION "+partitionLater+" INTO ("+
			strings.Join(made, ", ")+", PARTITION "+partitionLater+" VALUES LESS THAN MAXVALUE)")
	}
	if len(old) > 0 {
		changes = append(changes, "ALTER TABLE user_log DROP PARTITION "+strings.Join(old, ", "))
	}
	return changes, nil
}

// zoneGap is more than two zones can differ by.
const zoneGap = 27 * time.Hour

// firstOf is the beginning of a month, in the zone of t.
func firstOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, t.Location())
}
