package xmltext_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"

	"oalab/server/xmltext"
)

// content reads a document by encoding/xml and returns its text.
func content(t *testing.T, raw []byte, o xmltext.Options) string {
	t.Helper()
	text, err := xmltext.Read(raw, o)
	if err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	var out strings.Builder
	for dec := xml.NewDecoder(bytes.NewReader(text.XML)); ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return out.String()
		}
		if err != nil {
			t.Fatalf("%q became %q: %v", raw, text.XML, err)
		}
		if data, ok := token.(xml.CharData); ok {
			out.Write(data)
		}
	}
}

func in(t *testing.T, charset encoding.Encoding, text string) string {
	t.Helper()
	raw, err := charset.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	const text = "查流量，剩余10元"
	declared := func(name string) string {
		return `<?xml version="1.0" encoding="` + name + `" standalone='yes'?>` + "\n<a>" + text + "</a>"
	}
	gbk, gb18030, big5 := simplifiedchinese.GBK, simplifiedchinese.GB18030, traditionalchinese.Big5
	le, be := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	le32 := utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)
	for name, tt := range map[string]struct{ raw, charset string }{
		"plain":                             {"<a>" + text + "</a>", ""},
		"mark":                              {"\ufeff<a>" + text + "</a>", ""},
		"mark and declaration":              {"\ufeff" + declared("utf-8"), ""},
		"mark against a declaration":        {"\ufeff" + declared("gbk"), ""},
		"UTF-8 in capitals":                 {declared("UTF-8"), ""},
		"UTF-8 under its other name":        {declared("utf8"), ""},
		"XML 1.1":                           {strings.Replace(declared("utf-8"), "1.0", "1.1", 1), ""},
		"a text that was in memory":         {declared("utf-16"), ""},
		"UTF-16 with a mark":                {in(t, le, "\ufeff"+declared("utf-16")), ""},
		"UTF-16, big end first":             {in(t, be, "\ufeff"+declared("UTF-16")), ""},
		"UTF-16 without a mark":             {in(t, le, declared("UTF-16LE")), ""},
		"UTF-16BE without a mark":           {in(t, be, declared("UTF-16")), ""},
		"UTF-16 without declaration":        {in(t, be, "\ufeff<a>"+text+"</a>"), ""},
		"UTF-16 that says UTF-8":            {in(t, le, "\ufeff"+declared("UTF-8")), ""},
		"UTF-32":                            {in(t, le32, "\ufeff"+declared("UTF-32")), ""},
		"GBK":                               {in(t, gbk, declared("GBK")), ""},
		"gb2312":                            {in(t, gbk, declared("gb2312")), ""},
		"GB18030":                           {in(t, gb18030, declared("GB18030")), ""},
		"cp936":                             {in(t, gbk, declared("cp936")), ""},
		"Big5":                              {in(t, big5, strings.Replace(declared("Big5"), text, "查流量", 1)), ""},
		"single quotes":                     {in(t, gbk, strings.ReplaceAll(declared("GBK"), `"`, "'")), ""},
		"transport":                         {in(t, gbk, "<a>"+text+"</a>"), "GBK"},
		"transport in quotes":               {in(t, gbk, "<a>"+text+"</a>"), `"gb2312"`},
		"transport and declaration agree":   {in(t, gbk, declared("GBK")), "gb2312"},
		"transport's default":               {in(t, gbk, declared("GBK")), "utf-8"},
		"a container's default":             {declared("utf-8"), "ISO-8859-1"},
		"a container's default around GBK":  {in(t, gbk, declared("GBK")), "ISO-8859-1"},
		"unknown transport":                 {declared("utf-8"), "x-unknown"},
		"unknown declaration, a known name": {in(t, gbk, declared("klingon")), "GBK"},
		"mark against the transport":        {"\ufeff<a>" + text + "</a>", "GBK"},
	} {
		want := text
		if name == "Big5" {
			want = "查流量"
		}
		if got := strings.TrimSpace(content(t, []byte(tt.raw), xmltext.Options{Charset: tt.charset})); got != want {
			t.Errorf("%s: read %q", name, got)
		}
	}
	// GB2312 is what writers say of the whole family.
	if got := content(t, []byte(in(t, gb18030, `<?xml version="1.0" encoding="GB2312"?><a>𠮷😀</a>`)), xmltext.Options{}); got != "𠮷😀" {
		t.Errorf("characters of four bytes under GB2312: %q", got)
	}
	_, err := xmltext.Read([]byte(`<?xml version="1.0" encoding="klingon"?><a/>`), xmltext.Options{})
	unknown, ok := errors.AsType[*xmltext.Error](err)
	if !ok || unknown.Offset != 30 || strings.Contains(err.Error(), "klingon") {
		t.Errorf("an unknown encoding: %v", err)
	}
}

