package api

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"

	"oalab/mockwechat/ledger"
	"oalab/mockwechat/message"
	"oalab/mockwechat/platform"
)

// sendings are the mass messages of an account.
type sendings struct {
	mu     sync.Mutex
	byID   map[int64]*sending
	byName map[string]int64 // clientmsgid
	speed  int
	sent   map[int]int // to all or to a tag, by day or month of Beijing
}

type sending struct {
	deleted bool
	total   int
}

// The limits of mass sending: a service account four times a month, a subscription account
// once a day (sheet 5.7; the numbers from general knowledge).
const (
	massPerMonth  = 4
	massPerDay    = 1
	maxMassList   = 10_000
	maxClientID   = 64
	massText      = "text"
	fastestMass   = 0
	slowestMass   = 4
	massDelivered = "SEND_SUCCESS"
)

// massBody is what the three calls send. The object is under the name of its type.
type massBody struct {
	Filter struct {
		All   bool `json:"is_to_all"`
		TagID int  `json:"tag_id"`
	} `json:"filter"`
	ToUser  json.RawMessage `json:"touser"` // a list, or one for a preview
	ToName  string          `json:"towxname"`
	MsgType string          `json:"msgtype"`
	Name    string          `json:"clientmsgid"`
}

// massObject judges what is sent and returns it as the ledger shows it.
func (r *request) massObject(kind string) (string, bool) {
	var all map[string]json.RawMessage
	var object struct {
		Content string   `json:"content"`
		MediaID string   `json:"media_id"`
		Images  []string `json:"media_ids"`
		CardID  string   `json:"card_id"`
	}
	_ = r.decode(&all) // the caller has read it before
	raw := all[kind]
	if kind == "image" && len(raw) == 0 {
		raw = all["images"]
	}
	bad := len(raw) == 0 || json.Unmarshal(raw, &object) != nil
	if len(object.Images) > 0 {
		object.MediaID = object.Images[0]
	}
	switch kind {
	case massText:
		return object.Content, !r.breaks("mass-content", bad || strings.TrimSpace(object.Content) == "")
	case "mpnews", "voice", "image", "images", "mpvideo":
		return string(raw), !r.breaks("mass-media", bad || !r.hasMedia(object.MediaID))
	case "wxcard":
		return string(raw), !r.breaks("custom-args", bad || object.CardID == "")
	}
	return "", !r.breaks("mass-type", true)
}

// massQuota uses up one sending of the account; a subscription account has one a day.
func (r *request) massQuota(s *sendings) bool {
	bucket, limit := beijingMonth(r), massPerMonth
	if r.acc.Config.Type == platform.TypeSubscription {
		bucket, limit = 1_000_000+int((r.now.Unix()+8*3600)/86_400), massPerDay
	}
	if s.sent == nil {
		s.sent = map[int]int{}
	}
	if r.breaks("mass-quota", s.sent[bucket] >= limit) {
		return false
	}
	s.sent[bucket]++
	return true
}

// mass sends to total followers of which filtered get nothing.
func (r *request) mass(name, content string, total, filtered int, toAll bool) answer {
	s := platform.Part[sendings](r.acc)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID == nil {
		s.byID, s.byName = map[int64]*sending{}, map[string]int64{}
	}
	if r.breaks("mass-clientmsgid", len(name) > maxClientID) {
		return r.refusal()
	}
	if old, ok := s.byName[name]; ok && name != "" && r.breaks("mass-repeat", true) {
		r.line.Effect = ledger.EffectRepeated
		return answer{code: refusals[r.rule], fields: map[string]any{
			"errcode": refusals[r.rule], "errmsg": refusals[r.rule].Text() + " rid: " + r.p.RID(), "msg_id": old,
		}}
	}
	if toAll && !r.massQuota(s) {
		return r.refusal()
	}
	id := r.p.NextMsgID() % 3_000_000_000
	s.byID[id] = &sending{total: total}
	if name != "" {
		s.byName[name] = id
	}
	r.line.Effect, r.line.Content, r.line.MsgID, r.line.ClientMsgID = ledger.EffectDelivered, content, strconv.FormatInt(id, 10), name
	number := func(name string, n int) message.Field { return message.Field{Name: name, Value: strconv.Itoa(n)} }
	r.s.tell(r.acc, message.Message{
		OpenID: r.acc.AnyOpenID(), Event: "MASSSENDJOBFINISH", MsgID: r.line.MsgID, Fields: []message.Field{
			{Name: "Status", Value: "send success"},
			number("TotalCount", total), number("FilterCount", total-filtered),
			number("SentCount", total-filtered), number("ErrorCount", 0),
		},
	})
	return answer{fields: map[string]any{
		"errcode": 0, "errmsg": "send job submission success", "msg_id": id, "msg_data_id": id + 1,
	}}
}

