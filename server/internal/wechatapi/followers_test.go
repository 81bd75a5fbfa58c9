package wechatapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// followers answers the calls about followers as the platform does.
func followers(t *testing.T, p *platform) {
	t.Helper()
	p.answer = func(w http.ResponseWriter, r *http.Request) bool {
		switch r.URL.Path {
		case pathUser:
			if r.URL.Query().Get("openid") == "oForeign" {
				fmt.Fprint(w, `{"errcode":40003,"errmsg":"invalid openid"}`)
				return true
			}
			fmt.Fprint(w, `{"subscribe":1,"openid":"o1","nickname":"","sex":0,"language":"zh_CN","headimgurl":"","subscribe_time":1600000000,"unionid":"u",`+
				`"remark":"VIP","groupid":0,"tagid_list":[1],"subscribe_scene":"ADD_SCENE_QR_CODE","qr_scene":7,"qr_scene_str":""}`)
		case pathUsers:
			var in struct {
				List []map[string]string `json:"user_list"`
			}
			if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.List[0]["lang"] != "zh_CN" {
				t.Errorf("%v, %v", in, err)
			}
			fmt.Fprint(w, `{"user_info_list":[{"subscribe":0,"openid":"o1"},{"subscribe":1,"openid":"o2","qr_scene_str":"店A"}]}`)
		case pathFollowers:
			if r.URL.Query().Get("next_openid") == "" {
				fmt.Fprint(w, `{"total":2,"count":2,"data":{"openid":["o1","o2"]},"next_openid":"o2"}`)
			} else {
				fmt.Fprint(w, `{"total":2,"count":0,"next_openid":""}`)
			}
		default:
			return false
		}
		return true
	}
}

func TestFollowerCalls(t *testing.T) {
	p := newPlatform(t)
	followers(t, p)
	c := newClient(t, p.URL)
	one, err := c.FetchFollower(t.Context(), "demo", "o1")
	want := Follower{OpenID: "o1", UnionID: "u", Subscribe: 1, Language: "zh_CN", Remark: "VIP", SubscribedAt: 1600000000, Way: "ADD_SCENE_QR_CODE", Scene: 7}
	if diff := cmp.Diff(want, one); diff != "" || err != nil {
		t.Errorf("%v, -want +got\n%s", err, diff)
	}
	if _, err := c.FetchFollower(t.Context(), "demo", "o2"); err == nil {
		t.Error("an answer about another follower was taken")
	}
	if _, err := c.FetchFollower(t.Context(), "demo", "oForeign"); !IsPermanent(err) || NoRight(err) {
		t.Errorf("a foreign openid: %v", err)
	}
	many, err := c.FetchFollowers(t.Context(), "demo", []string{"o1", "o2"})
	if diff := cmp.Diff([]Follower{{OpenID: "o1"}, {OpenID: "o2", Subscribe: 1, SceneText: "店A"}}, many); diff != "" || err != nil {
		t.Errorf("%v, -want +got\n%s", err, diff)
	}
	if _, err := c.FetchFollowers(t.Context(), "demo", []string{"o1"}); err == nil {
		t.Error("an answer about too many followers was taken")
	}
	for after, want := range map[string]FollowerPage{
		"":   {Total: 2, OpenIDs: []string{"o1", "o2"}, Next: "o2"},
		"o2": {Total: 2},
	} {
		got, err := c.ListFollowers(t.Context(), "demo", after)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v, -want +got\n%s", err, diff)
		}
	}
}

// TestAMissingRightIsNoTrouble: an account without the right to profiles is asked once in a
// while, and counts as one that the platform accepts; what it cannot do without is trouble.
func TestAMissingRightIsNoTrouble(t *testing.T) {
	p := newPlatform(t)
	calls := 0
	p.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == pathStable {
			return false
		}
		calls++
		fmt.Fprint(w, `{"errcode":48001,"errmsg":"api unauthorized"}`)
		return true
	}
	c, err := New(Config{APIBase: p.URL, Accounts: []Account{{Name: "demo", AppID: "wx1", Secret: secret}}, Metrics: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	c.UseTokens(&fetching{client: c})
	for range 3 {
		if _, err := c.FetchFollower(t.Context(), "demo", "o1"); !NoRight(err) {
			t.Errorf("%v", err)
		}
	}
	if got := refusing(t, c); got != 0 || calls != 1 {
		t.Errorf("refusing %v after %d calls", got, calls)
	}
	if err := c.CustomSend(t.Context(), "demo", "o1", "x"); !NoRight(err) {
		t.Errorf("%v", err)
	}
	if got := refusing(t, c); got != 1 {
		t.Errorf("refusing %v", got)
	}
}

// refusing is the metric by which people are alerted.
func refusing(t *testing.T, c *Client) float64 {
	t.Helper()
	var m dto.Metric
	if err := c.refusals.refusing.WithLabelValues("demo").Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetGauge().GetValue()
}
