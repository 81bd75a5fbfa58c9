package wechat

import (
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"oalab/server/xmltext"
)

// appendCDATA appends s as character data. A CDATA section cannot hold "]]>",
// so it is split over two sections; characters that XML forbids are dropped,
// and bytes that are not UTF-8 become U+FFFD, so that no text of a keyword
// table or of an upstream can make the reply malformed.
func appendCDATA(b []byte, s string) []byte {
	const opening, closing = "<![CDATA[", "]]>"
	b = append(b, opening...)
	brackets := 0 // how many ']' the section ends with, as far as it matters
	for _, r := range s {
		if !xmltext.Legal(r) {
			continue
		}
		if r == '>' && brackets >= 2 {
			b = append(b, closing...)
			b = append(b, opening...)
		}
		if r == ']' {
			brackets++
		} else {
			brackets = 0
		}
		b = utf8.AppendRune(b, r)
	}
	return append(b, closing...)
}

// ClipText makes a text that may be sent: valid UTF-8 of at most MaxTextBytes. A longer one
// is cut between two characters as people see them (grapheme clusters), and an ellipsis
// marks the cut. A text that may be sent is returned as it is.
func ClipText(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if len(s) <= MaxTextBytes {
		return s
	}
	const mark = "…"
	const room = MaxTextBytes - len(mark)
	cut, state := 0, -1
	for rest := s; cut < room; {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if cut+len(cluster) > room {
			break
		}
		cut += len(cluster)
	}
	if cut == 0 { // one cluster is longer than all: between two of its runes, then
		for cut = room; !utf8.RuneStart(s[cut]); {
			cut--
		}
	}
	return s[:cut] + mark
}
