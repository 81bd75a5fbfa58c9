package history

import "oalab/internal/jsonl"

// FileClicks holds the clicks on the menu as the system's own user log has them: one
// Clicks a line. Only an arm that reads them has it (SCN-7).
const FileClicks = dirLedgers + "/clicks.jsonl"

// Clicks are the rows of the user log of one menu item, by when the messages came.
type Clicks struct {
	AtMS int64  `json:"at_ms"` // since 1970, in steps of ClicksEveryMS
	Key  string `json:"key"`
	Rows int    `json:"rows"`
}

// ClicksEveryMS is how finely clicks are told apart in time, in milliseconds.
const ClicksEveryMS = 100

// WriteClicks writes what was read of the user log.
func (a *ArmWriter) WriteClicks(rows []Clicks) error {
	w, err := jsonl.Create(a.path(FileClicks))
	if err != nil {
		return err
	}
	for i := range rows {
		if err := w.Write(&rows[i]); err != nil {
			_ = w.Close() // the first error is the one to tell
			return err
		}
	}
	return w.Close()
}
