package message

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"unicode/utf8"
)

// node is one element of a reply. Its text is all its own text and CDATA, joined.
type node struct {
	name     string
	text     string
	children []node
}

func (n *node) has(name string) bool {
	return slices.ContainsFunc(n.children, func(c node) bool { return c.name == name })
}

// child returns the only child of that name. A second one makes the reply ambiguous.
func (n *node) child(name string) (*node, error) {
	var found *node
	for i := range n.children {
		if n.children[i].name != name {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("%w: two <%s> in <%s>", errXML, name, n.name)
		}
		found = &n.children[i]
	}
	if found == nil {
		return nil, fmt.Errorf("%w: no <%s> in <%s>", errXML, name, n.name)
	}
	return found, nil
}

var errXML = errors.New("not a reply the platform reads")

const (
	maxDepth = 8
	maxNodes = 256
)

// scanner reads the small documents that replies are: elements, text, CDATA,
// comments and a declaration. It refuses what a hostile document needs: a
// DOCTYPE, entities of its own, depth and bulk. encoding/xml takes four times as long for a
// reply, which is longer than all the rest of a try (BenchmarkReadReply, BenchmarkTry).
type scanner struct {
	in    []byte
	pos   int
	nodes int
}

func parseXML(in []byte) (*node, error) {
	in = bytes.Trim(bytes.TrimPrefix(in, []byte("\ufeff")), " \t\r\n") // the white space of XML, no other
	if err := checkChars(in); err != nil {
		return nil, err
	}
	s := &scanner{in: in}
	if err := s.prolog(true); err != nil {
		return nil, err
	}
	root := new(node)
	if err := s.element(root, 1); err != nil {
		return nil, err
	}
	if err := s.prolog(false); err != nil {
		return nil, err
	}
	if s.pos != len(s.in) {
		return nil, s.errorf("something follows the root element")
	}
	return root, nil
}

func (s *scanner) errorf(format string, args ...any) error {
	return fmt.Errorf("%w: %s at byte %d", errXML, fmt.Sprintf(format, args...), s.pos)
}