// serveMassAll is /cgi-bin/message/mass/sendall.
func serveMassAll(r *request) answer {
	var q massBody
	if r.breaks("json", !r.decode(&q)) {
		return r.refusal()
	}
	content, ok := r.massObject(q.MsgType)
	if !ok {
		return r.refusal()
	}
	total := r.acc.FollowerCount()
	if !q.Filter.All {
		b := r.locked()
		t := b.tags[q.Filter.TagID]
		b.mu.Unlock()
		if r.breaks("mass-tag", t == nil) {
			return r.refusal()
		}
		if t != nil {
			total = len(t.members)
		}
	}
	a := r.mass(q.Name, content, total, 0, true)
	if a.code == platform.CodeOK {
		r.tellPhones(q.MsgType, func(id string) bool { return q.Filter.All || r.tagged(id, q.Filter.TagID) })
	}
	return a
}

// serveMassList is /cgi-bin/message/mass/send.
func serveMassList(r *request) answer {
	var q massBody
	var list []string
	bad := !r.decode(&q)
	if r.breaks("json", bad) ||
		r.breaks("mass-openids", json.Unmarshal(q.ToUser, &list) != nil || len(list) < 2 || len(list) > maxMassList) {
		return r.refusal()
	}
	content, ok := r.massObject(q.MsgType)
	if !ok {
		return r.refusal()
	}
	filtered := 0
	for _, id := range list {
		if r.acc.Relation(id) != platform.Follows {
			filtered++
		}
	}
	a := r.mass(q.Name, content, len(list), filtered, false)
	if a.code == platform.CodeOK {
		r.tellPhones(q.MsgType, func(id string) bool { return slices.Contains(list, id) })
	}
	return a
}

// serveMassPreview is /cgi-bin/message/mass/preview.
func serveMassPreview(r *request) answer {
	var q massBody
	var openID string
	bad := !r.decode(&q)
	if len(q.ToUser) > 0 {
		bad = bad || json.Unmarshal(q.ToUser, &openID) != nil
	}
	r.line.OpenID = openID
	if r.breaks("json", bad) || r.breaks("openid-foreign", q.ToName == "" && r.acc.Relation(openID) != platform.Follows) {
		return r.refusal()
	}
	content, ok := r.massObject(q.MsgType)
	if !ok {
		return r.refusal()
	}
	r.line.Effect, r.line.Content = ledger.EffectDelivered, content
	r.tellPhones(q.MsgType, func(id string) bool { return id == openID })
	return answer{fields: map[string]any{"errcode": 0, "errmsg": "preview success", "msg_id": r.p.NextMsgID() % 3_000_000_000}}
}

type massID struct {
	ID json.Number `json:"msg_id"`
}

// massNamed finds a mass message; the caller unlocks the sendings.
func (r *request) massNamed() (*sendings, int64, *sending, bool) {
	var q massID
	bad := !r.decode(&q)
	id, err := strconv.ParseInt(string(q.ID), 10, 64)
	if err != nil {
		id = 0
	}
	s := platform.Part[sendings](r.acc)
	s.mu.Lock()
	one := s.byID[id]
	if r.breaks("json", bad) || r.breaks("mass-msg-id", one == nil) {
		return s, 0, nil, false
	}
	if one == nil {
		one = &sending{}
	}
	return s, id, one, true
}

// serveMassState is /cgi-bin/message/mass/get.
func serveMassState(r *request) answer {
	s, id, one, ok := r.massNamed()
	defer s.mu.Unlock()
	if !ok {
		return r.refusal()
	}
	state := massDelivered
	if one.deleted {
		state = "DELETE"
	}
	return answer{fields: map[string]any{"msg_id": id, "msg_status": state}}
}

// serveMassDelete is /cgi-bin/message/mass/delete.
func serveMassDelete(r *request) answer {
	s, _, one, ok := r.massNamed()
	defer s.mu.Unlock()
	if !ok {
		return r.refusal()
	}
	one.deleted = true
	return answer{}
}

// realSpeeds are the thousands of messages a minute of each speed.
var realSpeeds = []int{80, 60, 45, 30, 10}

// serveMassSpeed is /cgi-bin/message/mass/speed/get.
func serveMassSpeed(r *request) answer {
	s := platform.Part[sendings](r.acc)
	s.mu.Lock()
	defer s.mu.Unlock()
	return answer{fields: map[string]int{"speed": s.speed, "realspeed": realSpeeds[s.speed]}}
}

// serveMassSpeedSet is /cgi-bin/message/mass/speed/set.
func serveMassSpeedSet(r *request) answer {
	var q struct {
		Speed *int `json:"speed"`
	}
	bad := !r.decode(&q)
	if r.breaks("json", bad) || r.breaks("mass-speed", q.Speed == nil || *q.Speed < fastestMass || *q.Speed > slowestMass) {
		return r.refusal()
	}
	if q.Speed != nil && *q.Speed >= fastestMass && *q.Speed <= slowestMass {
		s := platform.Part[sendings](r.acc)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.speed = *q.Speed
	}
	return answer{}
}
