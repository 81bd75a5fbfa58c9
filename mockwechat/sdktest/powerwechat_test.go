//go:build !short

package sdktest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/ArtisanCloud/PowerLibs/v3/object"
	"github.com/ArtisanCloud/PowerSocialite/v3/src/providers"
	"github.com/ArtisanCloud/PowerWeChat/v3/src/kernel/contract"
	"github.com/ArtisanCloud/PowerWeChat/v3/src/kernel/messages"
	"github.com/ArtisanCloud/PowerWeChat/v3/src/kernel/power"
	"github.com/ArtisanCloud/PowerWeChat/v3/src/miniProgram"
	"github.com/ArtisanCloud/PowerWeChat/v3/src/officialAccount"
	mass "github.com/ArtisanCloud/PowerWeChat/v3/src/officialAccount/broadcasting/request"
	talk "github.com/ArtisanCloud/PowerWeChat/v3/src/officialAccount/customerService/request"
	files "github.com/ArtisanCloud/PowerWeChat/v3/src/officialAccount/material/request"
	menu "github.com/ArtisanCloud/PowerWeChat/v3/src/officialAccount/menu/request"
	publish "github.com/ArtisanCloud/PowerWeChat/v3/src/officialAccount/publish/request"
	template "github.com/ArtisanCloud/PowerWeChat/v3/src/officialAccount/templateMessage/request"
	user "github.com/ArtisanCloud/PowerWeChat/v3/src/officialAccount/user/request"
)

