package topology

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"oalab/scenarios/history"
)

// Logged is a system whose user log can be read.
type Logged interface {
	// Clicks are the clicks on the menu that the user log holds.
	Clicks(ctx context.Context) ([]history.Clicks, error)
}

// readClicks counts the rows of the user log by menu item and time.
const readClicks = "SELECT received_at DIV %d * %d, event_key, COUNT(*) FROM %s.user_log WHERE account = '%s' AND msg_type = 'event' AND event = 'CLICK' GROUP BY 1, 2 ORDER BY 1, 2"

// Clicks reads the user log on the host of its database, as an operator does.
func (d *docker) Clicks(ctx context.Context) ([]history.Clicks, error) {
	h, ok := d.hosts[HostMySQL]
	if !ok {
		return nil, errors.New("read the user log: the topology has no single MySQL")
	}
	statement := fmt.Sprintf(readClicks, history.ClicksEveryMS, history.ClicksEveryMS, database, d.spec.Account.Name)
	r, err := h.Exec(ctx, "mysql", "--no-defaults", "-u"+storeUser, "-h127.0.0.1", "--ssl-mode=DISABLED", "--get-server-public-key",
		"--password="+storeUser, "--batch", "--skip-column-names", "-e", statement)
	if err != nil {
		return nil, fmt.Errorf("read the user log: %w", err)
	}
	if r.Code != 0 {
		return nil, fmt.Errorf("read the user log: mysql ended with %d: %s", r.Code, lastLine([]byte(r.Output)))
	}
	return parseClicks(r.Output)
}

// parseClicks reads rows of time, key and count. The client warns of passwords on a
// command line in between.
func parseClicks(output string) ([]history.Clicks, error) {
	var rows []history.Clicks
	for line := range strings.Lines(output) {
		words := strings.Split(strings.TrimSpace(line), "\t")
		if len(words) == 1 {
			if !strings.Contains(line, "Warning") {
				return nil, fmt.Errorf("read the user log: unexpected line %q", line)
			}
			continue
		}
		if len(words) != 3 {
			return nil, fmt.Errorf("read the user log: line %q has %d fields, want 3", line, len(words))
		}
		at, errAt := strconv.ParseInt(words[0], 10, 64)
		n, errN := strconv.Atoi(words[2])
		if err := errors.Join(errAt, errN); err != nil {
			return nil, fmt.Errorf("read the user log: line %q: %w", line, err)
		}
		rows = append(rows, history.Clicks{AtMS: at, Key: words[1], Rows: n})
	}
	return rows, nil
}
