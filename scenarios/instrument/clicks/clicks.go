// Package clicks reads from the system's own user log what was clicked on the menu (SCN-7).
package clicks

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"oalab/chaos"
	"oalab/scenarios/history"
	"oalab/scenarios/instrument"
	"oalab/scenarios/topology"
)

// Instrument reads the user log after the load.
type Instrument struct{ instrument.Idle }

// Name implements instrument.Instrument.
func (Instrument) Name() string { return "clicks" }

// Needs is the host of the one MySQL.
func (Instrument) Needs() []topology.Need {
	return []topology.Need{{Power: topology.PowerShell, Over: []chaos.Target{topology.HostMySQL}}}
}

// read counts the rows of the user log by menu item and time.
const read = "SELECT received_at DIV %d * %d, event_key, COUNT(*) FROM %s.user_log WHERE account = '%s' AND msg_type = 'event' AND event = 'CLICK' GROUP BY 1, 2 ORDER BY 1, 2"

// After reads the user log on the host of its database, as an operator does.
func (Instrument) After(ctx context.Context, a instrument.Arm) error {
	shell, err := topology.ShellOf(a.System)
	if err != nil {
		return fmt.Errorf("read the user log: %w", err)
	}
	statement := fmt.Sprintf(read, history.ClicksEveryMS, history.ClicksEveryMS, topology.StoreDatabase, a.System.Account().Name)
	told, err := shell.Tell(ctx, topology.HostMySQL, "mysql", "--no-defaults", "-u"+topology.StoreUser, "-h127.0.0.1", "--ssl-mode=DISABLED",
		"--get-server-public-key", "--password="+topology.StoreUser, "--batch", "--skip-column-names", "-e", statement)
	if err != nil {
		return fmt.Errorf("read the user log: %w", err)
	}
	rows, err := parse(told)
	if err != nil {
		return fmt.Errorf("read the user log: %w", err)
	}
	return history.ClickEvidence.Write(a.Out, rows)
}

// parse reads rows of time, key and count. The client warns of passwords on a command line in
// between.
func parse(output string) ([]history.Clicks, error) {
	var rows []history.Clicks
	for line := range strings.Lines(output) {
		words := strings.Split(strings.TrimSpace(line), "\t")
		if len(words) == 1 {
			if !strings.Contains(line, "Warning") {
				return nil, fmt.Errorf("unexpected line %q", line)
			}
			continue
		}
		if len(words) != 3 {
			return nil, fmt.Errorf("line %q has %d fields, want 3", line, len(words))
		}
		at, errAt := strconv.ParseInt(words[0], 10, 64)
		n, errN := strconv.Atoi(words[2])
		if err := errors.Join(errAt, errN); err != nil {
			return nil, fmt.Errorf("line %q: %w", line, err)
		}
		rows = append(rows, history.Clicks{AtMS: at, Key: words[1], Rows: n})
	}
	return rows, nil
}
