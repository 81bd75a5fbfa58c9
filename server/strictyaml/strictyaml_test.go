package strictyaml_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"oalab/server/strictyaml"
)

type wait time.Duration

func (w *wait) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	*w = wait(d)
	return err
}

type word string

type people struct {
	list  []string
	crowd struct {
		Count int `yaml:"count"`
	}
}

func (p *people) Form(list bool) any {
	if list {
		return &p.list
	}
	return &p.crowd
}

type section struct {
	Name string `yaml:"name"`
	Kind string `yaml:"kind"`
}

type target struct {
	Text     string    `yaml:"text"`
	Word     word      `yaml:"word"`
	List     []string  `yaml:"list"`
	Whole    int       `yaml:"whole"`
	Seed     uint64    `yaml:"seed"`
	Number   float64   `yaml:"number"`
	Switch   bool      `yaml:"switch"`
	Wait     wait      `yaml:"wait"`
	Sections []section `yaml:"sections"`
	People   people    `yaml:"people"`
	hidden   string    //nolint:unused // a field without a tag is no key
}

// asWritten are plain values that YAML gives another meaning than a reader does.
var asWritten = []string{
	"030", "0755", "0123456", "2.10", "2.1", "007", "08", "0o17", "0b11", "0x1F", "1_000", "0_7", "1e3", "1.e3", "+12", "12.", ".5",
	"yes", "no", "on", "off", "Yes", "NO", "y", "true", "True", "false", ".inf", "-.INF", ".nan", "2026-01-01", "2026-01-01 10:00:00",
	"1:30", "1:30:00", "190:20:30", "1,000", "100%", "?x", "<<x", "http://a/b?c=d#e", "a:b", "流量 查询", "12345678901234567890123",
}

func TestATextIsWhatIsWritten(t *testing.T) {
	t.Parallel()
	for _, value := range asWritten {
		for _, form := range []string{
			"text: %[1]s\nword: %[1]s\nlist: ['%[1]s']\n", "text: %[1]s\t\nword:   %[1]s \t # remark\nlist:\n  - %[1]s\n",
			"{\"text\": \"%[1]s\", word: '%[1]s', list: [\"%[1]s\"]}", "text: !!str %[1]s\nword: &w %[1]s\nlist:\r\n- *w\r\n",
			"text: |-\n  %[1]s\nword: >-\n  %[1]s\nlist: [!!str '%[1]s']\n",
		} {
			content := fmt.Sprintf(form, value)
			var got target
			if _, err := strictyaml.Decode([]byte(content), &got); err != nil {
				t.Errorf("%q: %v", content, err)
				continue
			}
			want := target{Text: value, Word: word(value), List: []string{value}}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(target{}, people{})); diff != "" {
				t.Errorf("%q: -want +got\n%s", content, diff)
			}
		}
	}
}

