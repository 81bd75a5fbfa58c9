package printable_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"unicode"
	"unicode/utf8"

	"oalab/reports/printable"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"":                       "",
		"plain text, 查流量。 ✓\n\t": "plain text, 查流量。 ✓\n\t",
		"\x1b[31mred\x07":        `\u001b[31mred\u0007`,
		"over\rwritten\b":        `over\u000dwritten\u0008`,
		"\u009b31m":              `\u009b31m`,
		"\x7f":                   `\u007f`,
		"a\u202egnp.exe":         `a\u202egnp.exe`,
		"\u2066\u200f\u061c":     `\u2066\u200f\u061c`,
		"\ufeffmark":             `\ufeffmark`,
		"two\u2028lines":         `two\u2028lines`,
		"\xff\xc3(":              `\xff\xc3(`,
		"\xed\xa0\xbd":           `\xed\xa0\xbd`, // half a surrogate pair
		"\U000e0041 tag":         `\udb40\udc41 tag`,
		"\ufffe":                 `\ufffe`,
		"👩\u200d🔧 می\u200cشود":   "👩\u200d🔧 می\u200cشود",
		"\ufffd":                 "\ufffd",
		"\x00":                   `\u0000`,
	} {
		if got := printable.Text(in); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
		var b bytes.Buffer
		n, err := fmt.Fprint(printable.Writer{W: &b}, in)
		if err != nil || n != len(in) || b.String() != want {
			t.Errorf("written %q: %q, %d, %v; want %q, %d", in, b.String(), n, err, want, len(in))
		}
	}
	if got := printable.Line("a\nFAKE pass\t1"); got != `a\u000aFAKE pass\u00091` {
		t.Errorf("Line = %q", got)
	}
}

// TestMarkdown: a word stays one word with any characters in it.
func TestMarkdown(t *testing.T) {
	for in, want := range map[string]string{
		"plain, 查流量 p99_due_s/kill-host": "plain, 查流量 p99_due_s/kill-host",
		"a | b \\| c":                    `a \| b \\\| c`,
		"![i](http://x) [l](y)":          `!\[i\](http://x) \[l\](y)`,
		"<b>&lt;</b>":                    "&lt;b&gt;&amp;lt;&lt;/b&gt;",
		"*bold* `code`":                  `\*bold\* 'code'`,
		"a\r\n# b\nc\rd":                 "a # b c d",
	} {
		if got := printable.Markdown(in); got != want {
			t.Errorf("Markdown(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestJSONStaysJSON: what programs read passes the same writer as what people read.
func TestJSONStaysJSON(t *testing.T) {
	const said = "\x1b[31m\u202e\x7f\U000e0041\u2028\ufeff\ufffe"
	raw, err := json.Marshal(said)
	if err != nil {
		t.Fatal(err)
	}
	var got string
	if err := json.Unmarshal([]byte(printable.Text(string(raw))), &got); err != nil || got != said {
		t.Errorf("%q is read as %q, %v", said, got, err)
	}
}

func FuzzText(f *testing.F) {
	f.Add("a\x1b\xff\u202e\n")
	f.Fuzz(func(t *testing.T, s string) {
		got := printable.Text(s)
		if !utf8.ValidString(got) {
			t.Errorf("Text(%q) = %q is no UTF-8", s, got)
		}
		for _, r := range got {
			if unicode.IsControl(r) && r != '\n' && r != '\t' {
				t.Errorf("Text(%q) = %q", s, got)
			}
		}
		if again := printable.Text(got); again != got {
			t.Errorf("Text of %q is %q", got, again)
		}
	})
}
