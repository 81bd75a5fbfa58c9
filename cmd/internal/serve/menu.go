package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// The platform's limits of a menu.
const (
	maxSubs    = 5
	maxSubName = 60 // bytes
)

type button struct {
	Type string   `json:"type,omitempty"`
	Name string   `json:"name"`
	Key  string   `json:"key,omitempty"`
	Sub  []button `json:"sub_button,omitempty"`
}

// menu has a button for what has a menu key, queries, orders and levels apart. What a menu has no
// room for is left out.
func (s seed) menu() (tops []button) {
	for _, top := range []struct{ kind, name string }{{"query", "查询"}, {"order", "办理"}, {"menu", "更多"}} {
		var subs []button
		for _, b := range s.Business {
			if b.Kind == top.kind && b.MenuKey != "" && len(b.Name) <= maxSubName && len(subs) < maxSubs {
				subs = append(subs, button{Type: "click", Name: b.Name, Key: b.MenuKey})
			}
		}
		if len(subs) > 0 {
			tops = append(tops, button{Name: top.name, Sub: subs})
		}
	}
	return tops
}

// setMenu gives the account the menu of a seed, by the platform's own APIs: the server does
// not do so by itself yet.
func (s *stand) setMenu(ctx context.Context, of seed) error {
	var token struct {
		AccessToken string `json:"access_token"`
	}
	err := s.call(ctx, "/cgi-bin/stable_token", map[string]string{
		"grant_type": "client_credential", "appid": s.account.AppID, "secret": s.account.Secret,
	}, &token)
	if err != nil {
		return err
	}
	query := "?access_token=" + url.QueryEscape(token.AccessToken)
	tops := of.menu()
	if len(tops) == 0 {
		return s.call(ctx, "/cgi-bin/menu/delete"+query, struct{}{}, nil)
	}
	return s.call(ctx, "/cgi-bin/menu/create"+query, map[string]any{"button": tops}, nil)
}

// call posts to an API of the platform and reads the answer, if it says that it went well.
func (s *stand) call(ctx context.Context, path string, body, into any) error {
	name, _, _ := bytes.Cut([]byte(path), []byte("?")) // without the token
	content, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.platform.Addr()+path, bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	r.Header.Set("Content-Type", "application/json")
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer resp.Body.Close()
	var answer json.RawMessage
	var state struct {
		ErrCode int    `json:"errcode"`
		ErrMsg  string `json:"errmsg"`
	}
	err = json.NewDecoder(resp.Body).Decode(&answer)
	if err == nil {
		err = json.Unmarshal(answer, &state)
	}
	switch {
	case err != nil:
		return fmt.Errorf("%s: %s: %w", name, resp.Status, err)
	case state.ErrCode != 0:
		return fmt.Errorf("%s: errcode %d: %s", name, state.ErrCode, state.ErrMsg)
	case into != nil:
		return json.Unmarshal(answer, into)
	}
	return nil
}
