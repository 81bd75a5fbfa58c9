package xmltext

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// marked finds the encoding by the first bytes: a byte order mark, or a "<" in UTF-16 or
// UTF-32. Without either it returns nil and 0.
func marked(raw []byte) (charset encoding.Encoding, mark int) {
	for _, s := range []struct {
		begin string
		mark  bool
		is    encoding.Encoding // nil: UTF-8
	}{
		{"\xef\xbb\xbf", true, nil},
		{"\xff\xfe\x00\x00", true, utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)},
		{"\x00\x00\xfe\xff", true, utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)},
		{"<\x00\x00\x00", false, utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)},
		{"\x00\x00\x00<", false, utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)},
		{"\xff\xfe", true, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
		{"\xfe\xff", true, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)},
		{"<\x00", false, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
		{"\x00<", false, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)},
	} {
		if !bytes.HasPrefix(raw, []byte(s.begin)) {
			continue
		}
		if s.mark {
			mark = len(s.begin)
		}
		return s.is, mark
	}
	return nil, 0
}

var encodingName = regexp.MustCompile(`\sencoding\s*=\s*(?:"([^"]*)"|'([^']*)')`)

// chosen finds the encoding of a document without a mark; nil is UTF-8. The transport's
// word goes first, as RFC 7303 wants it, and the declaration's where the bytes fit that one
// only. A document without either is UTF-8.
func chosen(raw []byte, transport string) (encoding.Encoding, error) {
	var candidates []encoding.Encoding
	if charset, known := named(transport); known && transport != "" {
		candidates = append(candidates, charset)
	}
	from, to := declaration(raw)
	if m := encodingName.FindSubmatchIndex(raw[from:to]); m != nil {
		at, end := max(m[2], m[4]), max(m[3], m[5])
		charset, known := named(string(raw[from+at : from+end]))
		if !known && len(candidates) == 0 {
			return nil, &Error{Offset: from + at, Reason: "the encoding that the declaration names is not known"}
		}
		switch {
		case !known:
		case western(transport): // what a servlet container says of everything
			candidates = []encoding.Encoding{charset}
		default:
			candidates = append(candidates, charset)
		}
	}
	for _, charset := range candidates {
		if len(candidates) == 1 || fits(raw, charset) {
			return charset, nil
		}
	}
	if len(candidates) > 0 {
		return candidates[0], nil
	}
	return nil, nil
}

// named is the encoding of a name; nil is UTF-8. A document that is read by its bytes as
// ASCII is in no kind of UTF-16, also where it says so: it was one as a text in memory.
func named(name string) (charset encoding.Encoding, known bool) {
	name = strings.Trim(strings.ToLower(name), " \t\r\n\"'")
	if strings.HasPrefix(name, "utf") || strings.HasPrefix(name, "ucs-") || strings.HasPrefix(name, "iso-10646-ucs-") {
		return nil, true
	}
	charset, err := htmlindex.Get(name)
	if err != nil || charset == encoding.Replacement {
		if charset, err = ianaindex.IANA.Encoding(name); err != nil || charset == nil {
			return nil, false
		}
	}
	if charset == simplifiedchinese.GBK { // writers say GB2312 and mean the newest of the family
		charset = simplifiedchinese.GB18030
	}
	return charset, true
}

func western(name string) bool {
	name = strings.Trim(strings.ToLower(name), " \t\"'")
	return name == "iso-8859-1" || name == "us-ascii" || name == "windows-1252"
}

// fits reports whether all bytes belong to characters of an encoding.
func fits(raw []byte, charset encoding.Encoding) bool {
	if charset == nil {
		return utf8.Valid(raw)
	}
	text, err := charset.NewDecoder().Bytes(raw)
	return err == nil && !bytes.Contains(text, []byte(replacement))
}
