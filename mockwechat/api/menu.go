package api

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"sync"

	"oalab/mockwechat/platform"
)

// menus are the menu of an account and the conditional ones, newest last.
type menus struct {
	mu          sync.Mutex
	button      []button // nil: there is none
	id          int64
	conditional []conditional
}

type conditional struct {
	id     int64
	button []button
	rule   matchRule
}

// button is one entry of a menu; unknown keys are dropped.
type button struct {
	Type      string   `json:"type,omitempty"`
	Name      string   `json:"name"`
	Key       string   `json:"key,omitempty"`
	URL       string   `json:"url,omitempty"`
	MediaID   string   `json:"media_id,omitempty"`
	AppID     string   `json:"appid,omitempty"`
	PagePath  string   `json:"pagepath,omitempty"`
	ArticleID string   `json:"article_id,omitempty"`
	Sub       []button `json:"sub_button"`
}

// matchRule takes numbers and texts; it is answered in texts (sheet 0.3, rule 8).
type matchRule struct {
	TagID    text `json:"tag_id,omitempty"`
	GroupID  text `json:"group_id,omitempty"`
	Platform text `json:"client_platform_type,omitempty"`
	Sex      text `json:"sex,omitempty"`
	Country  text `json:"country,omitempty"`
	Province text `json:"province,omitempty"`
	City     text `json:"city,omitempty"`
	Language text `json:"language,omitempty"`
}

// text is a text that may be written as a number.
type text string

// UnmarshalJSON reads either form.
func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err == nil {
		*t = text(s)
		return nil
	}
	var n json.Number
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	*t = text(n.String())
	return nil
}

// The limits of a menu; where sources disagree, the larger value (sheet 5.1, 10).
const (
	maxButtons   = 3
	maxSubs      = 5
	maxTopName   = 16
	maxSubName   = 60
	maxButtonKey = 128
	maxButtonURL = 1024
	firstMenuID  = 208_379_500
)

// needsKey are the types of a button that are told apart by a key.
var needsKey = []string{
	"click", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album", "pic_weixin", "location_select",
}

// menuRules are the names of the rules for one level of a menu.
type menuRules struct {
	name, kind, key, url string
	maxName              int
}

var (
	topRules = menuRules{"menu-name", "menu-type", "menu-key", "menu-url", maxTopName}
	subRules = menuRules{"menu-sub-name", "menu-sub-type", "menu-sub-key", "menu-sub-url", maxSubName}
)

// badButtons judges a menu.
func (r *request) badButtons(list []button) bool {
	if r.breaks("menu-buttons", len(list) < 1 || len(list) > maxButtons) {
		return true
	}
	for i := range list {
		b := &list[i]
		if b.Sub == nil {
			b.Sub = []button{}
		}
		if len(b.Sub) == 0 {
			if r.badButton(b, topRules) {
				return true
			}
			continue
		}
		if r.breaks("menu-name", b.Name == "" || len(b.Name) > maxTopName) || r.breaks("menu-subs", len(b.Sub) > maxSubs) {
			return true
		}
		for j := range b.Sub {
			sub := &b.Sub[j]
			if r.breaks("menu-sub-level", len(sub.Sub) > 0) || r.badButton(sub, subRules) {
				return true
			}
			sub.Sub = []button{}
		}
	}
	return false
}

func (r *request) badButton(b *button, rules menuRules) bool {
	if r.breaks(rules.name, b.Name == "" || len(b.Name) > rules.maxName) {
		return true
	}
	u, err := url.Parse(b.URL)
	badURL := err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || len(b.URL) > maxButtonURL
	switch {
	case slices.Contains(needsKey, b.Type):
		return r.breaks(rules.key, b.Key == "" || len(b.Key) > maxButtonKey)
	case b.Type == "view":
		return r.breaks(rules.url, badURL)
	case b.Type == "miniprogram":
		return r.breaks(rules.url, badURL || b.AppID == "" || b.PagePath == "")
	case b.Type == "media_id" || b.Type == "view_limited":
		return r.breaks("media-id", !r.hasMedia(b.MediaID))
	case b.Type == "article_id" || b.Type == "article_view_limited":
		return r.breaks(rules.key, b.ArticleID == "")
	}
	return r.breaks(rules.kind, true)
}

type menuBody struct {
	Button []button   `json:"button"`
	Rule   *matchRule `json:"matchrule"`
}

// serveMenuCreate is /cgi-bin/menu/create.
func serveMenuCreate(r *request) answer {
	var q menuBody
	bad := !r.decode(&q)
	if r.breaks("json", bad) || r.badButtons(q.Button) {
		return r.refusal()
	}
	m := platform.Part[menus](r.acc)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.button, m.id = q.Button, r.p.NextMsgID()%1000+firstMenuID
	return answer{}
}

