package wechat

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
)

// maxDistinct bounds the readable form of Message.Distinct.
const maxDistinct = 64

// common are the fields that Message has of its own, and what an encrypted document has
// beside its plaintext, which is another one at every try.
var common = []string{"ToUserName", "FromUserName", "CreateTime", "MsgType", "Event", "EventKey", "MsgId", "Encrypt"}

// extra is what a document holds beyond the fields of Message and the content of a text.
func extra(root *Element, m *Message) []Element {
	var out []Element
	for _, e := range root.Children {
		switch {
		case slices.Contains(common, e.Name):
		case e.Name == "Content" && m.Type == "text":
		default:
			if out == nil {
				out = make([]Element, 0, len(root.Children))
			}
			out = append(out, e)
		}
	}
	return out
}

// distinct is what tells a message without an ID of its own from others of the same
// follower, second and kind: the values of all its further fields, such as the MsgID and
// Status of a report about a send, the coordinates of a position, the agent of a session
// (MSG-3). The platform repeats a message with equal fields. Values that are long, or
// hold more than plain characters, are replaced by their hash.
func distinct(root *Element, m *Message) string {
	if m.ID != "" && !m.IsEvent() {
		return ""
	}
	values := leaves(nil, m.Extra)
	if m.ID != "" {
		values = append([]string{m.ID}, values...)
	}
	if m.Type == "text" {
		values = append(values, root.ChildText("Content"))
	}
	if len(values) == 0 {
		return ""
	}
	text := strings.Join(values, "|")
	if len(text) <= maxDistinct && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

func leaves(out []string, elements []Element) []string {
	for i := range elements {
		if e := &elements[i]; len(e.Children) > 0 {
			out = leaves(out, e.Children)
		} else {
			out = append(out, e.Text)
		}
	}
	return out
}

// AppendJSON appends elements as one JSON object under the platform's names, with texts
// as they were sent. Elements of one name become a list.
func AppendJSON(b []byte, elements []Element) []byte {
	b = append(b, '{')
	first := true
	for i := range elements {
		name := elements[i].Name
		same := func(e Element) bool { return e.Name == name }
		if slices.ContainsFunc(elements[:i], same) {
			continue // it stands in the list of the first one
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(appendString(b, name), ':')
		if !slices.ContainsFunc(elements[i+1:], same) {
			b = elements[i].appendValue(b)
			continue
		}
		separator := byte('[')
		for j := i; j < len(elements); j++ {
			if elements[j].Name == name {
				b = elements[j].appendValue(append(b, separator))
				separator = ','
			}
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

func (e *Element) appendValue(b []byte) []byte {
	if len(e.Children) > 0 {
		return AppendJSON(b, e.Children)
	}
	return appendString(b, e.Text)
}

// appendString appends a JSON text in which <, > and & stand as they are.
func appendString(b []byte, s string) []byte {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(s) // a text can always be written
	return append(b, strings.TrimSuffix(out.String(), "\n")...)
}
