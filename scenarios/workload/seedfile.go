package workload

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// WriteSeed writes the file that `oaserver seed` loads so that the server can answer
// the plan: keyword table, business codes, and the bound phone of every follower.
// The account is the server's first.
func (p Population) WriteSeed(w io.Writer) error {
	if err := p.validate(); err != nil {
		return fmt.Errorf("write seed: %w", err)
	}
	b := bufio.NewWriter(w) // keeps the first error for Flush
	_, _ = b.WriteString("keywords:\n")
	for _, k := range keywords() {
		_, _ = fmt.Fprintf(b, "  - {keyword: %s, match: %s, answers: [%s]}\n", strconv.Quote(k.word), k.match, quoted(k.answers))
	}
	for _, w := range wishes() {
		_, _ = b.WriteString(w.seed())
	}
	_, _ = b.WriteString("business:\n")
	for _, q := range queries() {
		_, _ = fmt.Fprintf(b, "  - {code: %q, kind: query, name: %s, commands: [%s], menu_key: %s, operation: %s}\n",
			q.code, strconv.Quote(q.name), quoted(q.commands), q.menuKey, q.operation)
	}
	for _, o := range orders() {
		_, _ = fmt.Fprintf(b, "  - {code: %q, kind: order, name: %s, commands: [%s], menu_key: %s, product: %q}\n",
			o.code, strconv.Quote(o.name), quoted(o.commands), o.menuKey, o.code)
	}
	_, _ = b.WriteString("bindings_csv: |\n")
	for i := range p.Size {
		_, _ = fmt.Fprintf(b, "  %s,%s\n", p.OpenID(i), p.Phone(i))
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write seed: %w", err)
	}
	return nil
}

// quoted is a list of YAML strings. Go's quotes are YAML's double quotes for all
// that these texts hold.
func quoted(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strconv.Quote(s)
	}
	return strings.Join(out, ", ")
}