// serveMenu is /cgi-bin/menu/get.
func serveMenu(r *request) answer {
	m := platform.Part[menus](r.acc)
	m.mu.Lock()
	defer m.mu.Unlock()
	if r.breaks("menu-none", m.button == nil) {
		return r.refusal()
	}
	menu := map[string]any{"button": m.button}
	out := map[string]any{"menu": menu}
	if len(m.conditional) > 0 {
		menu["menuid"] = m.id
		list := []map[string]any{}
		for _, c := range slices.Backward(m.conditional) {
			list = append(list, map[string]any{"button": c.button, "matchrule": c.rule, "menuid": c.id})
		}
		out["conditionalmenu"] = list
	}
	return answer{fields: out}
}

// serveMenuDelete is /cgi-bin/menu/delete: the conditional ones go too.
func serveMenuDelete(r *request) answer {
	m := platform.Part[menus](r.acc)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.button, m.conditional = nil, nil
	return answer{}
}

// serveMenuCondition is /cgi-bin/menu/addconditional.
func serveMenuCondition(r *request) answer {
	var q menuBody
	bad := !r.decode(&q)
	m := platform.Part[menus](r.acc)
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case r.breaks("json", bad),
		r.breaks("menu-no-default", m.button == nil),
		r.breaks("menu-rule-empty", q.Rule == nil || *q.Rule == matchRule{}),
		r.badButtons(q.Button):
		return r.refusal()
	}
	if q.Rule == nil {
		q.Rule = &matchRule{}
	}
	c := conditional{id: firstMenuID + r.p.NextMsgID()%1_000_000, button: q.Button, rule: *q.Rule}
	m.conditional = append(m.conditional, c)
	return answer{fields: map[string]string{"menuid": strconv.FormatInt(c.id, 10)}}
}

// serveMenuUncondition is /cgi-bin/menu/delconditional.
func serveMenuUncondition(r *request) answer {
	var q struct {
		ID text `json:"menuid"`
	}
	bad := !r.decode(&q)
	m := platform.Part[menus](r.acc)
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.conditional, func(c conditional) bool { return strconv.FormatInt(c.id, 10) == string(q.ID) })
	if r.breaks("json", bad) || r.breaks("menu-id", i < 0) {
		return r.refusal()
	}
	if i >= 0 {
		m.conditional = slices.Delete(m.conditional, i, i+1)
	}
	return answer{}
}

// fits says whether a follower is meant by a rule. What the mock does not know of a
// follower, the program on the phone, is taken to be iOS (1).
func (m matchRule) fits(openID string, tags []int) bool {
	p := profileOf(openID)
	for _, rule := range []struct {
		want text
		is   string
	}{
		{m.Platform, "1"}, {m.Sex, strconv.Itoa(p.sex)}, {m.Country, "中国"}, {m.Province, p.province}, {m.City, p.city}, {m.Language, "zh_CN"},
	} {
		if rule.want != "" && string(rule.want) != rule.is {
			return false
		}
	}
	for _, want := range []text{m.TagID, m.GroupID} {
		if want == "" {
			continue
		}
		if id, err := strconv.Atoi(string(want)); err != nil || !slices.Contains(tags, id) {
			return false
		}
	}
	return true
}

// menuOf is the menu that a follower sees, nil when there is none, and the id of a
// personalised one. The caller holds the lock of the menus.
func menuOf(a *platform.Official, m *menus, openID string) (list []button, id string) {
	_, tags, _ := platform.Part[book](a).about(openID)
	for _, c := range slices.Backward(m.conditional) {
		if c.rule.fits(openID, tags) {
			return c.button, strconv.FormatInt(c.id, 10)
		}
	}
	return m.button, ""
}

// serveMenuMatch is /cgi-bin/menu/trymatch; both forms of the answer are read by clients
// (sheet 0.3, rule 21).
func serveMenuMatch(r *request) answer {
	var q struct {
		User string `json:"user_id"`
	}
	bad := !r.decode(&q)
	r.line.OpenID = q.User
	m := platform.Part[menus](r.acc)
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case r.breaks("json", bad),
		r.breaks("menu-user", r.acc.Relation(q.User) != platform.Follows),
		r.breaks("menu-none", m.button == nil):
		return r.refusal()
	}
	list, _ := menuOf(r.acc, m, q.User)
	return answer{fields: map[string]any{"button": list, "menu": map[string]any{"button": list}}}
}

// serveSelfMenu is /cgi-bin/get_current_selfmenu_info.
func serveSelfMenu(r *request) answer {
	m := platform.Part[menus](r.acc)
	m.mu.Lock()
	defer m.mu.Unlock()
	open := 0
	list := []map[string]any{}
	for _, b := range m.button {
		open = 1
		entry := selfButton(b)
		if len(b.Sub) > 0 {
			subs := []map[string]any{}
			for _, s := range b.Sub {
				subs = append(subs, selfButton(s))
			}
			entry["sub_button"] = map[string]any{"list": subs}
		}
		list = append(list, entry)
	}
	return answer{fields: map[string]any{"is_menu_open": open, "selfmenu_info": map[string]any{"button": list}}}
}

func selfButton(b button) map[string]any {
	e := map[string]any{"name": b.Name}
	for name, value := range map[string]string{"type": b.Type, "key": b.Key, "url": b.URL, "value": b.MediaID} {
		if value != "" {
			e[name] = value
		}
	}
	return e
}
