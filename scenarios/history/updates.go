package history

// Probes of a keyword whose answer changes while the arm runs, as samples.jsonl holds
// them (STO-7). Its answer is a version: 1, 2 and so on, 0 before the first. All
// samples are dated when the write or the message was begun; one with Error may have had
// its effect or not.
const (
	// ProbeUpdate changes the answer as an operator does, one write after the other. An
	// acknowledged write gives SeriesValue, the version, and SeriesAnswer, its duration in
	// seconds.
	ProbeUpdate = "update"
	// ProbeRead asks for the answer by a message, one after the other, and gives the same
	// two series. Its name is followed by a dot and the name of the server that was asked,
	// or ReadService.
	ProbeRead = "read"
	// SeriesStale is 1 for a read whose answer the server marked as made from memory. Such
	// an answer may be too old. Without the mark there is no such sample.
	SeriesStale = "stale"
	// ReadService is the address that followers' messages go to. Any server may answer
	// there.
	ReadService = "service"
)
