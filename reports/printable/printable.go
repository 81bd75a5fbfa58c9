// Package printable owns what may reach a person's eyes of bytes that came from outside:
// a status reason, a header, a body, an error. Terminals obey control characters, and
// bidirectional ones make a line read as what it is not; both are shown, not sent.
package printable

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Text is s with each character that is not to be seen written as \uXXXX (beyond U+FFFF as
// two of them, as JSON has it, so that JSON stays JSON and means the same), and each byte
// that is no UTF-8 as \xXX. Line feeds and tabs stay.
func Text(s string) string { return escape(s, "\n\t") }

// Line is Text on one line: line feeds and tabs are escaped too.
func Line(s string) string { return escape(s, "") }

// Markdown is s as words of one line of Markdown: no markup, link, picture, cell or line of
// its own, and no character references. What is not to be seen is left to Text.
func Markdown(s string) string { return words.Replace(s) }

var words = strings.NewReplacer(
	"\r\n", " ", "\n", " ", "\r", " ", `\`, `\\`, "|", `\|`, "&", "&amp;", "<", "&lt;", ">", "&gt;",
	"`", "'", "*", `\*`, "[", `\[`, "]", `\]`,
)

func escape(s, keep string) string {
	i := unseen(s, keep)
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for ; i < len(s); i = unseen(s, keep) {
		b.WriteString(s[:i])
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		s = s[i+size:]
	}
	b.WriteString(s)
	return b.String()
}

// unseen is where the first character to escape is; the length of s when there is none.
func unseen(s, keep string) int {
	for i := 0; i < len(s); {
		if c := s[i]; c >= ' ' && c < 0x7f {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if hidden(r, size) && !strings.ContainsRune(keep, r) {
			return i
		}
		i += size
	}
	return len(s)
}

// hidden are control characters, those that steer others (category Cf: bidirectional
// marks, joiners that are no part of a word, tags), line and paragraph separators, and
// what no text may hold. The two joiners are part of emoji and of several scripts.
func hidden(r rune, size int) bool {
	switch {
	case r == utf8.RuneError && size == 1:
		return true
	case r == '\u200c', r == '\u200d':
		return false
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Noncharacter_Code_Point):
		return true
	}
	return false
}

// Writer passes on what is written as Text. A character must not be cut in two between
// two writes. It is as safe for concurrent use as the writer behind it.
type Writer struct{ W io.Writer }

// Write implements io.Writer; it reports len(p) when all that stands for p is written.
func (w Writer) Write(p []byte) (int, error) {
	if s := string(p); unseen(s, "\n\t") < len(s) {
		if _, err := io.WriteString(w.W, Text(s)); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	return w.W.Write(p)
}
