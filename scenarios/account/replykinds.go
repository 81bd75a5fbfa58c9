package account

import (
	"net/http"
	"regexp"
	"strings"

	"oalab/scenarios/history"
)

// shownIn finds the kind of a reply in its XML.
var shownIn = regexp.MustCompile(`<MsgType><!\[CDATA\[([a-z_]+)\]\]></MsgType>`)

// ReplyKind is the kind of a reply in plaintext: one of history.ReplyKinds, or "" for what is
// none of them.
func ReplyKind(plain string) string {
	if !hasWords(plain) {
		return history.ReplyNone
	}
	if found := shownIn.FindStringSubmatch(plain); found != nil {
		return found[1]
	}
	return ""
}

// AnsweredBy are the servers that answered tries of the message, by address.
func (m *Message) AnsweredBy() map[string]bool {
	by := map[string]bool{}
	for _, d := range m.Tries {
		if TryAnswered(d) && d.Upstream != "" {
			asked := strings.Fields(d.Upstream) // the last one answered
			by[asked[len(asked)-1]] = true
		}
	}
	return by
}

// AnsweredTries is how many tries of the message the server answered in full, however often
// one was delivered.
func (m *Message) AnsweredTries() int {
	n, last := 0, 0
	for _, d := range m.Tries {
		if TryAnswered(d) && d.Status == http.StatusOK && d.Try != last {
			n, last = n+1, d.Try
		}
	}
	return n
}
