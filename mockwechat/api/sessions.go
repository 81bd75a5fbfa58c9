package api

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"oalab/mockwechat/message"
	"oalab/mockwechat/platform"
)

// record is one line of the talk between a follower and an agent.
type record struct {
	openID, worker, text string
	code                 int
	at                   int64
}

// The codes of records (sheet 5.3).
const recordFromAgent = 2002

type sessionBody struct {
	Name   string `json:"kf_account"`
	OpenID string `json:"openid"`
	Text   string `json:"text"`
}

// sessionCall judges what create and close have in common; the caller unlocks the desk.
func (r *request) sessionCall() (*desk, sessionBody, bool) {
	var q sessionBody
	bad := !r.decode(&q)
	r.line.OpenID = q.OpenID
	d := r.desk()
	switch {
	case r.breaks("json", bad),
		r.breaks("kf-account", d.agent(q.Name) == nil),
		r.breaks("openid-foreign", r.acc.Relation(q.OpenID) == platform.Foreign):
		return d, q, false
	}
	return d, q, true
}

func (d *desk) note(q sessionBody, at int64) {
	if q.Text != "" {
		d.records = append(d.records, record{q.OpenID, q.Name, q.Text, recordFromAgent, at})
	}
}

// serveSessionCreate is /customservice/kfsession/create.
func serveSessionCreate(r *request) answer {
	d, q, ok := r.sessionCall()
	defer d.mu.Unlock()
	s, open := d.sessions[q.OpenID]
	if !ok || r.breaks("kf-other", open && s.agent != q.Name) {
		return r.refusal()
	}
	if open {
		return answer{}
	}
	d.sessions[q.OpenID] = session{q.Name, r.now.Unix()}
	d.note(q, r.now.Unix())
	r.acc.Transferred(q.OpenID, time.Time{})
	r.tellSession(q, "kf_create_session")
	return answer{}
}

// serveSessionClose is /customservice/kfsession/close.
func serveSessionClose(r *request) answer {
	d, q, ok := r.sessionCall()
	defer d.mu.Unlock()
	s, open := d.sessions[q.OpenID]
	switch {
	case !ok,
		r.breaks("kf-session", !open),
		r.breaks("kf-other", open && s.agent != q.Name):
		return r.refusal()
	}
	delete(d.sessions, q.OpenID)
	d.note(q, r.now.Unix())
	r.tellSession(q, "kf_close_session")
	return answer{}
}

func (r *request) tellSession(q sessionBody, event string) {
	r.s.tell(r.acc, message.Message{OpenID: q.OpenID, Event: event, Fields: []message.Field{{Name: "KfAccount", Value: q.Name}}})
}

// serveSession is /customservice/kfsession/getsession.
func serveSession(r *request) answer {
	openID := r.URL.Query().Get("openid")
	r.line.OpenID = openID
	d := r.desk()
	defer d.mu.Unlock()
	if r.breaks("openid-foreign", r.acc.Relation(openID) == platform.Foreign) {
		return r.refusal()
	}
	s := d.sessions[openID]
	return fields("kf_account", s.agent, "createtime", s.at)
}

// serveSessions is /customservice/kfsession/getsessionlist.
func serveSessions(r *request) answer {
	name := r.URL.Query().Get("kf_account")
	d := r.desk()
	defer d.mu.Unlock()
	if r.breaks("kf-account", d.agent(name) == nil) {
		return r.refusal()
	}
	list := []map[string]any{}
	for openID, s := range d.sessions {
		if s.agent == name {
			list = append(list, map[string]any{"openid": openID, "createtime": s.at})
		}
	}
	slices.SortFunc(list, func(a, b map[string]any) int { return compareAny(a["createtime"], b["createtime"]) })
	return answer{fields: map[string]any{"sessionlist": list}}
}

func compareAny(a, b any) int {
	x, _ := a.(int64)
	y, _ := b.(int64)
	return cmp.Compare(x, y)
}

// maxWaiting is how many waiting followers are listed.
const maxWaiting = 100

// serveWaiting is /customservice/kfsession/getwaitcase: followers that were transferred and
// have no session yet. All forms of the fields that clients read are given (sheet 10).
func serveWaiting(r *request) answer {
	waiting := r.acc.Waiting()
	d := r.desk()
	defer d.mu.Unlock()
	list := []map[string]any{}
	for _, w := range waiting {
		if _, open := d.sessions[w.OpenID]; !open && len(list) < maxWaiting {
			list = append(list, map[string]any{
				"openid": w.OpenID, "latest_time": w.Since.Unix(), "kf_account": "", "createtime": w.Since.Unix(),
			})
		}
	}
	return answer{fields: map[string]any{"count": len(list), "waitcaselist": list}}
}

// maxRecords is how many records one call lists.
const maxRecords = 10_000

// serveRecords is /customservice/msgrecord/getmsglist. The list is never absent: one client
// asks until it is empty (sheet 0.3, rule 22).
func serveRecords(r *request) answer {
	var q struct {
		Start  int64       `json:"starttime"`
		End    int64       `json:"endtime"`
		MsgID  json.Number `json:"msgid"`
		Number int         `json:"number"`
	}
	bad := !r.decode(&q)
	from, err := strconv.Atoi(string(q.MsgID))
	switch {
	case r.breaks("json", bad),
		r.breaks("kf-records", err != nil || from < 1 || q.Number < 1 || q.Number > maxRecords || q.End < q.Start),
		r.breaks("kf-span", time.Duration(q.End-q.Start)*time.Second > recordDay):
		return r.refusal()
	}
	d := r.desk()
	defer d.mu.Unlock()
	list := []map[string]any{}
	next := max(from, 1)
	for i := next - 1; i < len(d.records) && len(list) < q.Number; i++ {
		next = i + 2
		if rec := d.records[i]; rec.at >= q.Start && rec.at < q.End {
			list = append(list, map[string]any{
				"openid": rec.openID, "opercode": rec.code, "text": rec.text, "time": rec.at, "worker": rec.worker,
			})
		}
	}
	return answer{fields: map[string]any{"recordlist": list, "number": len(list), "msgid": next}}
}

// recordDay is the span that one question for records may have.
const recordDay = 24 * time.Hour
