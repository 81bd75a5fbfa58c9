package api

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"time"

	"oalab/mockwechat/message"
	"oalab/mockwechat/platform"
)

// codes are the QR codes of an account, by ticket.
type codes struct {
	mu       sync.Mutex
	byTicket map[string]qrCode
}

type qrCode struct {
	scene   scene
	expires time.Time // zero: never
}

// The limits of QR codes (sheet 5.9).
const (
	defaultExpire = 60
	maxExpire     = 2_592_000
	maxLimitScene = 100_000
	maxSceneText  = 64
)

// serveQRCode is /cgi-bin/qrcode/create. Its success has neither errcode nor errmsg: one
// client takes them for an error (sheet 0.3, rule 2).
func serveQRCode(r *request) answer {
	var q struct {
		Expire *int64 `json:"expire_seconds"`
		Action string `json:"action_name"`
		Info   struct {
			Scene struct {
				ID   json.Number `json:"scene_id"`
				Text string      `json:"scene_str"`
			} `json:"scene"`
		} `json:"action_info"`
	}
	bad := !r.decode(&q)
	temporary := q.Action == "QR_SCENE" || q.Action == "QR_STR_SCENE"
	byText := q.Action == "QR_STR_SCENE" || q.Action == "QR_LIMIT_STR_SCENE"
	expire := int64(defaultExpire)
	if q.Expire != nil {
		expire = *q.Expire
	}
	id, err := strconv.ParseUint(string(q.Info.Scene.ID), 10, 32)
	badScene := err != nil || id == 0 || (q.Action == "QR_LIMIT_SCENE" && id > maxLimitScene)
	if byText {
		badScene = q.Info.Scene.Text == "" || len(q.Info.Scene.Text) > maxSceneText
	}
	switch {
	case r.breaks("json", bad),
		r.breaks("qr-action", !temporary && q.Action != "QR_LIMIT_SCENE" && q.Action != "QR_LIMIT_STR_SCENE"),
		r.breaks("qr-scene", badScene),
		r.breaks("qr-expire", temporary && (expire < 1 || expire > maxExpire)):
		return r.refusal()
	}
	code := qrCode{scene: scene{given: true, id: int(id), text: q.Info.Scene.Text}}
	out := map[string]any{}
	if temporary {
		code.expires = r.now.Add(time.Duration(expire) * time.Second)
		out["expire_seconds"] = expire
	}
	ticket := "gQH" + base64.StdEncoding.EncodeToString([]byte(r.p.NewToken()[3:69])) + "=="
	cs := platform.Part[codes](r.acc)
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.byTicket == nil {
		cs.byTicket = map[string]qrCode{}
	}
	cs.byTicket[ticket] = code
	out["ticket"], out["url"] = ticket, "http://weixin.qq.com/q/"+strings.TrimPrefix(r.p.NewToken(), "76_")[:22]
	return answer{fields: out}
}

// Scanned is what a scan of an account's QR code makes of a follower: the push of the
// platform, subscribe for one that did not follow, SCAN otherwise. It is false for a ticket
// that the account does not have, or has no more.
func Scanned(p *platform.Platform, a *platform.Official, openID, ticket string) (message.Message, bool) {
	cs := platform.Part[codes](a)
	cs.mu.Lock()
	code, ok := cs.byTicket[ticket]
	cs.mu.Unlock()
	if !ok || (!code.expires.IsZero() && !p.Now().Before(code.expires)) {
		return message.Message{}, false
	}
	key := code.scene.text
	if key == "" {
		key = strconv.Itoa(code.scene.id)
	}
	m := message.Message{Op: "scan", OpenID: openID, Event: "SCAN", EventKey: key, Fields: []message.Field{{Name: "Ticket", Value: ticket}}}
	if a.Relation(openID) != platform.Follows {
		platform.Part[book](a).came(openID, code.scene)
		m.Event, m.EventKey = "subscribe", "qrscene_"+key
	}
	return m, true
}

// HasTicket says whether an account has a QR code.
func HasTicket(a *platform.Official, ticket string) bool {
	cs := platform.Part[codes](a)
	cs.mu.Lock()
	defer cs.mu.Unlock()
	_, ok := cs.byTicket[ticket]
	return ok
}
