package message

// Trouble is a text that a follower reads when something cannot be done. docs/answers.md
// lists them all.
type Trouble struct {
	When string // in English
	Text string
}
