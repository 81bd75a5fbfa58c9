package wechat

import (
	"strings"
	"unicode/utf8"
)

// legal reports whether XML 1.0 allows the character.
func legal(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' ||
		r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= 0x10FFFF
}

// stripIllegal returns body without the characters that XML 1.0 forbids. Bytes
// that are not UTF-8 stay, for the parser to refuse. A clean body is returned
// as it is, without a copy.
func stripIllegal(body []byte) []byte {
	first := illegalAt(body)
	if first < 0 {
		return body
	}
	clean := make([]byte, 0, len(body))
	for first >= 0 {
		clean = append(clean, body[:first]...)
		_, size := utf8.DecodeRune(body[first:])
		body = body[first+size:]
		first = illegalAt(body)
	}
	return append(clean, body...)
}

// illegalAt is the index of the first forbidden character, or -1.
func illegalAt(b []byte) int {
	for i := 0; i < len(b); {
		if c := b[i]; c < utf8.RuneSelf {
			if c < 0x20 && c != '\t' && c != '\n' && c != '\r' {
				return i
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(b[i:])
		if size > 1 && !legal(r) {
			return i
		}
		i += size
	}
	return -1
}

// appendCDATA appends s as character data. A CDATA section cannot hold "]]>",
// so it is split over two sections; characters that XML forbids are dropped,
// and bytes that are not UTF-8 become U+FFFD, so that no text of a keyword
// table or of an upstream can make the reply malformed.
func appendCDATA(b []byte, s string) []byte {
	const opening, closing = "<![CDATA[", "]]>"
	b = append(b, opening...)
	brackets := 0 // how many ']' the section ends with, as far as it matters
	for _, r := range s {
		if !legal(r) {
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

// ClipText shortens a text to MaxTextBytes at the end of a character and marks
// the cut with an ellipsis. A text that fits is returned as it is.
func ClipText(s string) string {
	if len(s) <= MaxTextBytes {
		return s
	}
	const mark = "…"
	cut := MaxTextBytes - len(mark)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strings.Clone(s[:cut]) + mark
}
