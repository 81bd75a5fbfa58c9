package sdktest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/silenceper/wechat/v2"
	"github.com/silenceper/wechat/v2/cache"
	"github.com/silenceper/wechat/v2/credential"
	"github.com/silenceper/wechat/v2/domain/openapi"
	mini "github.com/silenceper/wechat/v2/miniprogram/config"
	"github.com/silenceper/wechat/v2/officialaccount"
	"github.com/silenceper/wechat/v2/officialaccount/basic"
	"github.com/silenceper/wechat/v2/officialaccount/broadcast"
	"github.com/silenceper/wechat/v2/officialaccount/config"
	"github.com/silenceper/wechat/v2/officialaccount/customerservice"
	"github.com/silenceper/wechat/v2/officialaccount/draft"
	"github.com/silenceper/wechat/v2/officialaccount/material"
	"github.com/silenceper/wechat/v2/officialaccount/menu"
	"github.com/silenceper/wechat/v2/officialaccount/message"
	"github.com/silenceper/wechat/v2/officialaccount/user"
	"github.com/silenceper/wechat/v2/util"
)

func silenceper() (*wechat.Wechat, *officialaccount.OfficialAccount) {
	wc := wechat.NewWechat()
	wc.SetCache(cache.NewMemory())
	return wc, wc.GetOfficialAccount(&config.Config{AppID: appID, AppSecret: secret, Token: token, EncodingAESKey: aesKey})
}

// want says that a value is not what it should be.
func want(ok bool, got any) error {
	if ok {
		return nil
	}
	return fmt.Errorf("got %+v", got)
}

