package api

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"oalab/mockwechat/platform"
)

// templates are the templates that an account has chosen, beside those of its configuration.
type templates struct {
	mu       sync.Mutex
	industry [2]string
	added    []template
	dropped  []string // of the configuration
}

type template struct {
	ID      string `json:"template_id"`
	Title   string `json:"title"`
	Primary string `json:"primary_industry"`
	Deputy  string `json:"deputy_industry"`
	Content string `json:"content"`
	Example string `json:"example"`
}

// maxTemplates is how many templates an account may have (sheet 5.5).
const maxTemplates = 25

// shortID is the form of a template's number in the platform's library.
var shortID = regexp.MustCompile(`^(TM|OPENTM)?[0-9]{1,12}$`)

// list is all templates of an account; it is called under the lock.
func (t *templates) list(cfg platform.Account) []template {
	all := []template{}
	for _, id := range cfg.Templates {
		if !slices.Contains(t.dropped, id) {
			all = append(all, t.of(id, id))
		}
	}
	return append(all, t.added...)
}

func (t *templates) of(id, title string) template {
	return template{
		ID: id, Title: title, Primary: "IT科技", Deputy: "互联网|电子商务",
		Content: "{{first.DATA}}\n业务：{{keyword1.DATA}}\n结果：{{keyword2.DATA}}\n{{remark.DATA}}",
		Example: "您好\n业务：流量包\n结果：办理成功\n谢谢",
	}
}

func (r *request) hasTemplate(id string) bool {
	t := platform.Part[templates](r.acc)
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.ContainsFunc(t.added, func(x template) bool { return x.ID == id }) ||
		slices.Contains(r.acc.Config.Templates, id) && !slices.Contains(t.dropped, id)
}

// serveSetIndustry is /cgi-bin/template/api_set_industry.
func serveSetIndustry(r *request) answer {
	var q struct {
		One text `json:"industry_id1"`
		Two text `json:"industry_id2"`
	}
	bad := !r.decode(&q)
	if r.breaks("json", bad) || r.breaks("industry", !industry(q.One) || !industry(q.Two)) {
		return r.refusal()
	}
	t := platform.Part[templates](r.acc)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.industry = [2]string{string(q.One), string(q.Two)}
	return answer{}
}

// industry says whether a number is one of the platform's 41 industries.
func industry(id text) bool {
	var n int
	_, err := fmt.Sscanf(string(id), "%d", &n)
	return err == nil && n >= 1 && n <= 41 && fmt.Sprint(n) == string(id)
}

// serveGetIndustry is /cgi-bin/template/get_industry.
func serveGetIndustry(r *request) answer {
	t := platform.Part[templates](r.acc)
	t.mu.Lock()
	defer t.mu.Unlock()
	class := func(id string) map[string]string {
		if id == "" || id == "1" {
			return map[string]string{"first_class": "IT科技", "second_class": "互联网|电子商务"}
		}
		return map[string]string{"first_class": "行业", "second_class": id}
	}
	return answer{fields: map[string]any{"primary_industry": class(t.industry[0]), "secondary_industry": class(t.industry[1])}}
}

// serveAddTemplate is /cgi-bin/template/api_add_template.
func serveAddTemplate(r *request) answer {
	var q struct {
		Short    string   `json:"template_id_short"`
		Keywords []string `json:"keyword_name_list"`
	}
	bad := !r.decode(&q)
	t := platform.Part[templates](r.acc)
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case r.breaks("json", bad),
		r.breaks("template-short", !shortID.MatchString(q.Short)),
		r.breaks("template-count", len(t.list(r.acc.Config)) >= maxTemplates):
		return r.refusal()
	}
	var raw [32]byte
	for i := 0; i < len(raw); i += 8 {
		binary.BigEndian.PutUint64(raw[i:], r.p.Random())
	}
	made := t.of(base64.RawURLEncoding.EncodeToString(raw[:]), q.Short)
	if len(q.Keywords) > 0 {
		lines := make([]string, len(q.Keywords))
		for i, name := range q.Keywords {
			lines[i] = fmt.Sprintf("%s：{{keyword%d.DATA}}", name, i+1)
		}
		made.Content = strings.Join(lines, "\n")
	}
	t.added = append(t.added, made)
	return fields("template_id", made.ID)
}

// serveTemplates is /cgi-bin/template/get_all_private_template.
func serveTemplates(r *request) answer {
	t := platform.Part[templates](r.acc)
	t.mu.Lock()
	defer t.mu.Unlock()
	return answer{fields: map[string]any{"template_list": t.list(r.acc.Config)}}
}

// serveDeleteTemplate is /cgi-bin/template/del_private_template.
func serveDeleteTemplate(r *request) answer {
	var q struct {
		ID string `json:"template_id"`
	}
	bad := !r.decode(&q)
	if r.breaks("json", bad) || r.breaks("template-unknown", !r.hasTemplate(q.ID)) {
		return r.refusal()
	}
	t := platform.Part[templates](r.acc)
	t.mu.Lock()
	defer t.mu.Unlock()
	before := len(t.added)
	if t.added = slices.DeleteFunc(t.added, func(x template) bool { return x.ID == q.ID }); len(t.added) == before {
		t.dropped = append(t.dropped, q.ID)
	}
	return answer{}
}
