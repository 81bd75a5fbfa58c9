package wechatapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

const (
	pathUser      = "/cgi-bin/user/info"
	pathUsers     = "/cgi-bin/user/info/batchget"
	pathFollowers = "/cgi-bin/user/get"
)

// MaxFollowerBatch is how many followers FetchFollowers may ask for.
const MaxFollowerBatch = 100

// Follower is what the platform tells an account of one follower. Since 2021-12-27 it tells
// neither nickname nor picture here: they come by a login (FetchWebUser).
type Follower struct {
	OpenID  string `json:"openid"`
	UnionID string `json:"unionid"`
	// Subscribe is 1 for a follower; of others the platform tells the openid alone.
	Subscribe int    `json:"subscribe"`
	Nickname  string `json:"nickname"`
	Picture   string `json:"headimgurl"`
	Language  string `json:"language"`
	Remark    string `json:"remark"`
	// SubscribedAt is in seconds since 1970.
	SubscribedAt int64 `json:"subscribe_time"`
	// Way is how the follower came, such as ADD_SCENE_QR_CODE. The scene of a QR code is a
	// number or a text.
	Way       string `json:"subscribe_scene"`
	Scene     int64  `json:"qr_scene"`
	SceneText string `json:"qr_scene_str"`
}

// FollowerPage is a part of the list of an account's followers.
type FollowerPage struct {
	// Total is how many followers the account has.
	Total   int
	OpenIDs []string
	// Next is the openid to go on behind; "" at the end.
	Next string
}

// FetchFollower asks about one follower of an account. It may be repeated.
func (c *Client) FetchFollower(ctx context.Context, account, openid string) (Follower, error) {
	var answer Follower
	err := c.withToken(ctx, account, pathUser, func(token, secret string) error {
		query := url.Values{"access_token": {token}, "openid": {openid}, "lang": {"zh_CN"}}
		return c.call(ctx, http.MethodGet, pathUser, query, nil, &answer, token, secret)
	})
	if err == nil && answer.OpenID != openid {
		err = errors.New(pathUser + ": the answer is about another follower")
	}
	if err != nil {
		return Follower{}, err
	}
	return answer, nil
}

// FetchFollowers asks about up to MaxFollowerBatch followers of an account. It may be repeated.
func (c *Client) FetchFollowers(ctx context.Context, account string, openids []string) ([]Follower, error) {
	type one struct {
		OpenID string `json:"openid"`
		Lang   string `json:"lang"`
	}
	list := make([]one, 0, len(openids))
	for _, id := range openids {
		list = append(list, one{id, "zh_CN"})
	}
	var answer struct {
		List []Follower `json:"user_info_list"`
	}
	err := c.withToken(ctx, account, pathUsers, func(token, secret string) error {
		return c.post(ctx, pathUsers, url.Values{"access_token": {token}}, map[string]any{"user_list": list}, &answer, token, secret)
	})
	if err == nil && len(answer.List) != len(openids) {
		err = fmt.Errorf("%s: asked about %d followers, answered about %d", pathUsers, len(openids), len(answer.List))
	}
	if err != nil {
		return nil, err
	}
	return answer.List, nil
}

// ListFollowers returns the part of an account's followers behind one of them, "" for the
// first part. The platform allows 500 calls a day and returns up to 10 000 followers each.
func (c *Client) ListFollowers(ctx context.Context, account, after string) (FollowerPage, error) {
	var answer struct {
		Total int `json:"total"`
		Data  struct {
			OpenIDs []string `json:"openid"`
		} `json:"data"`
		Next string `json:"next_openid"`
	}
	err := c.withToken(ctx, account, pathFollowers, func(token, secret string) error {
		query := url.Values{"access_token": {token}}
		if after != "" {
			query.Set("next_openid", after)
		}
		return c.call(ctx, http.MethodGet, pathFollowers, query, nil, &answer, token, secret)
	})
	if err != nil {
		return FollowerPage{}, err
	}
	return FollowerPage{Total: answer.Total, OpenIDs: answer.Data.OpenIDs, Next: answer.Next}, nil
}
