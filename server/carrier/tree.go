package carrier

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"oalab/server/xmltext"
)

// ErrMalformed is wrapped by the errors of documents that are no XML, or not
// the XML that was asked for, or beyond the limits of this package.
var ErrMalformed = errors.New("malformed document")

// limits bound what a document from outside may cost.
type limits struct {
	bytes, depth, elements int
	instructions           bool // processing instructions are left out, and not refused
}

// MaxEnvelope is the largest envelope that is read, in bytes.
const MaxEnvelope = 64 << 10

// node is one element of a document, its own text joined.
type node struct {
	space, name string
	text        []byte
	attrs       []xml.Attr
	kids        []node
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// parse reads a whole document. Document types are refused (no entities, no
// external fetches), and so are processing instructions in envelopes, as SOAP wants it.
func parse(raw []byte, l limits) (*node, error) {
	if len(raw) > l.bytes {
		return nil, malformed("%d bytes, the limit is %d", len(raw), l.bytes)
	}
	text, err := xmltext.Read(raw, xmltext.Options{})
	if err != nil {
		return nil, malformed("%v", err)
	}
	r := reader{dec: xml.NewDecoder(bytes.NewReader(text.XML)), text: text, limits: l}
	var root *node
	for {
		token, err := r.dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, r.malformed("%v", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if root != nil {
				return nil, r.malformed("more than one root element")
			}
			root = &node{}
			if err := r.fill(root, t, 1); err != nil {
				return nil, err
			}
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return nil, r.malformed("text outside the root element")
			}
		default:
			if err := r.refuse(t); err != nil {
				return nil, err
			}
		}
	}
	if root == nil {
		return nil, malformed("no root element in %d bytes", len(raw))
	}
	return root, nil
}

// reader reads one document.
type reader struct {
	dec      *xml.Decoder
	text     xmltext.Text
	limits   limits
	elements int
}

// malformed says what is wrong, and behind which byte of the document the reader stopped.
func (r *reader) malformed(format string, args ...any) error {
	return malformed("byte %d: %s", r.text.Offset(r.dec.InputOffset()), fmt.Sprintf(format, args...))
}

// fill reads an element up to its end.
func (r *reader) fill(n *node, start xml.StartElement, depth int) error {
	if r.elements++; r.elements > r.limits.elements {
		return r.malformed("more than %d elements", r.limits.elements)
	}
	if depth > r.limits.depth {
		return r.malformed("elements nested deeper than %d", r.limits.depth)
	}
	n.space, n.name, n.attrs = start.Name.Space, start.Name.Local, start.Attr
	for {
		token, err := r.dec.Token()
		if err != nil {
			return r.malformed("%v", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			n.kids = append(n.kids, node{})
			if err := r.fill(&n.kids[len(n.kids)-1], t, depth+1); err != nil {
				return err
			}
		case xml.CharData:
			n.text = append(n.text, t...)
		case xml.EndElement:
			return nil
		default:
			if err := r.refuse(t); err != nil {
				return err
			}
		}
	}
}

func (r *reader) refuse(token xml.Token) error {
	switch t := token.(type) {
	case xml.Directive:
		return r.malformed("document types are refused")
	case xml.ProcInst:
		if t.Target != "xml" && !r.limits.instructions {
			return r.malformed("processing instructions are refused")
		}
	}
	return nil
}

// child returns the first element of a name.
func (n *node) child(name string) *node {
	for i := range n.kids {
		if n.kids[i].name == name {
			return &n.kids[i]
		}
	}
	return nil
}

// attr returns an attribute without a namespace or, when space is given, in it.
func (n *node) attr(space, name string) string {
	for _, a := range n.attrs {
		if a.Name.Local == name && a.Name.Space == space {
			return a.Value
		}
	}
	return ""
}

// allText joins the text of the element and of all below it.
func (n *node) allText() string {
	var b strings.Builder
	n.addText(&b)
	return strings.TrimSpace(b.String())
}

func (n *node) addText(b *strings.Builder) {
	b.Write(bytes.TrimSpace(n.text))
	for i := range n.kids {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		n.kids[i].addText(b)
	}
}

// localName strips the prefix of a qualified name in content.
func localName(qname string) string {
	qname = strings.TrimSpace(qname)
	if i := strings.LastIndexByte(qname, ':'); i >= 0 {
		return qname[i+1:]
	}
	return qname
}