func TestBadBytes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ raw, kept, dropped string }{
		"cut after two of three bytes": {"<a><![CDATA[查\xe6\xb5]]></a>", "查\uFFFD", "查\uFFFD"},
		"cut after one of three":       {"<a>查\xe6</a>", "查\uFFFD", "查\uFFFD"},
		"cut after three of four":      {"<a>\xf0\x9f\x98</a>", "\uFFFD", "\uFFFD"},
		"lone FF":                      {"<a>x\xffy</a>", "x\uFFFDy", "x\uFFFDy"},
		"lone continuation":            {"<a>\x80\xbf</a>", "\uFFFD\uFFFD", "\uFFFD\uFFFD"},
		"overlong":                     {"<a>\xc0\xaf</a>", "\uFFFD\uFFFD", "\uFFFD\uFFFD"},
		"CESU-8 pair":                  {"<a>\xed\xa0\xbd\xed\xb8\x80</a>", strings.Repeat("\uFFFD", 6), strings.Repeat("\uFFFD", 6)},
		"beyond Unicode":               {"<a>\xf4\x90\x80\x80</a>", strings.Repeat("\uFFFD", 4), strings.Repeat("\uFFFD", 4)},
		"in the value of an attribute": {"<a b='\xff'>x</a>", "x", "x"},
		"in a comment":                 {"<a><!--\xff\x01-->x</a>", "x", "x"},
		"control character":            {"<a>x\x1dy</a>", "x\uFFFDy", "xy"},
		"control character in CDATA":   {"<a><![CDATA[x\x00y]]></a>", "x\uFFFDy", "xy"},
		"no character":                 {"<a>\uFFFE\uFFFF</a>", "\uFFFD\uFFFD", ""},
		"reference to a control":       {"<a>x&#x1d;y&#29;z</a>", "x\uFFFDy\uFFFDz", "xyz"},
		"reference to NUL":             {"<a>&#0;&#x000;</a>", "\uFFFD\uFFFD", ""},
		"reference to no character":    {"<a>&#xFFFF;</a>", "\uFFFD", ""},
		"reference to a surrogate":     {"<a>&#xD83D;&#56832;</a>", "\uFFFD\uFFFD", "\uFFFD\uFFFD"},
		"reference beyond Unicode":     {"<a>&#x110000;&#99999999999999999999;</a>", "\uFFFD\uFFFD", "\uFFFD\uFFFD"},
		"reference to what is allowed": {"<a>&#x9;&#20013;&#x1F600;&amp;&lt;</a>", "\t中😀&<", "\t中😀&<"},
		"CDATA has no references":      {"<a><![CDATA[&#x1d;&]]>]&#x1d;</a>", "&#x1d;&]\uFFFD", "&#x1d;&]"},
		"a comment has none":           {"<a><!-- &#x1d; & -->x</a>", "x", "x"},
		"carriage returns":             {"<a>x\r\ny\r</a>", "x\ny\n", "x\ny\n"},
	} {
		if got := content(t, []byte(tt.raw), xmltext.Options{}); got != tt.kept {
			t.Errorf("%s: read %q, want %q", name, got, tt.kept)
		}
		if got := content(t, []byte(tt.raw), xmltext.Options{Drop: true}); got != tt.dropped {
			t.Errorf("%s, dropped: read %q, want %q", name, got, tt.dropped)
		}
	}
}