// checkChars refuses what XML 1.0 has no place for.
func checkChars(in []byte) error {
	for i := 0; i < len(in); {
		c := in[i]
		if c < utf8.RuneSelf {
			if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
				return fmt.Errorf("%w: control character %#x", errXML, c)
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(in[i:])
		if (r == utf8.RuneError && n == 1) || r == 0xFFFE || r == 0xFFFF {
			return fmt.Errorf("%w: bad UTF-8 or character at byte %d", errXML, i)
		}
		i += n
	}
	return nil
}

func (s *scanner) has(prefix string) bool {
	return len(s.in)-s.pos >= len(prefix) && string(s.in[s.pos:s.pos+len(prefix)]) == prefix
}

func (s *scanner) space() {
	for s.pos < len(s.in) {
		switch s.in[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// until moves behind the next end and returns what stood before it.
func (s *scanner) until(end string) ([]byte, error) {
	i := bytes.Index(s.in[s.pos:], []byte(end))
	if i < 0 {
		return nil, s.errorf("%q is missing", end)
	}
	b := s.in[s.pos : s.pos+i]
	s.pos += i + len(end)
	return b, nil
}

// declared is the only declaration that a reply may have.
var declared = regexp.MustCompile(`^<\?xml\s+version\s*=\s*(?:"1\.0"|'1\.0')(?:\s+encoding\s*=\s*(?:"(?i:utf-8)"|'(?i:utf-8)'))?(?:\s+standalone\s*=\s*(?:"(?:yes|no)"|'(?:yes|no)'))?\s*$`)

// prolog skips what may stand around the root element.
func (s *scanner) prolog(declaration bool) error {
	for {
		s.space()
		switch {
		case declaration && s.has("<?xml "):
			head, err := s.until("?>")
			if err != nil {
				return err
			}
			if !declared.Match(head) {
				return s.errorf("declaration is not of XML 1.0 in UTF-8")
			}
		case s.has("<!--"):
			if err := s.comment(); err != nil {
				return err
			}
		default:
			return nil
		}
		declaration = false
	}
}

func (s *scanner) comment() error {
	s.pos += len("<!--")
	b, err := s.until("-->")
	if err != nil {
		return err
	}
	if bytes.Contains(b, []byte("--")) || bytes.HasSuffix(b, []byte("-")) {
		return s.errorf("-- in a comment")
	}
	return nil
}

func nameByte(c byte) bool {
	return nameStart(c) || c >= '0' && c <= '9' || c == '-' || c == '.'
}

func nameStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

func (s *scanner) name() (string, error) {
	start := s.pos
	if s.pos >= len(s.in) || !nameStart(s.in[s.pos]) {
		return "", s.errorf("a name is missing")
	}
	for s.pos < len(s.in) && nameByte(s.in[s.pos]) {
		s.pos++
	}
	return string(s.in[start:s.pos]), nil
}

func (s *scanner) element(n *node, depth int) error {
	s.nodes++
	if depth > maxDepth || s.nodes > maxNodes {
		return s.errorf("too deep or too many elements")
	}
	if !s.has("<") {
		return s.errorf("an element is missing")
	}
	s.pos++
	name, err := s.name()
	if err != nil {
		return err
	}
	n.name = name
	empty, err := s.attributes()
	if err != nil || empty {
		return err
	}
	if err := s.content(n, depth); err != nil {
		return err
	}
	s.pos += len("</")
	if !s.has(name) {
		return s.errorf("<%s> is not closed", name)
	}
	s.pos += len(name)
	s.space()
	if !s.has(">") {
		return s.errorf("</%s is not closed", name)
	}
	s.pos++
	return nil
}

// attributes skips to the end of a start tag and says whether it closed itself.
func (s *scanner) attributes() (empty bool, err error) {
	for {
		before := s.pos
		s.space()
		switch {
		case s.has("/>"):
			s.pos += 2
			return true, nil
		case s.has(">"):
			s.pos++
			return false, nil
		case s.pos == before:
			return false, s.errorf("bad start tag")
		}
		if _, err := s.name(); err != nil {
			return false, err
		}
		s.space()
		if !s.has("=") {
			return false, s.errorf("an attribute without value")
		}
		s.pos++
		s.space()
		if !s.has(`"`) && !s.has("'") {
			return false, s.errorf("an attribute without quotes")
		}
		quote := string(s.in[s.pos])
		s.pos++
		value, err := s.until(quote)
		if err != nil {
			return false, err
		}
		if bytes.ContainsAny(value, "<&") {
			return false, s.errorf("bad attribute")
		}
	}
}

// content reads until the end tag, which is left for the caller.
func (s *scanner) content(n *node, depth int) error {
	var text []byte
	defer func() { n.text = string(text) }()
	for s.pos < len(s.in) {
		switch {
		case s.has("</"):
			return nil
		case s.has("<![CDATA["):
			s.pos += len("<![CDATA[")
			b, err := s.until("]]>")
			if err != nil {
				return err
			}
			text = appendLines(text, b)
		case s.has("<!--"):
			if err := s.comment(); err != nil {
				return err
			}
		case s.has("<!"), s.has("<?"):
			return s.errorf("a declaration or instruction inside an element")
		case s.in[s.pos] == '<':
			n.children = append(n.children, node{})
			if err := s.element(&n.children[len(n.children)-1], depth+1); err != nil {
				return err
			}
		case s.in[s.pos] == '&':
			b, err := s.reference()
			if err != nil {
				return err
			}
			text = append(text, b...)
		case s.has("]]>"):
			return s.errorf("]]> in a text")
		default:
			// One plain byte at least, then all up to the next that means something.
			end := s.pos + 1
			for end < len(s.in) && s.in[end] != '<' && s.in[end] != '&' && s.in[end] != ']' {
				end++
			}
			text = appendLines(text, s.in[s.pos:end])
			s.pos = end
		}
	}
	return s.errorf("<%s> is not closed", n.name)
}

// appendLines appends character data with its lines ended by a line feed alone, as XML
// wants them read.
func appendLines(text, b []byte) []byte {
	for i, c := range b {
		switch {
		case c != '\r':
			text = append(text, c)
		case i+1 == len(b) || b[i+1] != '\n':
			text = append(text, '\n')
		}
	}
	return text
}

func (s *scanner) reference() ([]byte, error) {
	rest := s.in[s.pos+1 : min(len(s.in), s.pos+12)]
	end := bytes.IndexByte(rest, ';')
	if end <= 0 {
		return nil, s.errorf("a lone &")
	}
	ref := string(rest[:end])
	s.pos += end + 2
	switch ref {
	case "lt":
		return []byte("<"), nil
	case "gt":
		return []byte(">"), nil
	case "amp":
		return []byte("&"), nil
	case "quot":
		return []byte(`"`), nil
	case "apos":
		return []byte("'"), nil
	}
	if ref[0] != '#' {
		return nil, s.errorf("entity &%s; is not known", ref)
	}
	digits, base := ref[1:], 10
	if len(digits) > 0 && digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	v, err := strconv.ParseUint(digits, base, 21)
	r := rune(v)
	if err != nil || !utf8.ValidRune(r) || v == 0 || checkChars(utf8.AppendRune(nil, r)) != nil {
		return nil, s.errorf("bad character reference &%s;", ref)
	}
	return utf8.AppendRune(nil, r), nil
}