func powerWeChat(t *testing.T, base string, stable bool) *officialAccount.OfficialAccount {
	t.Helper()
	app, err := officialAccount.NewOfficialAccount(&officialAccount.UserConfig{
		AppID: appID, Secret: secret, Token: token, AESKey: aesKey, StableTokenMode: stable,
		Http: officialAccount.Http{BaseURI: base + "/"}, Log: officialAccount.Log{Level: "error", File: os.DevNull, Error: os.DevNull},
	})
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// judged is the error of a call: the SDK returns answers with a code and no error.
func judged(answer any, err error) error {
	if err != nil {
		return err
	}
	b, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	var said struct {
		Code int `json:"errcode"`
	}
	if json.Unmarshal(b, &said); said.Code != 0 {
		return fmt.Errorf("answer %s", b)
	}
	return nil
}

func powerSteps(t *testing.T, m *mock) []step {
	app := powerWeChat(t, m.api, true)
	ctx := context.Background()
	fans := m.followers(3)
	jpg := picture(t, "a.jpg")
	var tagID int
	var image, material, draftID, templateID, massID, shortKey string
	var menuID int
	var publishID uint64
	tagText := func() string { return fmt.Sprint(tagID) }
	return []step{
		{"/cgi-bin/stable_token", func() error { r, err := app.AccessToken.GetToken(ctx, false); return judged(r, err) }},
		{"/cgi-bin/token", func() error {
			r, err := powerWeChat(t, m.api, false).AccessToken.GetToken(ctx, true)
			return judged(r, err)
		}},
		{"/cgi-bin/getcallbackip", func() error { r, err := app.Base.GetCallbackIP(ctx); return judged(r, err) }},
		{"/cgi-bin/ticket/getticket", func() error { r, err := app.JSSDK.GetTicket(ctx, false, "jsapi"); return judged(r, err) }},
		{"/cgi-bin/user/get", func() error {
			r, err := app.User.List(ctx, "")
			return errors.Join(judged(r, err), want(r != nil && r.Total == 1000, r))
		}},
		{"/cgi-bin/user/info", func() error { r, err := app.User.Get(ctx, fans[0], "zh_CN"); return judged(r, err) }},
		{"/cgi-bin/user/info/batchget", func() error {
			r, err := app.User.BatchGet(ctx, &user.RequestBatchGetUserInfo{UserList: []*user.UserList{{Openid: fans[0]}}})
			return judged(r, err)
		}},
		{"/cgi-bin/user/info/updateremark", func() error { r, err := app.User.Remark(ctx, fans[0], "老客户"); return judged(r, err) }},
		{"/cgi-bin/tags/create", func() error {
			r, err := app.UserTag.Create(ctx, "广东")
			if err == nil && r.Tag != nil {
				tagID = r.Tag.ID
			}
			return judged(r, err)
		}},
		{"/cgi-bin/tags/get", func() error {
			r, err := app.UserTag.List(ctx)
			return errors.Join(judged(r, err), want(r != nil && len(r.Tags) == 1, r))
		}},
		{"/cgi-bin/tags/update", func() error { r, err := app.UserTag.Update(ctx, tagText(), "广州"); return judged(r, err) }},
		{"/cgi-bin/tags/members/batchtagging", func() error { r, err := app.UserTag.TagUsers(ctx, fans[:2], tagID); return judged(r, err) }},
		{"/cgi-bin/user/tag/get", func() error {
			r, err := app.UserTag.UsersOfTag(ctx, tagText(), "")
			return errors.Join(judged(r, err), want(r != nil && r.Count == 2, r))
		}},
		{"/cgi-bin/tags/getidlist", func() error { r, err := app.UserTag.UserTags(ctx, fans[0]); return judged(r, err) }},
		{"/cgi-bin/tags/members/batchuntagging", func() error { r, err := app.UserTag.UntagUsers(ctx, fans[:2], tagID); return judged(r, err) }},
		{"/cgi-bin/tags/delete", func() error { r, err := app.UserTag.Delete(ctx, tagText()); return judged(r, err) }},
		{"/cgi-bin/tags/members/batchblacklist", func() error { r, err := app.User.Block(ctx, fans[:1]); return judged(r, err) }},
		{"/cgi-bin/tags/members/getblacklist", func() error { r, err := app.User.Blacklist(ctx, ""); return judged(r, err) }},
		{"/cgi-bin/tags/members/batchunblacklist", func() error { r, err := app.User.Unblock(ctx, fans[:1]); return judged(r, err) }},
		{"/cgi-bin/menu/create", func() error {
			r, err := app.Menu.Create(ctx, []*menu.Button{{Type: "click", Name: "查询", Key: "Q"}, {Name: "更多", SubButtons: []menu.SubButton{{Type: "view", Name: "营业厅", URL: "http://oa.example/"}}}})
			return judged(r, err)
		}},
		{"/cgi-bin/menu/get", func() error { r, err := app.Menu.Get(ctx); return judged(r, err) }},
		{"/cgi-bin/menu/addconditional", func() error {
			r, err := app.Menu.CreateConditional(ctx, []*menu.Button{{Type: "click", Name: "贵宾", Key: "V"}}, &menu.RequestMatchRule{ClientPlatformType: "1"})
			if err == nil {
				menuID, err = strconv.Atoi(r.MenuID)
			}
			return judged(r, err)
		}},
		{"/cgi-bin/menu/trymatch", func() error { r, err := app.Menu.TryMatch(ctx, fans[0]); return judged(r, err) }},
		{"/cgi-bin/get_current_selfmenu_info", func() error { r, err := app.Menu.CurrentSelfMenu(ctx); return judged(r, err) }},
		{"/cgi-bin/menu/delconditional", func() error { r, err := app.Menu.DeleteConditional(ctx, menuID); return judged(r, err) }},
		{"/cgi-bin/menu/delete", func() error { r, err := app.Menu.Delete(ctx); return judged(r, err) }},
		{"/cgi-bin/template/api_set_industry", func() error { r, err := app.TemplateMessage.SetIndustry(ctx, "1", "4", nil); return judged(r, err) }},
		{"/cgi-bin/template/get_industry", func() error { r, err := app.TemplateMessage.GetIndustry(ctx); return judged(r, err) }},
		{"/cgi-bin/template/api_add_template", func() error {
			r, err := app.TemplateMessage.AddTemplate(ctx, "TM00015", []string{"业务"})
			if err == nil {
				templateID = r.TemplateId
			}
			return judged(r, err)
		}},
		{"/cgi-bin/template/get_all_private_template", func() error { r, err := app.TemplateMessage.GetPrivateTemplates(ctx); return judged(r, err) }},
		{"/cgi-bin/message/template/send", func() error {
			r, err := app.TemplateMessage.Send(ctx, &template.RequestTemlateMessage{ToUser: fans[0], TemplateID: templateID, Data: &power.HashMap{"keyword1": power.HashMap{"value": "流量包"}}})
			return judged(r, err)
		}},
		{"/cgi-bin/template/del_private_template", func() error {
			r, err := app.TemplateMessage.DeletePrivateTemplate(ctx, templateID)
			return judged(r, err)
		}},
		{"/cgi-bin/media/upload", func() error {
			r, err := app.Media.UploadImage(ctx, jpg)
			if err == nil {
				image = r.MediaID
			}
			return judged(r, err)
		}},
		{"/cgi-bin/media/get", func() error {
			r, err := app.Media.Get(ctx, image)
			if err != nil {
				return err
			}
			defer func() { _ = r.Body.Close() }()
			b, err := io.ReadAll(r.Body)
			return errors.Join(err, want(len(b) > 4 && b[0] == 0xff, string(b)))
		}},
		{"/cgi-bin/media/uploadimg", func() error { r, err := app.Material.UploadArticleImage(ctx, jpg); return judged(r, err) }},
		{"/cgi-bin/material/add_material", func() error {
			r, err := app.Material.UploadImage(ctx, jpg)
			if err == nil {
				material = r.MediaID
			}
			return judged(r, err)
		}},
		{"/cgi-bin/material/get_material", func() error {
			r, err := app.Material.Get(ctx, material)
			if err != nil {
				return err
			}
			defer func() { _ = r.Body.Close() }()
			b, err := io.ReadAll(r.Body)
			return errors.Join(err, want(len(b) > 4 && b[0] == 0xff, string(b)))
		}},
		{"/cgi-bin/material/get_materialcount", func() error { r, err := app.Material.Stats(ctx); return judged(r, err) }},
		{"/cgi-bin/material/batchget_material", func() error {
			r, err := app.Material.List(ctx, &files.RequestMaterialBatchGetMaterial{Type: "image", Offset: 0, Count: 20})
			return judged(r, err)
		}},
		{"/cgi-bin/draft/add", func() error {
			r, err := app.Publish.DraftAdd(ctx, &publish.RequestDraftAdd{Articles: []*publish.Article{{Title: "标题", Content: "正文", ThumbMediaId: material}}})
			if err == nil {
				draftID = r.MediaID
			}
			return judged(r, err)
		}},
		{"/cgi-bin/draft/get", func() error {
			r, err := app.Publish.DraftGet(ctx, draftID)
			return errors.Join(judged(r, err), want(r != nil && len(r.NewsItem) == 1, r))
		}},
		{"/cgi-bin/draft/count", func() error {
			r, err := app.Publish.DraftCount(ctx)
			return errors.Join(judged(r, err), want(r != nil && r.TotalCount == 1, r))
		}},
		{"/cgi-bin/freepublish/submit", func() error {
			r, err := app.Publish.PublishSubmit(ctx, draftID)
			if err == nil {
				publishID = r.PublishId
			}
			return judged(r, err)
		}},
		{"/cgi-bin/freepublish/get", func() error { r, err := app.Publish.PublishGet(ctx, publishID); return judged(r, err) }},
		{"/cgi-bin/draft/delete", func() error {
			r, err := app.Publish.DraftAdd(ctx, &publish.RequestDraftAdd{Articles: []*publish.Article{{Title: "废稿", Content: "正文", ThumbMediaId: material}}})
			if err = judged(r, err); err != nil {
				return err
			}
			gone, err := app.Publish.DraftDelete(ctx, r.MediaID)
			return judged(gone, err)
		}},
		{"/cgi-bin/material/del_material", func() error { r, err := app.Material.Delete(ctx, material); return judged(r, err) }},
		{"/cgi-bin/message/custom/send", func() error {
			m.push(map[string]any{"openid": fans[0], "content": "你好"})
			r, err := app.CustomerService.Message(ctx, messages.NewText("您好")).SetTo(fans[0]).Send(ctx)
			return judged(r, err)
		}},
		{"/cgi-bin/message/custom/typing", func() error {
			r, err := app.CustomerService.ShowTypingStatusToUser(ctx, fans[0])
			return judged(r, err)
		}},
		{"/customservice/kfaccount/add", func() error { r, err := app.CustomerService.Create(ctx, "kf1@demo", "客服"); return judged(r, err) }},
		{"/customservice/kfaccount/update", func() error { r, err := app.CustomerService.Update(ctx, "kf1@demo", "小王"); return judged(r, err) }},
		{"/customservice/kfaccount/uploadheadimg", func() error { r, err := app.CustomerService.SetAvatar(ctx, "kf1@demo", jpg); return judged(r, err) }},
		{"/customservice/kfaccount/inviteworker", func() error { r, err := app.CustomerService.Invite(ctx, "kf1@demo", "wang"); return judged(r, err) }},
		{"/cgi-bin/customservice/getkflist", func() error { r, err := app.CustomerService.List(ctx); return judged(r, err) }},
		{"/cgi-bin/customservice/getonlinekflist", func() error { r, err := app.CustomerService.Online(ctx); return judged(r, err) }},
		{"/customservice/kfsession/create", func() error {
			r, err := app.CustomerServiceSession.Create(ctx, "kf1@demo", fans[0])
			return judged(r, err)
		}},
		{"/customservice/kfsession/getsession", func() error { r, err := app.CustomerServiceSession.Get(ctx, fans[0]); return judged(r, err) }},
		{"/customservice/kfsession/getsessionlist", func() error { r, err := app.CustomerServiceSession.List(ctx, "kf1@demo"); return judged(r, err) }},
		{"/customservice/kfsession/getwaitcase", func() error { r, err := app.CustomerServiceSession.Waiting(ctx); return judged(r, err) }},
		{"/customservice/kfsession/close", func() error {
			r, err := app.CustomerServiceSession.Close(ctx, "kf1@demo", fans[0])
			return judged(r, err)
		}},
		{"/customservice/msgrecord/getmsglist", func() error {
			r, err := app.CustomerService.Messages(ctx, &talk.RequestMessages{StartTime: 1, EndTime: 60, MsgID: 1, Number: 10})
			return judged(r, err)
		}},
		{"/customservice/kfaccount/del", func() error { r, err := app.CustomerService.Delete(ctx, "kf1@demo"); return judged(r, err) }},
		{"/cgi-bin/message/mass/sendall", func() error {
			r, err := app.Broadcasting.SendText(ctx, "通知", &mass.Reception{Filter: &mass.Filter{IsToAll: true}}, &power.HashMap{})
			if b, e := json.Marshal(r); e == nil {
				var said struct {
					ID json.Number `json:"msg_id"`
				}
				_ = json.Unmarshal(b, &said)
				massID = said.ID.String()
			}
			return judged(r, err)
		}},
		{"/cgi-bin/message/mass/send", func() error {
			r, err := app.Broadcasting.SendText(ctx, "通知", &mass.Reception{ToUser: fans[:2]}, &power.HashMap{})
			return judged(r, err)
		}},
		{"/cgi-bin/message/mass/preview", func() error {
			r, err := app.Broadcasting.Preview(ctx, &object.HashMap{"touser": fans[0], "msgtype": "text", "text": object.HashMap{"content": "通知"}})
			return judged(r, err)
		}},
		{"/cgi-bin/message/mass/get", func() error { r, err := app.Broadcasting.Status(ctx, massID); return judged(r, err) }},
		{"/cgi-bin/message/mass/delete", func() error { r, err := app.Broadcasting.Delete(ctx, massID, 0); return judged(r, err) }},
		{"/cgi-bin/qrcode/create", func() error { r, err := app.QRCode.Temporary(ctx, "活动1", 3600); return judged(r, err) }},
		{"/cgi-bin/shorten/gen", func() error {
			r, err := app.URL.ShortGenKey(ctx, "http://oa.example/", 3600)
			if err == nil {
				shortKey = r.ShortKey
			}
			return judged(r, err)
		}},
		{"/cgi-bin/shorten/fetch", func() error { r, err := app.URL.FetchShorten(ctx, shortKey); return judged(r, err) }},
		{"/cgi-bin/showqrcode", func() error {
			r, err := app.QRCode.Temporary(ctx, "活动2", 3600)
			if err != nil {
				return err
			}
			resp, err := http.Get(app.QRCode.URL(r.Ticket))
			if err != nil {
				return err
			}
			defer func() { _ = resp.Body.Close() }()
			return want(strings.HasPrefix(resp.Header.Get("Content-Type"), "image/"), resp.Header)
		}},
		{"/sns/oauth2/access_token", func() error { return powerLogin(m, app.OAuth, fans[0]) }},
		{"/sns/userinfo", func() error { return powerLogin(m, app.OAuth, fans[1]) }},
		{"/sns/jscode2session", func() error {
			var got struct{ Code string }
			if err := json.Unmarshal(m.ask(http.MethodPost, "/control/login-code", map[string]any{"openid": fans[1]}), &got); err != nil {
				return err
			}
			mini, err := miniProgram.NewMiniProgram(&miniProgram.UserConfig{
				AppID: appID, Secret: secret, Http: miniProgram.Http{BaseURI: m.api + "/"}, Log: miniProgram.Log{Level: "error", File: os.DevNull, Error: os.DevNull},
			})
			if err != nil {
				return err
			}
			r, err := mini.Auth.Session(ctx, got.Code)
			return errors.Join(judged(r, err), want(r != nil && r.OpenID == fans[1] && r.SessionKey != "", r))
		}},
		{"/cgi-bin/clear_quota", func() error { r, err := app.Base.ClearQuota(ctx); return judged(r, err) }},
	}
}

// powerLogin logs a follower in and reads the profile. The SDK has the hosts of the login built in.
func powerLogin(m *mock, login *providers.WeChat, fan string) error {
	login.SetScopes([]string{"snsapi_userinfo"})
	address, err := login.Redirect("https://agency.example/back")
	if err != nil {
		return err
	}
	u, err := login.UserFromCode(m.code(address, fan))
	return errors.Join(err, want(u != nil && u.GetOpenID() == fan && u.GetNickname() != "", u))
}

// powerCallback serves the account's callback with the SDK.
func powerCallback(t *testing.T) http.Handler {
	app := powerWeChat(t, "http://127.0.0.1:1", true)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, err := app.Server.Notify(r, func(event contract.EventInterface) any {
			text := struct {
				Content string `xml:"Content"`
			}{}
			if err := event.ReadMessage(&text); err != nil {
				return err.Error()
			}
			return messages.NewText("收到" + text.Content)
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		defer func() { _ = answer.Body.Close() }()
		w.WriteHeader(answer.StatusCode)
		_, _ = io.Copy(w, answer.Body)
	})
}
