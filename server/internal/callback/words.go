package callback

import (
	"slices"
	"strings"
	"unicode"

	"oalab/server/wechat"
)

// said are the readings of what a follower said, the likeliest first: a typed text is
// taken as it is. Speech recognition writes sentences, so the words of a voice message are
// tried without the marks and the space around them too, and with full-width letters and
// digits as the plain ones (MSG-7). It is empty when nothing was said.
type said struct{ exact, words, plain string }

func sayings(m *wechat.Message) said {
	exact := strings.TrimSpace(m.Words())
	if _, spoken := m.Body.(*wechat.Voice); !spoken {
		return said{exact: exact}
	}
	words := strings.TrimFunc(exact, isMark)
	return said{exact, words, strings.Map(narrow, words)}
}

// mostReadings is how many readings a message has at most.
const mostReadings = 3

// readings are the texts that may be a command, where one that is written with marks is
// meant before one without, and those that the smart answer is asked for, where the words
// alone come first, as if they had been typed.
func (w *work) readings() (commands, questions []string) {
	s := sayings(w.Message)
	return appendDistinct(w.commands[:0], s.exact, s.words, s.plain),
		appendDistinct(w.questions[:0], s.plain, s.words, s.exact)
}

// appendDistinct leaves out what is empty and what stands twice.
func appendDistinct(out []string, texts ...string) []string {
	for _, t := range texts {
		if t != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// isMark reports whether a character at an end of recognised words is none of them.
func isMark(r rune) bool {
	return unicode.IsPunct(r) || unicode.IsSymbol(r) || unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar
}

// narrow is the plain form of a full-width character.
func narrow(r rune) rune {
	switch {
	case r >= '！' && r <= '～':
		return r - '！' + '!'
	case r == '\u3000':
		return ' '
	}
	return r
}
