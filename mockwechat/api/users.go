package api

import (
	"unicode/utf8"

	"oalab/mockwechat/platform"
)

// The limits of the calls about followers (sheet 5.2).
const (
	pageOfFollowers = 10_000
	maxUserBatch    = 100
	maxRemark       = 30
)

// user is the object of a follower. One that has left shows no more than that.
func (r *request) user(openID string) map[string]any {
	if r.acc.Relation(openID) != platform.Follows {
		return map[string]any{"subscribe": 0, "openid": openID}
	}
	p, b := profileOf(openID), platform.Part[book](r.acc)
	remark, tags, scene := b.about(openID)
	country := "中国"
	if !r.acc.Config.NamesShown {
		p, country = profile{subscribed: p.subscribed}, ""
	}
	u := map[string]any{
		"subscribe": 1, "openid": openID, "nickname": p.nickname, "sex": p.sex, "language": "zh_CN", "city": p.city,
		"province": p.province, "country": country, "headimgurl": p.picture, "subscribe_time": p.subscribed, "remark": remark,
		"groupid": 0, "tagid_list": tags, "subscribe_scene": "ADD_SCENE_SEARCH", "qr_scene": 0, "qr_scene_str": "",
	}
	if len(tags) > 0 {
		u["groupid"] = tags[0]
	}
	if scene.given {
		u["subscribe_scene"], u["qr_scene"], u["qr_scene_str"] = "ADD_SCENE_QR_CODE", scene.id, scene.text
	}
	return u
}

// serveUser is /cgi-bin/user/info.
func serveUser(r *request) answer {
	openID := r.URL.Query().Get("openid")
	r.line.OpenID = openID
	if r.breaks("openid-foreign", r.acc.Relation(openID) == platform.Foreign) {
		return r.refusal()
	}
	return answer{fields: r.user(openID)}
}

// serveUsers is /cgi-bin/user/info/batchget.
func serveUsers(r *request) answer {
	var q struct {
		List []struct {
			OpenID string `json:"openid"`
		} `json:"user_list"`
	}
	bad := !r.decode(&q)
	switch {
	case r.breaks("json", bad),
		r.breaks("openid-list", len(q.List) == 0),
		r.breaks("openid-list-size", len(q.List) > maxUserBatch):
		return r.refusal()
	}
	users := make([]any, len(q.List))
	for i, u := range q.List {
		if r.breaks("openid-foreign", r.acc.Relation(u.OpenID) == platform.Foreign) {
			return r.refusal()
		}
		users[i] = r.user(u.OpenID)
	}
	return answer{fields: map[string]any{"user_info_list": users}}
}

// page is an answer with a page of openids. Past the end it has no data and an empty
// next_openid: one client asks until it sees that (sheet 0.3, rule 20).
func page(ids []string, more map[string]any) answer {
	next := ""
	if len(ids) > 0 {
		next = ids[len(ids)-1]
		more["data"] = map[string]any{"openid": ids}
	}
	more["count"], more["next_openid"] = len(ids), next
	return answer{fields: more}
}

// serveFollowers is /cgi-bin/user/get.
func serveFollowers(r *request) answer {
	ids, ok := r.acc.FollowersAfter(r.URL.Query().Get("next_openid"), pageOfFollowers)
	if r.breaks("next-openid", !ok) {
		return r.refusal()
	}
	return page(ids, map[string]any{"total": r.acc.FollowerCount()})
}

// serveRemark is /cgi-bin/user/info/updateremark.
func serveRemark(r *request) answer {
	var q struct {
		OpenID string `json:"openid"`
		Remark string `json:"remark"`
	}
	bad := !r.decode(&q)
	r.line.OpenID = q.OpenID
	switch {
	case r.breaks("json", bad),
		r.breaks("openid-foreign", r.acc.Relation(q.OpenID) == platform.Foreign),
		r.breaks("remark-size", utf8.RuneCountInString(q.Remark) >= maxRemark):
		return r.refusal()
	}
	platform.Part[book](r.acc).remark(q.OpenID, q.Remark)
	return answer{}
}
