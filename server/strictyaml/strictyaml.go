// Package strictyaml reads YAML files in which a value means the characters that are
// written. YAML itself gives a type to a value without quotes by its looks: 030 is 24,
// 2.10 is 2.1, 0755 is 493. Here the field decides: a text field takes the characters as
// they stand, a number takes decimal digits, and what cannot be meant so is refused with
// its line. Decode names every fault of a file, not only the first.
//
// Anchors, aliases and merge keys are followed; tags other than !!str are refused. Keys
// that the target does not have, and keys that stand twice, are faults. The encodings are
// those of YAML: UTF-8 and UTF-16, with or without a byte order mark.
package strictyaml

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// FaultError is one mistake of a file.
type FaultError struct {
	// Line is where it stands, from 1; 0 when it concerns the file as a whole.
	Line int
	// Key is the path of the value that could not be read, such as accounts[0].token;
	// empty when the fault is of another kind, such as an unknown key.
	Key string
	Err error
}

// Error is one line: the line's number, the key, what is wrong.
func (f *FaultError) Error() string {
	var at string
	if f.Line > 0 {
		at = fmt.Sprintf("line %d: ", f.Line)
	}
	if f.Key != "" {
		at += f.Key + ": "
	}
	return at + f.Err.Error()
}

// Unwrap returns what is wrong, without the place.
func (f *FaultError) Unwrap() error { return f.Err }

// FaultErrors are all mistakes of a file in the order in which they were found.
type FaultErrors []*FaultError

// Error is one line with all of them.
func (f FaultErrors) Error() string {
	all := make([]string, len(f))
	for i, fault := range f {
		all[i] = fault.Error()
	}
	return strings.Join(all, "; ")
}

// Cover reports whether the value of a key could not be read, or a section that it is in:
// what is wrong with it is said already.
func (f FaultErrors) Cover(key string) bool {
	return slices.ContainsFunc(f, func(fault *FaultError) bool {
		rest, within := strings.CutPrefix(key, fault.Key)
		return within && fault.Key != "" && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

// Lines says on which line of a file each value stands, by the path of its key.
type Lines map[string]int

// Of is the line of the key, or of the nearest section around it that the file has; 0
// when it has none.
func (l Lines) Of(key string) int {
	for {
		if line, ok := l[key]; ok {
			return line
		}
		cut := strings.LastIndexAny(key, ".[")
		if cut < 0 {
			return 0
		}
		key = key[:cut]
	}
}

// Either is a value with two forms. Form returns a pointer to what a list, or else keys
// with values, is read into.
type Either interface{ Form(list bool) any }

// Decode reads the one document of content into v, a pointer to a struct or to a list.
// Fields are found by their yaml tags. Values that are absent, empty or null leave a field
// as it is; a null that is written out in a text field is refused, because it may be meant
// as a word. The error is FaultErrors; what has no fault is in v even then.
func Decode(content []byte, v any) (Lines, error) {
	r := &reader{lines: Lines{}, anchors: map[string]ast.Node{}}
	text, err := decodeText(content)
	if err != nil {
		return r.lines, FaultErrors{err}
	}
	body, err := document(text)
	if err != nil {
		return r.lines, FaultErrors{err}
	}
	if body != nil {
		r.value(body, reflect.ValueOf(v).Elem(), "")
	}
	if len(r.faults) > 0 {
		return r.lines, r.faults
	}
	return r.lines, nil
}

// document is the one document of a file, nil when the file has no content.
func document(text []byte) (ast.Node, *FaultError) {
	file, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, syntaxFault(err)
	}
	var body ast.Node
	for _, doc := range file.Docs {
		switch doc.Body.(type) {
		case nil, *ast.DirectiveNode, *ast.CommentGroupNode:
			continue
		}
		if body != nil {
			return nil, &FaultError{Line: doc.Body.GetToken().Position.Line, Err: errors.New("more than one document in the file")}
		}
		body = doc.Body
	}
	return body, nil
}

// signs are in the messages about a value that begins like a part of YAML's grammar.
var signs = []string{
	"reserved character", "not allowed in this context", "directive value", "could not find '", "undefined anchor",
	"undefined alias", "invalid header option",
}

// syntaxFault says in one line where the text is no YAML. It does not show the source,
// which may hold a secret.
func syntaxFault(err error) *FaultError {
	located, ok := errors.AsType[yaml.Error](err)
	if !ok || located.GetToken() == nil {
		return &FaultError{Err: errors.New(oneLine(err.Error()))}
	}
	message := oneLine(located.GetMessage())
	if slices.ContainsFunc(signs, func(s string) bool { return strings.Contains(message, s) }) {
		message += "; if it is meant as a text, put it in quotes"
	}
	return &FaultError{Line: located.GetToken().Position.Line, Err: errors.New(message)}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
