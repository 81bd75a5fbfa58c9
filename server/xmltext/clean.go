package xmltext

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

const replacement = "\uFFFD"

// Legal reports whether XML 1.0 allows a character.
func Legal(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' ||
		r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= 0x10FFFF
}

// sections are the parts of a document in which "&" begins no reference.
var sections = []struct{ begin, end []byte }{
	{[]byte("<![CDATA["), []byte("]]>")},
	{[]byte("<!--"), []byte("-->")},
	{[]byte("<?"), []byte("?>")},
}

// clean makes text that encoding/xml can read of text that claims to be UTF-8: bytes of no
// character become U+FFFD, forbidden characters, written out or as references, become
// U+FFFD or are dropped. It stops when it has written upTo bytes and says how many it has
// read. A clean text is returned as it is.
func clean(text []byte, drop bool, upTo int) (out []byte, read int) {
	c := cleaner{text: text, drop: drop}
	var end []byte // of the section around
	i := 0
	for i < len(text) && len(c.out)+i-c.kept < upTo {
		b := text[i]
		switch {
		case b >= utf8.RuneSelf:
			i = c.character(i)
		case b < ' ' && b != '\t' && b != '\n' && b != '\r':
			i = c.forbidden(i, i+1)
		case end != nil:
			if b == end[0] && bytes.HasPrefix(text[i:], end) {
				i += len(end) - 1
				end = nil
			}
			i++
		case b == '<':
			i++
			for _, s := range sections {
				if bytes.HasPrefix(text[i-1:], s.begin) {
					i, end = i-1+len(s.begin), s.end
					break
				}
			}
		case b == '&':
			i = c.reference(i)
		default:
			i++
		}
	}
	if c.out == nil {
		return text[:i], i
	}
	return append(c.out, text[c.kept:i]...), i
}

// cleaner copies a text once something in it changes.
type cleaner struct {
	text, out []byte
	kept      int // what is before it is in out
	drop      bool
}

// replace puts something in the place of a part of the text.
func (c *cleaner) replace(from, to int, by string) int {
	if c.out == nil {
		c.out = make([]byte, 0, len(c.text)+16)
	}
	c.out = append(append(c.out, c.text[c.kept:from]...), by...)
	c.kept = to
	return to
}

func (c *cleaner) forbidden(from, to int) int {
	if c.drop {
		return c.replace(from, to, "")
	}
	return c.replace(from, to, replacement)
}

// character looks at one that is not ASCII.
func (c *cleaner) character(i int) (next int) {
	r, size := utf8.DecodeRune(c.text[i:])
	switch {
	case size == 1:
		return c.replace(i, i+brokenLen(c.text[i:]), replacement)
	case !Legal(r):
		return c.forbidden(i, i+size)
	}
	return i + size
}

// reference looks at a reference by number: one to a forbidden character counts as that
// character. Any other "&" is for the parser to judge.
func (c *cleaner) reference(i int) (next int) {
	digits, base := i+2, 10
	if !bytes.HasPrefix(c.text[i:], []byte("&#")) {
		return i + 1
	}
	if bytes.HasPrefix(c.text[digits:], []byte("x")) {
		digits, base = digits+1, 16
	}
	end := digits
	for end < len(c.text) && isDigit(c.text[end], base) {
		end++
	}
	if end == digits || end == len(c.text) || c.text[end] != ';' {
		return i + 1
	}
	value, err := strconv.ParseUint(string(c.text[digits:end]), base, 32)
	switch {
	case err != nil, value > utf8.MaxRune, 0xD800 <= value && value <= 0xDFFF: // no character at all
		return c.replace(i, end+1, replacement)
	case !Legal(rune(value)):
		return c.forbidden(i, end+1)
	}
	return end + 1
}

func isDigit(b byte, base int) bool {
	return b >= '0' && b <= '9' || base == 16 && (b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F')
}

// brokenLen is how many bytes one U+FFFD stands for: the longest beginning of a character
// that b starts with, one byte at least, as the Unicode standard recommends (section 3.9).
func brokenLen(b []byte) int {
	low, high, size := byte(0x80), byte(0xBF), 1
	switch lead := b[0]; {
	case lead >= 0xC2 && lead <= 0xDF:
		size = 2
	case lead >= 0xE0 && lead <= 0xEF:
		size = 3
		switch lead {
		case 0xE0:
			low = 0xA0
		case 0xED:
			high = 0x9F
		}
	case lead >= 0xF0 && lead <= 0xF4:
		size = 4
		switch lead {
		case 0xF0:
			low = 0x90
		case 0xF4:
			high = 0x8F
		}
	}
	n := 1
	for n < size && n < len(b) && b[n] >= low && b[n] <= high {
		n, low, high = n+1, 0x80, 0xBF
	}
	return n
}