// TestOffset: what stands behind all that was changed is found in the raw document.
func TestOffset(t *testing.T) {
	t.Parallel()
	const text = "<a>流量\xff&#x1d;\x01</a><HERE>"
	gbk := in(t, simplifiedchinese.GBK, `<?xml version="1.0" encoding="GBK"?><a>流量</a><HERE>`)
	le := in(t, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), `<a>流量😀&#1;</a><HERE>`)
	for name, raw := range map[string]string{"UTF-8": text, "mark": "\ufeff" + text, "GBK": gbk, "UTF-16": le, "nothing": "<HERE>"} {
		for _, drop := range []bool{false, true} {
			got, err := xmltext.Read([]byte(raw), xmltext.Options{Drop: drop})
			if err != nil {
				t.Fatal(err)
			}
			at := bytes.Index(got.XML, []byte("<HERE>"))
			want := strings.Index(raw, "<HERE>")
			if name == "UTF-16" {
				want = len(raw) - 2*len("<HERE>")
			}
			if found := got.Offset(int64(at)); found != want {
				t.Errorf("%s, drop %t: found byte %d, want %d", name, drop, found, want)
			}
			if end := got.Offset(int64(len(got.XML))); end != len(raw) {
				t.Errorf("%s, drop %t: the end is byte %d of %d", name, drop, end, len(raw))
			}
		}
	}
}

func TestWhyQuotesNothing(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"<a>":             "the document ends too early",
		"<a><SECRET></a>": "an end tag that does not belong to the last start tag",
		"</SECRET>":       "an end tag without its start tag",
		"<a>&SECRET;</a>": "a reference to no known entity, or a lone &",
		"<a SECRET></a>":  "an attribute without a value",
		"<a>]]></a>":      "]]> outside of a CDATA section",
		"<a b=SECRET/>":   "the value of an attribute is not in quotes",
		"<a><1SECRET/>":   "not well-formed",
		"<a></a SECRET>":  "an end tag is not closed",
	} {
		dec := xml.NewDecoder(strings.NewReader(raw))
		var err error
		for err == nil {
			_, err = dec.Token()
		}
		if got := xmltext.Why(err); got != want && got != "not well-formed" || strings.Contains(got, "SECRET") || want != "not well-formed" && got != want {
			t.Errorf("%s: %q (of %v), want %q", raw, got, err, want)
		}
	}
}

// FuzzRead: every document becomes UTF-8 of allowed characters, once and for all, and a
// byte of the result has its byte in the document.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"<a>查\xe6</a>", "\ufeff<a/>", "\xff\xfe<\x00", "<a>&#x1d;<![CDATA[&#0;]]></a>", `<?xml version="1.0" encoding="GBK"?><a>` + "\xb2\xe9</a>",
		"<a>\xed\xa0\xbd\xed\xb8\x80\x00</a>", "<?xml", "<![CDATA[\xff", "\x00\x00\x00<", "&#", "&#xD800;", "<\x01!--&#1;",
	} {
		f.Add([]byte(seed), "", false)
		f.Add([]byte(seed), "gb2312", true)
	}
	f.Fuzz(func(t *testing.T, raw []byte, charset string, drop bool) {
		before := bytes.Clone(raw)
		text, err := xmltext.Read(raw, xmltext.Options{Charset: charset, Drop: drop})
		if !bytes.Equal(raw, before) {
			t.Fatal("the document was changed")
		}
		if err != nil {
			return
		}
		if !utf8.Valid(text.XML) {
			t.Fatalf("%q is not UTF-8", text.XML)
		}
		for _, r := range string(text.XML) {
			if !xmltext.Legal(r) {
				t.Fatalf("%q has %U", text.XML, r)
			}
		}
		last := 0
		for at := 0; at <= len(text.XML); at += max(1, len(text.XML)/7) {
			byteAt := text.Offset(int64(at))
			if byteAt < last || byteAt > len(raw) {
				t.Fatalf("byte %d of the text is byte %d of %d, after %d", at, byteAt, len(raw), last)
			}
			last = byteAt
		}
	})
}

// BenchmarkRead is what a document costs that needs no change.
func BenchmarkRead(b *testing.B) {
	raw := []byte("<a>" + strings.Repeat("<b>剩余流量 10 &amp; MB</b>", 40) + "</a>")
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := xmltext.Read(raw, xmltext.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
