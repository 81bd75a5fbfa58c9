package business

import (
	"cmp"
	"regexp"

	"oalab/server/internal/config"
)

// ResultTemplate is the template by which an account tells the result of an order: its id,
// and the names of its fields. An empty value takes that of DefaultResult.
type ResultTemplate struct {
	ID string
	// Text gets a sentence, Product what was ordered, Result how it ended, Serial the serial.
	Text, Product, Result, Serial string
}

// DefaultResult is the template of an account that names none.
func DefaultResult() ResultTemplate {
	return ResultTemplate{ID: "order-result", Text: "first", Product: "keyword1", Result: "keyword2", Serial: "keyword3"}
}

func (t ResultTemplate) orDefault() ResultTemplate {
	d := DefaultResult()
	return ResultTemplate{
		ID: cmp.Or(t.ID, d.ID), Text: cmp.Or(t.Text, d.Text), Product: cmp.Or(t.Product, d.Product),
		Result: cmp.Or(t.Result, d.Result), Serial: cmp.Or(t.Serial, d.Serial),
	}
}

var (
	templateID    = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)
	templateField = regexp.MustCompile(`^[0-9A-Za-z_]{1,32}$`)
)

// Validate adds what is wrong with the template of an account, under the account's key.
func (t ResultTemplate) Validate(f *config.Faults, key string) {
	if t.ID != "" && !templateID.MatchString(t.ID) {
		f.Add(key+".result_template", "%q is not 1 to 64 letters, digits, - or _", t.ID)
	}
	whole := DefaultResult()
	used := make(map[string]string)
	for _, field := range []struct{ name, value, standard string }{
		{"text", t.Text, whole.Text},
		{"product", t.Product, whole.Product},
		{"result", t.Result, whole.Result},
		{"serial", t.Serial, whole.Serial},
	} {
		value := cmp.Or(field.value, field.standard)
		if !templateField.MatchString(value) {
			f.Add(key+".result_fields."+field.name, "%q is not 1 to 32 letters, digits or _", value)
		}
		if other, taken := used[value]; taken {
			f.Add(key+".result_fields."+field.name, "%q is the field of %s, too", value, other)
		}
		used[value] = field.name
	}
}
