package reports

import (
	"bytes"
	_ "embed" // the page's template and style
	"fmt"
	"html/template"
	"strings"

	"oalab/reports/plot"
	"oalab/reports/printable"
)

//go:embed page.gohtml
var pageTemplate string

//go:embed page.css
var pageStyle string

// asHTML draws the document as one page that needs nothing but itself.
func asHTML(d document) ([]byte, error) {
	t, err := template.New("page").Funcs(template.FuncMap{
		"upper":  strings.ToUpper,
		"style":  func() template.CSS { return template.CSS(pageStyle) },
		"tone":   verdictTone,
		"wide":   func(p *picture) template.HTML { return drawn(p, p.Wide) },
		"narrow": func(p *picture) template.HTML { return drawn(p, p.Narrow) },
	}).Parse(pageTemplate)
	if err != nil {
		return nil, fmt.Errorf("template of the page: %w", err)
	}
	var buf bytes.Buffer
	if err := t.Execute(&buf, d); err != nil {
		return nil, fmt.Errorf("draw the page: %w", err)
	}
	// What a reply or a log line may hold and a page may not.
	return []byte(printable.Text(buf.String())), nil
}

// drawn is a plot for the page. It is markup of package plot, which escapes all text
// in it.
func drawn(p *picture, svg []byte) template.HTML {
	return template.HTML(plot.Inline(svg, p.Title))
}
