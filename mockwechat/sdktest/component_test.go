package sdktest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/silenceper/wechat/v2/officialaccount/message"
	"github.com/silenceper/wechat/v2/openplatform"
	opconfig "github.com/silenceper/wechat/v2/openplatform/config"
)

// The third-party platform, which the account gives rights to.
const (
	componentName   = "agency"
	componentID     = "wxfedcba9876543210"
	componentSecret = "fedcba9876543210fedcba9876543210"
	componentToken  = "agency"
	componentBack   = "https://agency.example/back"
)

// component is the third-party platform as the accounts file has it.
func (m *mock) component() map[string]any {
	return map[string]any{
		"name": componentName, "app_id": componentID, "secret": componentSecret, "token": componentToken, "encoding_aes_key": aesKey,
		"callback_url": m.callback.URL + "/notices", "component": map[string]any{"message_url": m.callback.URL + "/$APPID$"},
	}
}

// agree goes the way of an administrator's browser through the page of authorisation.
func (m *mock) agree(address string) (code string, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Get(m.api + u.Path + "?" + u.RawQuery + "&_appid=" + appID)
	if err != nil {
		return "", err
	}
	_ = resp.Body.Close()
	to, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || to.Query().Get("auth_code") == "" {
		return "", fmt.Errorf("authorisation: %s, %w", resp.Status, err)
	}
	return to.Query().Get("auth_code"), nil
}

// silenceperComponent are the calls of a third-party platform.
func silenceperComponent(m *mock) []step {
	wc, _ := silenceper()
	op := wc.GetOpenPlatform(&opconfig.Config{AppID: componentID, AppSecret: componentSecret, Token: componentToken, EncodingAESKey: aesKey})
	var ticket, page, refresh string
	notices := silenceperNotices(op, &ticket)
	return []step{
		{"/cgi-bin/component/api_component_token", func() error {
			m.handler = notices
			m.ask(http.MethodPost, "/control/component/ticket", map[string]any{})
			got, err := op.SetComponentAccessToken(context.Background(), ticket)
			return errors.Join(err, want(got != nil && got.ExpiresIn == 7200, got))
		}},
		{"/cgi-bin/component/api_create_preauthcode", func() (err error) {
			page, err = op.GetComponentLoginPage(componentBack, 3, "")
			return err
		}},
		{"/cgi-bin/component/api_query_auth", func() error {
			code, err := m.agree(page)
			if err != nil {
				return err
			}
			got, err := op.QueryAuthCode(code)
			if err == nil {
				refresh = got.RefreshToken
			}
			return errors.Join(err, want(got != nil && got.Appid == appID && len(got.FuncInfo) > 3, got))
		}},
		{"/cgi-bin/component/api_authorizer_token", func() error {
			got, err := op.RefreshAuthrToken(appID, refresh)
			if err != nil {
				return err
			}
			_, err = op.GetOfficialAccount(appID).GetBasic().GetCallbackIP()
			return errors.Join(err, want(got.RefreshToken == refresh, got))
		}},
		{"/sns/oauth2/component/access_token", func() error {
			login := op.GetOfficialAccount(appID).PlatformOauth()
			address, err := login.GetRedirectURL(componentBack, "snsapi_userinfo", "S", appID)
			if err != nil {
				return err
			}
			own, err := op.GetComponentAccessToken()
			if err != nil {
				return err
			}
			fan := m.followers(1)[0]
			got, err := login.GetUserAccessToken(m.code(address, fan), appID, own)
			return errors.Join(err, want(got.OpenID == fan && got.RefreshToken != "", got))
		}},
		{"/cgi-bin/getcallbackip", func() error {
			defer m.ask(http.MethodPost, "/control/component/unauthorize", map[string]any{"account": account})
			seen, ok := m.push(map[string]any{"openid": m.followers(1)[0], "content": "流量"})
			_, err := op.GetOfficialAccount(appID).GetBasic().GetCallbackIP()
			return errors.Join(err, want(ok && strings.Contains(seen, "收到流量"), seen))
		}},
	}
}

// silenceperNotices takes the notices, and answers messages, under the third-party platform's keys.
func silenceperNotices(op *openplatform.OpenPlatform, ticket *string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server := op.GetServer(r, w)
		notice := false
		server.SetMessageHandler(func(in *message.MixMessage) *message.Reply {
			if notice = in.InfoType != ""; notice {
				if in.InfoType == message.InfoTypeVerifyTicket {
					*ticket = in.ComponentVerifyTicket
				}
				return nil
			}
			return &message.Reply{MsgType: message.MsgTypeText, MsgData: message.NewText("收到" + in.Content)}
		})
		if err := server.Serve(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		if notice {
			_, _ = io.WriteString(w, "success")
			return
		}
		_ = server.Send()
	})
}
