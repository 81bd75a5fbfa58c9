package history

// ClickEvidence are the clicks on the menu as the system's own user log has them. Only an
// arm that reads them has it (SCN-7).
var ClickEvidence = declare[Clicks]("clicks")

// Clicks are the rows of the user log of one menu item, by when the messages came.
type Clicks struct {
	AtMS int64  `json:"at_ms"` // since 1970, in steps of ClicksEveryMS
	Key  string `json:"key"`
	Rows int    `json:"rows"`
}

// ClicksEveryMS is how finely clicks are told apart in time, in milliseconds.
const ClicksEveryMS = 100
