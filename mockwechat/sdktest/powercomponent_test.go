//go:build !short

package sdktest

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/ArtisanCloud/PowerLibs/v3/cache"
	"github.com/ArtisanCloud/PowerWeChat/v3/src/openPlatform"
	official "github.com/ArtisanCloud/PowerWeChat/v3/src/openPlatform/authorizer/officialAccount"
	openplatform "github.com/ArtisanCloud/PowerWeChat/v3/src/openPlatform/server/callbacks"
)

// powerComponent are the calls of a third-party platform. Lent tokens and logins go to the hosts
// that the SDK has built in.
func powerComponent(t *testing.T, m *mock) []step {
	t.Helper()
	app, err := openPlatform.NewOpenPlatform(&openPlatform.UserConfig{
		AppID: componentID, Secret: componentSecret, Token: componentToken, AESKey: aesKey,
		Cache: cache.NewMemCache("", time.Hour, ""), Log: openPlatform.Log{Level: "error", File: os.DevNull, Error: os.DevNull},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	var preAuth, refresh string
	var lent *official.Application
	return []step{
		{"/cgi-bin/component/api_component_token", func() error {
			m.handler = powerNotices(t, app)
			m.ask(http.MethodPost, "/control/component/ticket", map[string]any{})
			got, err := app.AccessToken.GetToken(ctx, true)
			return errors.Join(err, want(got != nil && got.ComponentAccessToken != "", got))
		}},
		{"/cgi-bin/component/api_create_preauthcode", func() error {
			got, err := app.Base.CreatePreAuthorizationCode(ctx)
			if err == nil {
				preAuth = got.PreAuthCode
			}
			return judged(got, err)
		}},
		{"/cgi-bin/component/api_query_auth", func() error {
			code, err := m.agree("https://mp.weixin.qq.com/cgi-bin/componentloginpage?component_appid=" + componentID + "&pre_auth_code=" + preAuth + "&redirect_uri=" + componentBack)
			if err != nil {
				return err
			}
			got, err := app.Base.HandleAuthorize(ctx, code)
			if err == nil && got.AuthorizationInfo != nil {
				refresh = got.AuthorizationInfo.AuthorizerRefreshToken
			}
			return errors.Join(judged(got, err), want(got != nil && got.AuthorizationInfo != nil && got.AuthorizationInfo.AuthorizerAppid == appID, got))
		}},
		{"/cgi-bin/component/api_authorizer_token", func() error {
			lent, err = app.OfficialAccount(appID, refresh, nil)
			if err != nil {
				return err
			}
			got, err := lent.AccessToken.GetToken(ctx, true)
			return judged(got, err)
		}},
		{"/sns/oauth2/component/access_token", func() error { return powerLogin(m, lent.OAuth, m.followers(1)[0]) }},
		{"/cgi-bin/component/clear_quota", func() error { got, err := app.Base.ClearQuota(ctx); return judged(got, err) }},
		{"/cgi-bin/component/api_get_authorizer_info", func() error {
			got, err := app.Base.GetAuthorizer(ctx, appID)
			return errors.Join(judged(got, err), want(got != nil && got.AuthorizerInfo != nil && got.AuthorizerInfo.NickName == account, got))
		}},
		{"/cgi-bin/component/api_get_authorizer_list", func() error { got, err := app.Base.GetAuthorizers(ctx, 0, 10); return judged(got, err) }},
		{"/cgi-bin/component/api_set_authorizer_option", func() error {
			got, err := app.Base.SetAuthorizerOption(ctx, appID, "voice_recognize", "1")
			return judged(got, err)
		}},
		{"/cgi-bin/component/api_get_authorizer_option", func() error {
			got, err := app.Base.GetAuthorizerOption(ctx, appID, "voice_recognize")
			defer m.ask(http.MethodPost, "/control/component/unauthorize", map[string]any{"account": account})
			return judged(got, err)
		}},
	}
}

// powerNotices keeps the ticket, as the SDK's manual has it.
func powerNotices(t *testing.T, app *openPlatform.OpenPlatform) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, err := app.Server.Notify(r, func(_ *openplatform.Callback, plain []byte, info string) any {
			if info == "component_verify_ticket" {
				var n struct{ ComponentVerifyTicket string }
				if err := xml.Unmarshal(plain, &n); err != nil {
					t.Error(err)
				}
				if err := app.VerifyTicket.SetTicket(n.ComponentVerifyTicket); err != nil {
					t.Error(err)
				}
			}
			return "success"
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(answer.StatusCode)
		_, _ = io.Copy(w, answer.Body)
	})
}
