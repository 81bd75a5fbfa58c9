package history

// Probes of a keyword whose answer changes while the arm runs, as samples.jsonl holds
// them (STO-7). Its answer is a version: 1, 2 and so on, 0 before the first. All
// samples are dated when the write or the message was begun; one with Error may have had
// its effect or not.
const (
	// ProbeUpdate changes the answer as an operator does, one write after the other. One
	// that was acknowledged gives SeriesValue, the version, and SeriesAnswer, how long it
	// took in seconds.
	ProbeUpdate = "update"
	// ProbeRead asks for it by a message, one after the other, and gives the same two
	// series. It is followed by a dot and who was asked: a server by its name, or
	// ReadService.
	ProbeRead = "read"
	// ReadService is the address that followers' messages go to, whoever answers there.
	ReadService = "service"
)
