// Package xmltext owns how the bytes of an XML document become UTF-8 that
// encoding/xml reads: byte order marks, declared encodings, bytes that belong to no
// character, and characters that XML 1.0 forbids. It is pure: bytes in, bytes out.
//
// A signature of a document is computed over the bytes as
// they came, before this package.
package xmltext

import (
	"bytes"
	"fmt"
	"math"

	"golang.org/x/text/encoding"
)

// Options of Read. The zero value is right for a document without a transport.
type Options struct {
	// Charset is what the transport says of the encoding, such as the charset parameter
	// of a Content-Type; "" means that it says nothing.
	Charset string
	// Drop leaves out the characters that XML 1.0 forbids, such as a control character
	// that a follower typed. Otherwise they become U+FFFD.
	Drop bool
}

// Text is a document in UTF-8, ready for encoding/xml: without a byte order mark, without
// an encoding in its declaration, with characters only that XML 1.0 allows. It is valid as
// long as the raw document is not changed.
type Text struct {
	XML []byte

	raw     []byte            // behind the byte order mark
	mark    int               // bytes of it
	charset encoding.Encoding // nil: UTF-8
	drop    bool
}

// Error is a document that cannot be turned into UTF-8.
type Error struct {
	// Offset is the byte of the document where the reason stands.
	Offset int
	// Reason quotes nothing of the document.
	Reason string
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("byte %d: %s", e.Offset, e.Reason) }

// Read turns a document into UTF-8. Bytes that belong to no character become U+FFFD, one
// for each sequence that a cut character leaves. A document that needs no change is not
// copied. The error is an *Error: an encoding that is not known.
func Read(raw []byte, o Options) (Text, error) {
	t := Text{drop: o.Drop}
	charset, mark := marked(raw)
	t.mark, t.raw = mark, raw[mark:]
	if charset == nil && mark == 0 {
		var err error
		if charset, err = chosen(raw, o.Charset); err != nil {
			return Text{}, err
		}
	}
	t.charset = charset
	t.XML, _ = clean(undeclared(t.decoded()), o.Drop, math.MaxInt)
	return t, nil
}

// decoded is the document in UTF-8, with everything that is wrong with it.
func (t *Text) decoded() []byte {
	if t.charset == nil {
		return t.raw
	}
	// A decoder has no errors: what it cannot decode becomes U+FFFD.
	text, err := t.charset.NewDecoder().Bytes(t.raw)
	if err != nil {
		return t.raw
	}
	return text
}

// Offset is the byte of the raw document at which the byte of XML stands, to say where
// something is wrong. It costs as much as Read.
func (t *Text) Offset(at int64) int {
	_, n := clean(t.decoded(), t.drop, int(at))
	if t.charset != nil {
		// A decoder that has place for no more stops where that much was read.
		_, n, _ = t.charset.NewDecoder().Transform(make([]byte, n), t.raw, true)
	}
	return t.mark + n
}

// undeclared blanks what the declaration says: it was heeded, and the text is no longer in
// that encoding. The length stays.
func undeclared(text []byte) []byte {
	from, to := declaration(text)
	if from == to {
		return text
	}
	out := bytes.Clone(text)
	for i := from; i < to; i++ {
		out[i] = ' '
	}
	return out
}

// declaration finds what stands between "<?xml" and "?>".
func declaration(text []byte) (from, to int) {
	const opening = "<?xml"
	space := len(text) - len(bytes.TrimLeft(text, " \t\r\n"))
	rest, ok := bytes.CutPrefix(text[space:], []byte(opening))
	if !ok || len(rest) == 0 || !bytes.ContainsRune([]byte(" \t\r\n"), rune(rest[0])) {
		return 0, 0
	}
	end := bytes.Index(rest, []byte("?>"))
	if end < 0 {
		return 0, 0
	}
	from = space + len(opening)
	return from, from + end
}