func picture(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte("\xff\xd8\xff\xe0 picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func silenceperSteps(t *testing.T, m *mock) []step {
	wc, oa := silenceper()
	fans := m.followers(3)
	jpg := picture(t, "a.jpg")
	var tagID int32
	var menuID int64
	var template, image, thumb, draftID string
	var massID int64
	var publishID int64
	var code *basic.Ticket
	login := struct{ access, refresh string }{}
	users := oa.GetUser()
	service := oa.GetCustomerServiceManager()
	oauth := oa.GetOauth()
	files := oa.GetMaterial()
	return []step{
		{"/cgi-bin/token", func() error { _, err := oa.GetAccessToken(); return err }},
		{"/cgi-bin/stable_token", func() error {
			_, err := credential.NewStableAccessToken(appID, secret, credential.CacheKeyOfficialAccountPrefix, cache.NewMemory()).GetAccessTokenContext(context.Background())
			return err
		}},
		{"/cgi-bin/getcallbackip", func() error { _, err := oa.GetBasic().GetCallbackIP(); return err }},
		{"/cgi-bin/get_api_domain_ip", func() error { _, err := oa.GetBasic().GetAPIDomainIP(); return err }},
		{"/cgi-bin/openapi/quota/get", func() error {
			q, err := oa.GetOpenAPI().GetAPIQuota(openapi.GetAPIQuotaParams{CgiPath: "/cgi-bin/user/get"})
			return errors.Join(err, want(q.Quota.DailyLimit == 500, q))
		}},
		{"/cgi-bin/ticket/getticket", func() error {
			c, err := oa.GetJs().GetConfig("http://oa.example/")
			return errors.Join(err, want(c != nil && len(c.Signature) == 40, c))
		}},
		{"/sns/oauth2/access_token", func() error {
			address, err := oauth.GetRedirectURL("http://oa.example/back", "snsapi_userinfo", "S")
			if err != nil {
				return err
			}
			r, err := oauth.GetUserAccessToken(m.code(address, fans[0]))
			login.access, login.refresh = r.AccessToken, r.RefreshToken
			return errors.Join(err, want(r.OpenID == fans[0], r))
		}},
		{"/sns/auth", func() error {
			ok, err := oauth.CheckAccessToken(login.access, fans[0])
			return errors.Join(err, want(ok, ok))
		}},
		{"/sns/userinfo", func() error {
			u, err := oauth.GetUserInfo(login.access, fans[0], "")
			return errors.Join(err, want(u.Nickname != "" && u.OpenID == fans[0], u))
		}},
		{"/sns/oauth2/refresh_token", func() error { _, err := oauth.RefreshAccessToken(login.refresh); return err }},
		{"/sns/jscode2session", func() error {
			var got struct{ Code string }
			if err := json.Unmarshal(m.ask(http.MethodPost, "/control/login-code", map[string]any{"openid": fans[1]}), &got); err != nil {
				return err
			}
			s, err := wc.GetMiniProgram(&mini.Config{AppID: appID, AppSecret: secret}).GetAuth().Code2SessionContext(context.Background(), got.Code)
			return errors.Join(err, want(s.OpenID == fans[1] && s.SessionKey != "", s))
		}},
		{"/cgi-bin/user/get", func() error {
			l, err := users.ListAllUserOpenIDs()
			return errors.Join(err, want(len(l) == 1000, len(l)))
		}},
		{"/cgi-bin/user/info", func() error {
			u, err := users.GetUserInfo(fans[0])
			return errors.Join(err, want(u != nil && u.Subscribe == 1, u))
		}},
		{"/cgi-bin/user/info/batchget", func() error {
			l, err := users.BatchGetUserInfo(user.BatchGetUserInfoParams{UserList: []user.BatchGetUserListItem{{OpenID: fans[0]}, {OpenID: fans[1]}}})
			return errors.Join(err, want(l != nil && len(l.UserInfoList) == 2, l))
		}},
		{"/cgi-bin/user/info/updateremark", func() error { return users.UpdateRemark(fans[0], "老客户") }},
		{"/cgi-bin/tags/create", func() error {
			tag, err := users.CreateTag("广东")
			if err == nil {
				tagID = tag.ID
			}
			return err
		}},
		{"/cgi-bin/tags/update", func() error { return users.UpdateTag(tagID, "广州") }},
		{"/cgi-bin/tags/members/batchtagging", func() error { return users.BatchTag(fans[:2], tagID) }},
		{"/cgi-bin/tags/get", func() error {
			l, err := users.GetTag()
			return errors.Join(err, want(len(l) == 1 && l[0].Count == 2, l))
		}},
		{"/cgi-bin/user/tag/get", func() error { l, err := users.OpenIDListByTag(tagID); return errors.Join(err, want(l.Count == 2, l)) }},
		{"/cgi-bin/tags/getidlist", func() error {
			l, err := users.UserTidList(fans[0])
			return errors.Join(err, want(len(l) == 1 && l[0] == tagID, l))
		}},
		{"/cgi-bin/tags/members/batchuntagging", func() error { return users.BatchUntag(fans[1:2], tagID) }},
		{"/cgi-bin/tags/delete", func() error {
			tag, err := users.CreateTag("海南")
			if err != nil {
				return err
			}
			return users.DeleteTag(tag.ID)
		}},
		{"/cgi-bin/tags/members/batchblacklist", func() error { return users.BatchBlackList(fans[2]) }},
		{"/cgi-bin/tags/members/getblacklist", func() error { l, err := users.GetAllBlackList(); return errors.Join(err, want(len(l) == 1, l)) }},
		{"/cgi-bin/tags/members/batchunblacklist", func() error { return users.BatchUnBlackList(fans[2]) }},
		{"/cgi-bin/menu/create", func() error {
			return oa.GetMenu().SetMenu([]*menu.Button{menu.NewClickButton("查询", "Q"), menu.NewSubButton("更多", []*menu.Button{menu.NewViewButton("营业厅", "http://oa.example/")})})
		}},
		{"/cgi-bin/menu/addconditional", func() error {
			return oa.GetMenu().AddConditional([]*menu.Button{menu.NewClickButton("贵宾", "V")}, &menu.MatchRule{GroupID: fmt.Sprint(tagID)})
		}},
		{"/cgi-bin/menu/get", func() error {
			r, err := oa.GetMenu().GetMenu()
			if err == nil && len(r.Conditionalmenu) == 1 {
				menuID = r.Conditionalmenu[0].MenuID
			}
			return errors.Join(err, want(len(r.Menu.Button) == 2 && menuID != 0, r))
		}},
		{"/cgi-bin/menu/trymatch", func() error {
			l, err := oa.GetMenu().MenuTryMatch(fans[0])
			return errors.Join(err, want(len(l) == 1 && l[0].Name == "贵宾", l))
		}},
		{"/cgi-bin/get_current_selfmenu_info", func() error {
			r, err := oa.GetMenu().GetCurrentSelfMenuInfo()
			return errors.Join(err, want(r.IsMenuOpen == 1, r))
		}},
		{"/cgi-bin/menu/delconditional", func() error { return oa.GetMenu().DeleteConditional(menuID) }},
		{"/cgi-bin/menu/delete", func() error { return oa.GetMenu().DeleteMenu() }},
		{"/cgi-bin/template/api_add_template", func() (err error) { template, err = oa.GetTemplate().Add("TM00015", []string{"业务"}); return err }},
		{"/cgi-bin/template/get_all_private_template", func() error { l, err := oa.GetTemplate().List(); return errors.Join(err, want(len(l) == 2, l)) }},
		{"/cgi-bin/message/template/send", func() error {
			id, err := oa.GetTemplate().Send(&message.TemplateMessage{ToUser: fans[0], TemplateID: template, Data: map[string]*message.TemplateDataItem{"keyword1": {Value: "流量包"}}})
			return errors.Join(err, want(id != 0, id))
		}},
		{"/cgi-bin/template/del_private_template", func() error { return oa.GetTemplate().Delete(template) }},
		{"/cgi-bin/media/upload", func() error {
			f, err := files.MediaUpload(material.MediaTypeImage, jpg)
			image = f.MediaID
			return errors.Join(err, want(image != "", f))
		}},
		{"/cgi-bin/media/get", func() error {
			address, err := files.GetMediaURL(image)
			if err != nil {
				return err
			}
			resp, err := util.DefaultHTTPClient.Get(address)
			if err != nil {
				return err
			}
			defer func() { _ = resp.Body.Close() }()
			var b bytes.Buffer
			_, err = b.ReadFrom(resp.Body)
			return errors.Join(err, want(bytes.HasPrefix(b.Bytes(), []byte("\xff\xd8")), b.String()))
		}},
		{"/cgi-bin/media/uploadimg", func() error { _, err := files.ImageUpload(jpg); return err }},
		{"/cgi-bin/material/add_material", func() (err error) { thumb, _, err = files.AddMaterial(material.MediaTypeImage, jpg); return err }},
		{"/cgi-bin/material/get_materialcount", func() error { c, err := files.GetMaterialCount(); return errors.Join(err, want(c.ImageCount == 1, c)) }},
		{"/cgi-bin/material/batchget_material", func() error {
			l, err := files.BatchGetMaterial(material.PermanentMaterialTypeImage, 0, 20)
			return errors.Join(err, want(l.TotalCount == 1, l))
		}},
		{"/cgi-bin/draft/add", func() (err error) {
			draftID, err = oa.GetDraft().AddDraft([]*draft.Article{{Title: "标题", Content: "正文", ThumbMediaID: thumb}})
			return err
		}},
		{"/cgi-bin/draft/get", func() error { l, err := oa.GetDraft().GetDraft(draftID); return errors.Join(err, want(len(l) == 1, l)) }},
		{"/cgi-bin/material/get_material", func() error {
			l, err := files.GetNews(draftID)
			return errors.Join(err, want(len(l) == 1 && l[0].Title == "标题", l))
		}},
		{"/cgi-bin/draft/delete", func() error {
			id, err := oa.GetDraft().AddDraft([]*draft.Article{{Title: "废稿", Content: "正文", ThumbMediaID: thumb}})
			if err != nil {
				return err
			}
			return oa.GetDraft().DeleteDraft(id)
		}},
		{"/cgi-bin/draft/count", func() error { n, err := oa.GetDraft().CountDraft(); return errors.Join(err, want(n == 1, n)) }},
		{"/cgi-bin/message/mass/sendall", func() error {
			r, err := oa.GetBroadcast().SendNews(nil, draftID, true)
			if err == nil {
				massID = r.MsgID
			}
			return err
		}},
		{"/cgi-bin/message/mass/send", func() error {
			_, err := oa.GetBroadcast().SendText(&broadcast.User{OpenID: fans[:2]}, "通知")
			return err
		}},
		{"/cgi-bin/message/mass/preview", func() error {
			_, err := oa.GetBroadcast().Preview().SendText(&broadcast.User{OpenID: fans[:1]}, "通知")
			return err
		}},
		{"/cgi-bin/message/mass/get", func() error {
			r, err := oa.GetBroadcast().GetMassStatus(fmt.Sprint(massID))
			return errors.Join(err, want(r != nil && r.MsgStatus == "SEND_SUCCESS", r))
		}},
		{"/cgi-bin/message/mass/speed/set", func() error { _, err := oa.GetBroadcast().SetSpeed(1); return err }},
		{"/cgi-bin/message/mass/speed/get", func() error {
			s, err := oa.GetBroadcast().GetSpeed()
			return errors.Join(err, want(s != nil && s.Speed == 1, s))
		}},
		{"/cgi-bin/message/mass/delete", func() error { return oa.GetBroadcast().Delete(massID, 0) }},
		{"/cgi-bin/freepublish/submit", func() (err error) { publishID, err = oa.GetFreePublish().Publish(draftID); return err }},
		{"/cgi-bin/freepublish/get", func() error { _, err := oa.GetFreePublish().SelectStatus(publishID); return err }},
		{"/cgi-bin/material/del_material", func() error { return files.DeleteMaterial(thumb) }},
		{"/cgi-bin/message/custom/send", func() error {
			m.push(map[string]any{"openid": fans[0], "content": "你好"})
			return errors.Join(
				oa.GetCustomerMessageManager().Send(message.NewCustomerTextMessage(fans[0], "您好")),
				oa.GetCustomerMessageManager().Send(message.NewCustomerImgMessage(fans[0], image)))
		}},
		{"/cgi-bin/message/custom/typing", func() error { return service.SendTypingStatus(fans[0], customerservice.Typing) }},
		{"/customservice/kfaccount/add", func() error { return service.Add("kf1@demo", "客服") }},
		{"/customservice/kfaccount/update", func() error { return service.Update("kf1@demo", "小王") }},
		{"/customservice/kfaccount/inviteworker", func() error { return service.InviteBind("kf1@demo", "wang") }},
		{"/customservice/kfaccount/uploadheadimg", func() error { return service.UploadHeadImg("kf1@demo", jpg) }},
		{"/cgi-bin/customservice/getkflist", func() error {
			l, err := service.List()
			return errors.Join(err, want(len(l) == 1 && l[0].KfNick == "小王", l))
		}},
		{"/cgi-bin/customservice/getonlinekflist", func() error { l, err := service.OnlineList(); return errors.Join(err, want(len(l) == 1, l)) }},
		{"/customservice/kfaccount/del", func() error { return service.Delete("kf1@demo") }},
		{"/cgi-bin/qrcode/create", func() error {
			t, err := oa.GetBasic().GetQRTicket(basic.NewTmpQrRequest(time.Hour, "活动1"))
			if err == nil {
				code = t
			}
			return errors.Join(err, want(t != nil && t.Ticket != "", t))
		}},
		{"/cgi-bin/showqrcode", func() error {
			resp, err := util.DefaultHTTPClient.Get(basic.ShowQRCode(code))
			if err != nil {
				return err
			}
			defer func() { _ = resp.Body.Close() }()
			return want(strings.HasPrefix(resp.Header.Get("Content-Type"), "image/"), resp.Header)
		}},
		{"/cgi-bin/clear_quota", func() error { return oa.GetBasic().ClearQuota() }},
	}
}

// silenceperCallback serves the account's callback with the SDK.
func silenceperCallback() http.Handler {
	_, oa := silenceper()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server := oa.GetServer(r, w)
		server.SetMessageHandler(func(in *message.MixMessage) *message.Reply {
			return &message.Reply{MsgType: message.MsgTypeText, MsgData: message.NewText("收到" + in.Content)}
		})
		if err := server.Serve(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = server.Send()
	})
}
