package strictyaml

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// reader walks a document along the type that it is read into.
type reader struct {
	lines   Lines
	anchors map[string]ast.Node
	faults  FaultErrors
}

func (r *reader) fault(node ast.Node, key, format string, args ...any) {
	r.faults = append(r.faults, &FaultError{Line: lineOf(node), Key: key, Err: fmt.Errorf(format, args...)})
}

func lineOf(node ast.Node) int { return node.GetToken().Position.Line }

// value reads a node into v.
func (r *reader) value(node ast.Node, v reflect.Value, key string) {
	if _, known := r.lines[key]; !known && key != "" {
		r.lines[key] = lineOf(node)
	}
	if anchor, ok := node.(*ast.AnchorNode); ok {
		r.anchor(anchor, v, key)
		return
	}
	node, ok := r.plain(node, key)
	if !ok {
		return
	}
	if either, ok := reflect.TypeAssert[Either](v.Addr()); ok {
		_, list := node.(*ast.SequenceNode)
		v = reflect.ValueOf(either.Form(list)).Elem()
	}
	switch node := node.(type) {
	case *ast.NullNode:
		if node.GetToken().Type != token.ImplicitNullType && v.Kind() == reflect.String {
			r.fault(node, key, "%s may be a word or nothing: put it in quotes, or leave the value empty", node.GetToken().Value)
		}
	case *ast.MappingNode, *ast.MappingValueNode:
		r.mapping(node, v, key)
	case *ast.SequenceNode:
		r.sequence(node, v, key)
	default:
		r.scalar(node, v, key)
	}
}

// anchor reads what carries a name, which is known from then on.
func (r *reader) anchor(node *ast.AnchorNode, v reflect.Value, key string) {
	name := node.Name.GetToken().Value
	if value, ok := node.Value.(*ast.NullNode); node.Value == nil || ok && value.GetToken().Type == token.ImplicitNullType {
		r.fault(node, key, "&%s names a value that is not there; if it is meant as a text, put it in quotes", name)
		return
	}
	r.value(node.Value, v, key)
	r.anchors[name] = node.Value
}

// plain follows an alias and takes off the tag of a text.
func (r *reader) plain(node ast.Node, key string) (ast.Node, bool) {
	switch node := node.(type) {
	case *ast.AliasNode:
		name := node.Value.GetToken().Value
		target, ok := r.anchors[name]
		if !ok {
			r.fault(node, key, "*%s refers to a name that is not there; if it is meant as a text, put it in quotes", name)
		}
		return target, ok
	case *ast.TagNode:
		if node.GetToken().Value == "!!str" && node.Value != nil {
			return node.Value, true
		}
		r.fault(node, key, "%s is a tag of YAML, and none is read here; if it is meant as a text, put it in quotes", node.GetToken().Value)
		return nil, false
	}
	return node, true
}

// entry is a key with its value.
type entry struct {
	name  string
	key   ast.Node
	value ast.Node
}

// mapping reads keys with values into a struct.
func (r *reader) mapping(node ast.Node, v reflect.Value, key string) {
	if v.Kind() != reflect.Struct || isText(v) {
		r.fault(node, key, "want %s, found keys with values", kindName(v))
		return
	}
	for _, e := range r.entries(node, key) {
		field, ok := fieldOf(v, e.name)
		path := strings.TrimPrefix(key+"."+e.name, ".")
		if !ok {
			r.fault(e.key, "", "unknown key %q%s", e.name, within(key))
			continue
		}
		r.lines[path] = lineOf(e.key)
		r.value(e.value, field, path)
	}
}

// entries are the keys of a mapping, and those that its merge keys bring and it has not.
func (r *reader) entries(node ast.Node, key string) []entry {
	var own, merged []entry
	first := map[string]int{}
	for _, pair := range pairs(node) {
		if pair.Key.IsMergeKey() {
			merged = append(merged, r.merged(pair.Value, key)...)
			continue
		}
		name, ok := keyText(pair.Key)
		if !ok {
			r.fault(pair.Key, "", "a key%s must be one word", within(key))
			continue
		}
		if line, doubled := first[name]; doubled {
			r.fault(pair.Key, "", "key %q stands twice%s, first on line %d", name, within(key), line)
			continue
		}
		first[name] = lineOf(pair.Key)
		own = append(own, entry{name, pair.Key, pair.Value})
	}
	for _, e := range merged {
		if _, there := first[e.name]; !there {
			first[e.name] = lineOf(e.key)
			own = append(own, e)
		}
	}
	return own
}

// merged are the keys that a merge key brings: those of one mapping, or of several of
// which the first counts.
func (r *reader) merged(node ast.Node, key string) []entry {
	node, ok := r.plain(node, key)
	if !ok {
		return nil
	}
	switch node := node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return r.entries(node, key)
	case *ast.SequenceNode:
		var out []entry
		for _, item := range node.Values {
			out = append(out, r.merged(item, key)...)
		}
		return out
	}
	r.fault(node, key, "<< wants keys with values")
	return nil
}

// within names the section of a key that is at fault.
func within(key string) string {
	if key == "" {
		return ""
	}
	return " in " + key
}

func pairs(node ast.Node) []*ast.MappingValueNode {
	if one, ok := node.(*ast.MappingValueNode); ok {
		return []*ast.MappingValueNode{one}
	}
	return node.(*ast.MappingNode).Values
}

func keyText(key ast.MapKeyNode) (string, bool) {
	var node ast.Node = key
	if complicated, ok := key.(*ast.MappingKeyNode); ok {
		node = complicated.Value
	}
	if _, ok := node.(ast.ScalarNode); !ok {
		return "", false
	}
	return node.GetToken().Value, true
}

// fieldOf is the field of a struct with the yaml tag name.
func fieldOf(v reflect.Value, name string) (reflect.Value, bool) {
	for i := range v.NumField() {
		tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		if tag == name && tag != "" && tag != "-" {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

func (r *reader) sequence(node *ast.SequenceNode, v reflect.Value, key string) {
	if v.Kind() != reflect.Slice || isText(v) {
		r.fault(node, key, "want %s, found a list", kindName(v))
		return
	}
	list := reflect.MakeSlice(v.Type(), len(node.Values), len(node.Values))
	for i, item := range node.Values {
		r.value(item, list.Index(i), fmt.Sprintf("%s[%d]", key, i))
	}
	v.Set(list)
}

// blockHeader is what may stand behind the sign of a block of text.
var blockHeader = regexp.MustCompile(`^[|>]([+-]?[1-9]?|[1-9][+-])$`)

func (r *reader) scalar(node ast.Node, v reflect.Value, key string) {
	text := node.GetToken().Value
	if block, ok := node.(*ast.LiteralNode); ok {
		header, _, _ := strings.Cut(block.GetToken().Origin, " #")
		if header = strings.TrimSpace(header); !blockHeader.MatchString(header) {
			r.fault(node, key, "%s begins no block of text; if it is meant as a text, put it in quotes", oneLine(header))
			return
		}
		text = block.Value.Value
	} else if _, ok := node.(ast.ScalarNode); !ok {
		r.fault(node, key, "want %s, found a %s", kindName(v), strings.ToLower(node.Type().String()))
		return
	}
	switch err := SetText(v, text); {
	case errors.Is(err, errNoText):
		r.fault(node, key, "want %s, found a text", kindName(v))
	case err != nil:
		r.fault(node, key, "%w", err)
	}
}
