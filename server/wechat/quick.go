package wechat

import (
	"strings"
	"unicode/utf8"

	"oalab/server/xmltext"
)

// quick reads the documents that the platform itself writes: elements without
// attributes, texts and CDATA sections. What it accepts it reads as encoding/xml
// does, at a tenth of the price; it refuses everything else without a verdict,
// and then parseXML asks encoding/xml, which alone decides what is wrong. A fuzz
// target holds the two against each other.
type quick struct {
	in        string
	pos       int
	elements  int
	textLimit int
}

// quickXML returns nil when the document is none that quick reads.
func quickXML(in string, textLimit int) *Element {
	q := quick{in: in, textLimit: textLimit}
	q.space()
	if !strings.HasPrefix(q.in[q.pos:], "<xml>") {
		return nil
	}
	q.pos += len("<xml>")
	root := &Element{Name: "xml", Children: make([]Element, 0, 8)}
	if !q.fill(root, 1) {
		return nil
	}
	q.space()
	if q.pos != len(q.in) {
		return nil
	}
	if len(root.Children) == 0 {
		root.Children = nil
	}
	return root
}

// space skips white space. A carriage return is none: XML turns it into a line
// break, and quick changes nothing.
func (q *quick) space() {
	for q.pos < len(q.in) && (q.in[q.pos] == ' ' || q.in[q.pos] == '\n' || q.in[q.pos] == '\t') {
		q.pos++
	}
}

// fill reads from behind the start tag of e to behind its end tag.
func (q *quick) fill(e *Element, depth int) bool {
	q.elements++
	if q.elements > maxElements || depth > maxDepth {
		return false
	}
	blank := 0 // white space between the children, which is not kept
	for q.pos < len(q.in) {
		if q.in[q.pos] != '<' {
			from := q.pos
			if len(e.Children) == 0 {
				if !q.text(e) {
					return false
				}
				continue
			}
			q.space()
			if blank += q.pos - from; q.pos == from || len(e.Text)+blank > q.textLimit {
				return false
			}
			continue
		}
		rest := q.in[q.pos+1:]
		switch {
		case strings.HasPrefix(rest, "/"):
			return q.end(e)
		case strings.HasPrefix(rest, "![CDATA["):
			if len(e.Children) > 0 || !q.cdata(e) {
				return false
			}
		default:
			if !q.child(e, depth) {
				return false
			}
		}
	}
	return false
}

// text reads character data up to the next tag.
func (q *quick) text(e *Element) bool {
	end := strings.IndexByte(q.in[q.pos:], '<')
	if end < 0 {
		return false
	}
	text := q.in[q.pos : q.pos+end]
	q.pos += end
	if !quickText(text, true) {
		return false
	}
	return q.add(e, text)
}

func (q *quick) cdata(e *Element) bool {
	const opening, closing = "<![CDATA[", "]]>"
	q.pos += len(opening)
	end := strings.Index(q.in[q.pos:], closing)
	if end < 0 {
		return false
	}
	text := q.in[q.pos : q.pos+end]
	q.pos += end + len(closing)
	return quickText(text, false) && q.add(e, text)
}

// add appends to the text of e. The usual element has one text, which stays a
// part of the document.
func (q *quick) add(e *Element, text string) bool {
	switch {
	case len(e.Text)+len(text) > q.textLimit:
		return false
	case e.Text == "":
		e.Text = text
	default:
		e.Text += text
	}
	return true
}

// child reads one element within e, from its start tag to its end tag.
func (q *quick) child(e *Element, depth int) bool {
	start := q.pos + 1
	end := start
	for end < len(q.in) && nameByte(q.in[end]) {
		end++
	}
	if end == start || end == len(q.in) || q.in[end] != '>' || !nameStart(q.in[start]) {
		return false
	}
	child := Element{Name: q.in[start:end]}
	q.pos = end + 1
	if !q.fill(&child, depth+1) {
		return false
	}
	e.Children = append(e.Children, child)
	return true
}

// end reads the end tag of e.
func (q *quick) end(e *Element) bool {
	rest, ok := strings.CutPrefix(q.in[q.pos+len("</"):], e.Name)
	if !ok || !strings.HasPrefix(rest, ">") {
		return false
	}
	q.pos += len("</") + len(e.Name) + len(">")
	if len(e.Children) > 0 {
		if strings.TrimSpace(e.Text) != "" {
			return false
		}
		e.Text = ""
	}
	return true
}

func nameStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

func nameByte(c byte) bool {
	return nameStart(c) || c >= '0' && c <= '9' || c == '-' || c == '.'
}

// quickText reports whether a text means itself: legal characters, no carriage
// return, and outside of CDATA neither a reference nor the end of a section.
func quickText(text string, outside bool) bool {
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			if c < ' ' && c != '\n' && c != '\t' || outside && (c == '&' || c == ']') {
				return false
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if size == 1 || !xmltext.Legal(r) {
			return false
		}
		i += size
	}
	return true
}