func TestValuesOfOtherKinds(t *testing.T) {
	t.Parallel()
	const content = `%YAML 1.1
---
text:   # nothing
whole: "8"
seed: 18446744073709551615
number: -1.50
switch: true
wait: 1.5s
sections:
  - &first {name: a, kind: x}
  - <<: *first
    name: b
  - <<: [{kind: y}, *first]
  -
people: {count: 3}
list: ~
...
`
	var got target
	lines, err := strictyaml.Decode([]byte(content), &got)
	if err != nil {
		t.Fatal(err)
	}
	want := target{
		Whole: 8, Seed: 18446744073709551615, Number: -1.5, Switch: true, Wait: wait(1500 * time.Millisecond),
		Sections: []section{{"a", "x"}, {"b", "x"}, {"a", "y"}, {}},
	}
	want.People.crowd.Count = 3
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(target{}, people{})); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for key, line := range map[string]int{
		"whole": 4, "sections": 9, "sections[1].name": 12, "sections[1].kind": 10, "sections[0].none": 10, "none": 0, "sections[9].name": 9,
	} {
		if lines.Of(key) != line {
			t.Errorf("%s is on line %d, want %d", key, lines.Of(key), line)
		}
	}
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	const content = "text: 流量😀\r\nword: 030\r\n"
	utf16of := func(order binary.AppendByteOrder, mark string) string {
		var b []byte
		for _, unit := range utf16.Encode([]rune(mark + content)) {
			b = order.AppendUint16(b, unit)
		}
		return string(b)
	}
	for name, file := range map[string]string{
		"mark": "\ufeff" + content, "little": utf16of(binary.LittleEndian, "\ufeff"), "big": utf16of(binary.BigEndian, "\ufeff"),
		"little without mark": utf16of(binary.LittleEndian, ""), "big without mark": utf16of(binary.BigEndian, ""),
		"old Mac": strings.ReplaceAll(content, "\r\n", "\r"),
	} {
		var got target
		_, err := strictyaml.Decode([]byte(file), &got)
		if err != nil || got.Text != "流量😀" || got.Word != "030" {
			t.Errorf("%s: %q %q, %v", name, got.Text, got.Word, err)
		}
	}
	for _, file := range []string{"", "\ufeff", "\ufeff\n", "# remark\n", "---\n"} {
		if _, err := strictyaml.Decode([]byte(file), new(target)); err != nil {
			t.Errorf("%q: %v", file, err)
		}
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	tests := []struct{ content, want string }{
		{"text: ~\n", "line 1: text: ~ may be a word or nothing: put it in quotes, or leave the value empty"},
		{"\nword: null\n", "line 2: word: null may be"},
		{"list: [a, Null]\n", "line 1: list[1]: Null may be"},
		{"text: *100#\n", "line 1: text: *100# refers to a name that is not there; if it is meant as a text, put it in quotes"},
		{"text: &流量\n", "line 1: undefined anchor value; if it is meant as a text, put it in quotes"},
		{"text: !important\n", "line 1: text: !important is a tag"},
		{"text: |030\n", `line 1: invalid header option: "030"; if it is meant as a text, put it in quotes`},
		{"text: @x\n", "line 1: '@' is a reserved character; if it is meant as a text, put it in quotes"},
		{"text: x: y\n", "line 1: mapping value is not allowed in this context; if it is meant as a text, put it in quotes"},
		{"text: - x\n", "put it in quotes"},
		{"text: %x\n", "put it in quotes"},
		{"text: ]x\n", "put it in quotes"},
		{"whole: 010\n", `line 1: whole: "010" is not a whole number such as 10`},
		{"whole: 0x10\n", `line 1: whole: "0x10" is not a whole number`},
		{"whole: 1_000\n", "is not a whole number"},
		{"whole: 1e3\n", "is not a whole number"},
		{"whole: +5\n", "is not a whole number"},
		{"whole: 1:30\n", "is not a whole number"},
		{"whole: 99999999999999999999\n", "is not a whole number"},
		{"seed: -1\n", "is not a whole number"},
		{"number: .inf\n", "is not a number"},
		{"number: 0x1p3\n", "is not a number"},
		{"switch: yes\n", `line 1: switch: "yes" is not true or false`},
		{"switch: 1\n", "is not true or false"},
		{"text: a\nword: b\ntext: c\n", `line 3: key "text" stands twice, first on line 1`},
		{"text: a\n\"text\": c\n", `line 2: key "text" stands twice, first on line 1`},
		{"sections:\n  - {name: a, name: b}\n", `line 2: key "name" stands twice in sections[0], first on line 2`},
		{"txt: a\n", `line 1: unknown key "txt"`},
		{"hidden: a\n", `line 1: unknown key "hidden"`},
		{"\"\": a\n", `line 1: unknown key ""`},
		{"sections:\n  - naem: a\n", `line 2: unknown key "naem" in sections[0]`},
		{"? [a]\n: b\n", "invalid key"},
		{"text: [a]\n", "line 1: text: want a text, found a list"},
		{"list: a\n", "line 1: list: want a list, found a text"},
		{"wait: [a]\n", "line 1: wait: want one value, found a list"},
		{"sections: {name: a}\n", "line 1: sections: want a list, found keys with values"},
		{"text: {a: b}\n", "line 1: text: want a text, found keys with values"},
		{"- a\n", "line 1: want keys with values, found a list"},
		{"<<: 1\n", "line 1: << wants keys with values"},
		{"text: a\n---\ntext: b\n", "line 3: more than one document in the file"},
		{"text: a\nword: \xff\n", "line 2: is not UTF-8"},
		{"text: a\nword: \x1b[0m\n", "line 2: holds a control character"},
		{"text: 1\nwhole: a\nnone: b\nlist: c\n", `line 2: whole: "a" is not a whole number such as 10; line 3: unknown key "none"; line 4: list: want a list, found a text`},
	}
	for _, test := range tests {
		_, err := strictyaml.Decode([]byte(test.content), new(target))
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %s", test.content, err, test.want)
		}
	}
}

// FuzzDecode looks for a file that ends the process, or a fault without a line of the file.
func FuzzDecode(f *testing.F) {
	for _, value := range asWritten {
		f.Add([]byte("text: " + value + "\nlist: [*a, &b c]\nsections: [{<<: *b}]\n"))
	}
	f.Add([]byte("\xff\xfet\x00:\x00"))
	f.Add([]byte("sections: &a [*a]\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		_, err := strictyaml.Decode(content, new(target))
		if err == nil {
			return
		}
		faults, ok := err.(strictyaml.FaultErrors) //nolint:errorlint // the contract is the type itself
		if !ok || len(faults) == 0 {
			t.Fatalf("%T: %v", err, err)
		}
		for _, fault := range faults {
			if fault.Line < 0 || fault.Line > len(content)+1 {
				t.Errorf("line %d of a file of %d bytes: %v", fault.Line, len(content), err)
			}
		}
	})
}

// TestCover: what could not be read is not judged a second time.
func TestCover(t *testing.T) {
	faults := strictyaml.FaultErrors{{Key: "a[1].b"}, {Key: "c"}, {}}
	for key, want := range map[string]bool{
		"a[1].b": true, "a[1].b.x": true, "a[1].b[0]": true, "c.d": true,
		"a[1]": false, "a[1].bc": false, "a[10].b": false, "d": false, "": false,
	} {
		if got := faults.Cover(key); got != want {
			t.Errorf("%q covered: %t", key, got)
		}
	}
}
