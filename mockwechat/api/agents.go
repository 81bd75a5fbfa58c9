package api

import (
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"oalab/mockwechat/platform"
)

// desk is the customer service of an account: its agents, sessions and records.
type desk struct {
	mu       sync.Mutex
	agents   []*agent
	nextID   int
	sessions map[string]session // by openid
	records  []record
}

type agent struct {
	name, nick, picture, wx string
	id                      int
}

type session struct {
	agent string
	at    int64
}

// The limits of agents (sheet 5.3; the number of agents from general knowledge).
const (
	maxAgents   = 100
	maxNick     = 16
	firstAgent  = 1001
	maxKfPrefix = 10
)

func (d *desk) agent(name string) *agent {
	i := slices.IndexFunc(d.agents, func(a *agent) bool { return a.name == name })
	if i < 0 {
		return nil
	}
	return d.agents[i]
}

// desk opens the customer service of the account; the caller unlocks it.
func (r *request) desk() *desk {
	d := platform.Part[desk](r.acc)
	d.mu.Lock()
	if d.sessions == nil {
		d.sessions, d.nextID = map[string]session{}, firstAgent
	}
	return d
}

// serveAgents is /cgi-bin/customservice/getkflist. kf_id is a number (sheet 0.3, rule 7), and
// the list is never absent (rule 22).
func serveAgents(r *request) answer {
	d := r.desk()
	defer d.mu.Unlock()
	list := []map[string]any{}
	for _, a := range d.agents {
		entry := map[string]any{"kf_account": a.name, "kf_nick": a.nick, "kf_id": a.id, "kf_headimgurl": a.picture}
		if a.wx != "" {
			entry["kf_wx"] = a.wx
		}
		list = append(list, entry)
	}
	return answer{fields: map[string]any{"kf_list": list}}
}

// serveOnlineAgents is /cgi-bin/customservice/getonlinekflist. Every agent that is bound to
// a person is taken to be at the web desk.
func serveOnlineAgents(r *request) answer {
	d := r.desk()
	defer d.mu.Unlock()
	list := []map[string]any{}
	for _, a := range d.agents {
		if a.wx == "" {
			continue
		}
		cases := 0
		for _, s := range d.sessions {
			if s.agent == a.name {
				cases++
			}
		}
		list = append(list, map[string]any{"kf_account": a.name, "status": 1, "kf_id": a.id, "accepted_case": cases})
	}
	return answer{fields: map[string]any{"kf_online_list": list}}
}

type agentBody struct {
	Name string `json:"kf_account"`
	Nick string `json:"nickname"`
	WX   string `json:"invite_wx"`
}

// agentForm says whether a text is the name of an agent: prefix@account.
func agentForm(name string) bool {
	prefix, account, ok := strings.Cut(name, "@")
	return ok && account != "" && prefix != "" && len(prefix) <= maxKfPrefix && platform.TokenLetters(prefix)
}

func (r *request) badNick(nick string) bool {
	return r.breaks("kf-nick", nick == "" || utf8.RuneCountInString(nick) > maxNick)
}

// serveAgentAdd is /customservice/kfaccount/add.
func serveAgentAdd(r *request) answer {
	var q agentBody
	bad := !r.decode(&q)
	d := r.desk()
	defer d.mu.Unlock()
	switch {
	case r.breaks("json", bad),
		r.breaks("kf-account-form", !agentForm(q.Name)),
		r.badNick(q.Nick),
		r.breaks("kf-exists", d.agent(q.Name) != nil),
		r.breaks("kf-count", len(d.agents) >= maxAgents):
		return r.refusal()
	}
	d.agents = append(d.agents, &agent{name: q.Name, nick: q.Nick, id: d.nextID})
	d.nextID++
	return answer{}
}

// changeAgent judges a call about an agent that is there, and lets change do its work.
func (r *request) changeAgent(q agentBody, bad bool, change func(*desk, *agent) bool) answer {
	d := r.desk()
	defer d.mu.Unlock()
	a := d.agent(q.Name)
	if r.breaks("json", bad) || r.breaks("kf-account", a == nil) {
		return r.refusal()
	}
	if a == nil {
		a = &agent{name: q.Name}
	}
	if !change(d, a) {
		return r.refusal()
	}
	return answer{}
}

// serveAgentUpdate is /customservice/kfaccount/update.
func serveAgentUpdate(r *request) answer {
	var q agentBody
	bad := !r.decode(&q)
	return r.changeAgent(q, bad, func(_ *desk, a *agent) bool {
		if r.badNick(q.Nick) {
			return false
		}
		a.nick = q.Nick
		return true
	})
}

// serveAgentInvite is /customservice/kfaccount/inviteworker; the person accepts at once.
func serveAgentInvite(r *request) answer {
	var q agentBody
	bad := !r.decode(&q)
	return r.changeAgent(q, bad, func(_ *desk, a *agent) bool {
		if r.breaks("kf-wx", q.WX == "") {
			return false
		}
		a.wx = q.WX
		return true
	})
}

// serveAgentPicture is /customservice/kfaccount/uploadheadimg.
func serveAgentPicture(r *request) answer {
	f, ok := readForm(r.Header.Get("Content-Type"), r.body)
	if r.breaks("media-missing", !ok || !f.found) || r.breaks("media-empty", len(f.file) == 0) {
		return r.refusal()
	}
	return r.changeAgent(agentBody{Name: r.URL.Query().Get("kf_account")}, false, func(_ *desk, a *agent) bool {
		a.picture = "http://mmbiz.qpic.cn/mmbiz/" + r.mediaID() + "/0"
		return true
	})
}

// serveAgentDelete is /customservice/kfaccount/del, by query or by body (sheet 0.3, rule 15).
func serveAgentDelete(r *request) answer {
	q := agentBody{Name: r.URL.Query().Get("kf_account")}
	bad := q.Name == "" && !r.decode(&q)
	return r.changeAgent(q, bad, func(d *desk, a *agent) bool {
		d.agents = slices.DeleteFunc(d.agents, func(x *agent) bool { return x.name == a.name })
		return true
	})
}
