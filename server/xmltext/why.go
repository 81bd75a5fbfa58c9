package xmltext

import (
	"encoding/xml"
	"errors"
	"strings"
)

// reasons are the words of encoding/xml, and ours, which quote nothing of the document.
var reasons = []struct{ begin, reason string }{
	{"unexpected EOF", "the document ends too early"},
	{"invalid character entity", "a reference to no known entity, or a lone &"},
	{"unescaped < inside quoted string", "a < in the value of an attribute"},
	{"unescaped ]]> not in CDATA section", "]]> outside of a CDATA section"},
	{"unexpected end element", "an end tag without its start tag"},
	{"expected element name after <", "a name is missing after <"},
	{"expected attribute name", "the name of an attribute is missing"},
	{"attribute name without =", "an attribute without a value"},
	{"unquoted or missing attribute value", "the value of an attribute is not in quotes"},
	{"invalid characters between </", "an end tag is not closed"},
	{"invalid sequence \"--\"", "-- in a comment"},
	{"invalid sequence <!-", "<! begins nothing that is known"},
	{"invalid <![", "<![ begins no CDATA section"},
	{"expected target name after <?", "a name is missing after <?"},
	{"expected />", "an empty element is not closed"},
}

// Why says what encoding/xml found, in words that quote nothing of the document.
func Why(err error) string {
	syntax, ok := errors.AsType[*xml.SyntaxError](err)
	if !ok {
		return "not well-formed"
	}
	if strings.HasPrefix(syntax.Msg, "element <") { // … closed by </…>
		return "an end tag that does not belong to the last start tag"
	}
	for _, r := range reasons {
		if strings.HasPrefix(syntax.Msg, r.begin) {
			return r.reason
		}
	}
	return "not well-formed"
}
