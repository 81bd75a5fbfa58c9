package wechat

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"oalab/server/xmltext"
)

// Bounds of an inbound document. The platform's largest message (a mass-send
// report with eight articles) has fewer than 150 elements, 5 deep.
const (
	// MaxMessageBytes is the largest document that ParseMessage looks at.
	MaxMessageBytes = 64 << 10
	maxDepth        = 8
	maxElements     = 512
	maxTextBytes    = 16 << 10
)

// Why a document was refused. ParseMessage wraps exactly one of them. What is wrong with
// the document itself is told with its byte, counted from 0; no error quotes the document.
var (
	// ErrTooLarge: the document, one of its texts or one of its fields is larger than the bound.
	ErrTooLarge = errors.New("message is too large")
	// ErrMalformed: not well-formed XML with one root element <xml>, or in an unknown encoding.
	ErrMalformed = errors.New("message is not well-formed")
	// ErrForbidden: a DOCTYPE, an entity declaration or a processing instruction.
	ErrForbidden = errors.New("message has a forbidden construct")
	// ErrTooComplex: nested too deep, or more elements than the bound.
	ErrTooComplex = errors.New("message is too complex")
	// ErrField: a field that every message must have is missing, doubled or has an impossible value.
	ErrField = errors.New("message has a bad field")
)

// Element is one element of an inbound document. Text is its own character
// data as sent, without the white space between Children; these are in document
// order. Attributes are not kept: the platform sends none.
type Element struct {
	Name     string
	Text     string
	Children []Element
}

// Child returns the first child of that name, or nil.
func (e *Element) Child(name string) *Element {
	if e == nil {
		return nil
	}
	for i := range e.Children {
		if e.Children[i].Name == name {
			return &e.Children[i]
		}
	}
	return nil
}

// ChildText returns the text of the first child of that name, or "".
func (e *Element) ChildText(name string) string {
	if c := e.Child(name); c != nil {
		return c.Text
	}
	return ""
}

// parseXML reads one document within the bounds, and no text longer than
// textLimit. It drops the characters that XML 1.0 forbids, because followers do
// type control characters and the platform passes them on, and puts U+FFFD for bytes
// that belong to no character, because a program that cut a title may have cut inside of one;
// everything else that is not well-formed is refused.
func parseXML(body []byte, textLimit int) (*Element, error) {
	if len(body) > MaxMessageBytes {
		return nil, fmt.Errorf("%w: %d bytes", ErrTooLarge, len(body))
	}
	if root := quickXML(string(bytes.TrimPrefix(body, []byte("\ufeff"))), textLimit); root != nil {
		return root, nil
	}
	return fullXML(body, textLimit)
}

// fullXML is parseXML for all documents, by encoding/xml.
func fullXML(body []byte, textLimit int) (*Element, error) {
	text, err := xmltext.Read(body, xmltext.Options{Drop: true})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	p := parser{text: text, decoder: xml.NewDecoder(bytes.NewReader(text.XML)), textLimit: textLimit}
	var root *Element
	for {
		token, err := p.decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, p.malformed(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if root != nil || t.Name.Local != "xml" {
				return nil, p.refuse(ErrMalformed, "want one root element xml")
			}
			root = &Element{Name: t.Name.Local}
			if err := p.fill(root, 1); err != nil {
				return nil, err
			}
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return nil, p.refuse(ErrMalformed, "text outside the root element")
			}
		case xml.ProcInst:
			if t.Target != "xml" || root != nil {
				return nil, p.refuse(ErrForbidden, "processing instruction")
			}
		case xml.Directive:
			return nil, p.refuse(ErrForbidden, "DOCTYPE")
		}
	}
	if root == nil {
		return nil, p.refuse(ErrMalformed, "no root element")
	}
	return root, nil
}

type parser struct {
	text      xmltext.Text
	decoder   *xml.Decoder
	elements  int
	textLimit int
}

// fill reads the content of e up to its end tag. depth is how deep e is, from 1.
func (p *parser) fill(e *Element, depth int) error {
	p.elements++
	if p.elements > maxElements || depth > maxDepth {
		return p.refuse(ErrTooComplex, "more than %d elements or %d levels", maxElements, maxDepth)
	}
	var text strings.Builder
	for {
		token, err := p.decoder.Token()
		if err != nil {
			return p.malformed(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			child := Element{Name: t.Name.Local}
			if err := p.fill(&child, depth+1); err != nil {
				return err
			}
			e.Children = append(e.Children, child)
		case xml.EndElement:
			e.Text = text.String()
			if len(e.Children) > 0 && strings.TrimSpace(e.Text) == "" {
				e.Text = ""
			}
			return nil
		case xml.CharData:
			if text.Len()+len(t) > p.textLimit {
				return p.refuse(ErrTooLarge, "a text of more than %d bytes", p.textLimit)
			}
			text.Write(t)
		case xml.ProcInst:
			return p.refuse(ErrForbidden, "processing instruction")
		case xml.Directive:
			return p.refuse(ErrForbidden, "DOCTYPE")
		}
	}
}

// refuse says why, and behind which byte of the document the reader stopped.
func (p *parser) refuse(what error, why string, args ...any) error {
	return fmt.Errorf("%w: byte %d: %s", what, p.text.Offset(p.decoder.InputOffset()), fmt.Sprintf(why, args...))
}

func (p *parser) malformed(err error) error {
	return p.refuse(ErrMalformed, "%s", xmltext.Why(err))
}
