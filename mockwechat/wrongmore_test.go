package mockwechat

import "maps"

// wrongTokens are the wrong clients of tokens, tickets, quotas and logins.
func wrongTokens() []wrong {
	const mini = "!/sns/jscode2session?appid=wxdemo&secret=s3cret&grant_type=authorization_code&js_code="
	user := func(s *shop, scope, openID string) string {
		access, _ := s.login(scope)
		return "!/sns/userinfo?access_token=" + access + "&openid=" + openID
	}
	return []wrong{
		{rule: "appid-missing", name: "no appid", path: plainToken + "secret=s3cret"},
		{rule: "appid-unknown", name: "unknown appid", path: plainToken + "appid=wxno&secret=s3cret"},
		{rule: "grant-type", name: "password", path: "!/cgi-bin/token?grant_type=password&appid=wxdemo&secret=s3cret"},
		{rule: "secret-missing", name: "no secret", path: plainToken + "appid=wxdemo"},
		{rule: "secret-wrong", name: "guessed secret", path: plainToken + "appid=wxdemo&secret=guess"},
		{rule: "secret-frozen", name: "frozen secret", path: plainToken + "appid=wxfrozen&secret=s"},
		{rule: "ip-whitelist", name: "address that is not listed", path: plainToken + "appid=wxwalled&secret=s"},
		{rule: "ticket-type", name: "ticket of no type", path: "/cgi-bin/ticket/getticket?type=bus"},
		{rule: "clear-appid", name: "another account's quota", path: "/cgi-bin/clear_quota", body: obj{"appid": "wxother"}},
		{rule: "clear-month", name: "11th in a month", path: "/cgi-bin/clear_quota", body: obj{"appid": "wxdemo"}, before: func(s *shop) {
			for range 10 {
				s.ok("/cgi-bin/clear_quota", obj{"appid": "wxdemo"})
			}
		}},
		{rule: "check-action", name: "unknown action", path: "/cgi-bin/callback/check", body: obj{"action": "look", "check_operator": "DEFAULT"}},
		{rule: "cgi-path", name: "quota of no API", path: "/cgi-bin/openapi/quota/get", body: obj{"cgi_path": "/nothing"}},
		{rule: "code-missing", name: "no code", path: webToken},
		{rule: "code-unknown", name: "invented code", path: webToken + "invented"},
		{rule: "code-unknown", name: "code of a mini program", make: func(s *shop) (string, any) { return webToken + s.code("mini"), nil }},
		{rule: "code-used", name: "code again", make: func(s *shop) (string, any) {
			code := s.code("snsapi_base")
			s.ok(webToken+code, nil)
			return webToken + code, nil
		}},
		{rule: "code-expired", name: "code of six minutes ago", make: func(s *shop) (string, any) {
			code := s.code("snsapi_base")
			s.clock.advance(6 * 60e9)
			return webToken + code, nil
		}},
		{rule: "code-unknown", name: "web code for a mini program", make: func(s *shop) (string, any) { return mini + s.code("snsapi_base"), nil }},
		{rule: "code-used", name: "mini program's code again", make: func(s *shop) (string, any) {
			code := s.code("mini")
			s.ok(mini+code, nil)
			return mini + code, nil
		}},
		{rule: "secret-wrong", name: "web login with another secret", make: func(s *shop) (string, any) {
			return "!/sns/oauth2/access_token?appid=wxdemo&secret=x&grant_type=authorization_code&code=" + s.code("snsapi_base"), nil
		}},
		{rule: "refresh-missing", name: "no refresh token", path: "!/sns/oauth2/refresh_token?appid=wxdemo&grant_type=refresh_token"},
		{rule: "refresh-unknown", name: "invented refresh token", path: "!/sns/oauth2/refresh_token?appid=wxdemo&grant_type=refresh_token&refresh_token=x"},
		{rule: "refresh-expired", name: "refresh token of 31 days ago", make: func(s *shop) (string, any) {
			_, refresh := s.login("snsapi_base")
			s.clock.advance(31 * day)
			return "!/sns/oauth2/refresh_token?appid=wxdemo&grant_type=refresh_token&refresh_token=" + refresh, nil
		}},
		{rule: "web-token", name: "the account's own token for a profile", make: func(s *shop) (string, any) {
			return "!" + s.bearing("/sns/userinfo?openid="+fan), nil
		}},
		{rule: "web-token-expired", name: "web token of three hours ago", make: func(s *shop) (string, any) {
			path := user(s, "snsapi_userinfo", crowd.OpenID(0))
			s.clock.advance(3 * 3600e9)
			return path, nil
		}},
		{rule: "web-openid", name: "another follower's profile", make: func(s *shop) (string, any) { return user(s, "snsapi_userinfo", fan), nil }},
		{rule: "web-scope", name: "profile after a silent login", make: func(s *shop) (string, any) { return user(s, "snsapi_base", crowd.OpenID(0)), nil }},
	}
}

// wrongPeople are the wrong clients of followers, tags and black list.
func wrongPeople() []wrong {
	many := func(n int) []string {
		list := make([]string, n)
		for i := range list {
			list[i] = crowd.OpenID(i)
		}
		return list
	}
	pairs := func(n int) []obj {
		list := make([]obj, n)
		for i := range list {
			list[i] = obj{"openid": crowd.OpenID(i % 100)}
		}
		return list
	}
	tagBody := func(id int, name string) obj { return obj{"tag": obj{"id": id, "name": name}} }
	return []wrong{
		{rule: "openid-foreign", name: "profile of a stranger", path: "/cgi-bin/user/info?openid=" + stranger},
		{rule: "openid-list", name: "profiles of no follower", path: "/cgi-bin/user/info/batchget", body: obj{"user_list": []obj{}}},
		{rule: "openid-list-size", name: "101 profiles", path: "/cgi-bin/user/info/batchget", body: obj{"user_list": pairs(101)}},
		{rule: "next-openid", name: "page behind a stranger", path: "/cgi-bin/user/get?next_openid=" + stranger},
		{rule: "remark-size", name: "remark of 30 letters", path: "/cgi-bin/user/info/updateremark", body: obj{"openid": fan, "remark": repeat("备", 30)}},
		{rule: "tag-name-empty", name: "tag without name", path: "/cgi-bin/tags/create", body: tagBody(0, "")},
		{rule: "tag-name-long", name: "tag of 31 letters", path: "/cgi-bin/tags/create", body: tagBody(0, repeat("签", 31))},
		{rule: "tag-name-twice", name: "same name again", path: "/cgi-bin/tags/create", body: tagBody(0, "广东"), before: func(s *shop) { s.tag("广东") }},
		{rule: "tag-count", name: "101st tag", path: "/cgi-bin/tags/create", body: tagBody(0, "多"), before: func(s *shop) {
			for _, name := range numbered(100, "签%d") {
				s.tag(name)
			}
		}},
		{rule: "tag-unknown", name: "unknown tag", path: "/cgi-bin/tags/delete", body: tagBody(999, "")},
		{rule: "tag-unknown", name: "tagging with an unknown tag", path: "/cgi-bin/tags/members/batchtagging", body: obj{"openid_list": many(1), "tagid": 999}},
		{rule: "tag-system", name: "a tag of the platform", path: "/cgi-bin/tags/update", body: tagBody(2, "星标")},
		{rule: "openid-list-size", name: "51 at once", path: "/cgi-bin/tags/members/batchtagging", body: obj{"openid_list": many(51), "tagid": 100}, before: func(s *shop) { s.tag("a") }},
		{rule: "tag-per-user", name: "21st tag of one follower", path: "/cgi-bin/tags/members/batchtagging", body: obj{"openid_list": many(1), "tagid": 120}, before: func(s *shop) {
			for _, name := range numbered(21, "签%d") {
				if id := s.tag(name); id < 120 {
					s.ok("/cgi-bin/tags/members/batchtagging", obj{"openid_list": many(1), "tagid": id})
				}
			}
		}},
		{rule: "openid-list-size", name: "21 on the black list at once", path: "/cgi-bin/tags/members/batchblacklist", body: obj{"openid_list": many(21)}},
		{rule: "openid-foreign", name: "a stranger on the black list", path: "/cgi-bin/tags/members/batchblacklist", body: obj{"openid_list": []string{stranger}}},
	}
}

// wrongFiles are the wrong clients of media, material and articles.
func wrongFiles() []wrong {
	const up = "/cgi-bin/media/upload?type="
	png := upload{field: "media", name: "a.png", content: "\x89PNG"}
	withThumb := func(change obj) func(*shop) (string, any) {
		return func(s *shop) (string, any) {
			a := obj{"thumb_media_id": s.material()}
			maps.Copy(a, change)
			return "/cgi-bin/draft/add", article(a)
		}
	}
	return []wrong{
		{rule: "media-type", name: "unknown type", path: up + "song", body: png},
		{rule: "media-missing", name: "no file", path: up + "image", body: upload{field: "file", name: "a.png", content: "x"}},
		{rule: "media-missing", name: "no form", path: up + "image", body: "\x89PNG"},
		{rule: "media-empty", name: "empty file", path: up + "image", body: upload{field: "media", name: "a.png"}},
		{rule: "media-size", name: "thumb of 65 KB", path: up + "thumb", body: upload{field: "media", name: "a.jpg", content: repeat("x", 65<<10)}},
		{rule: "media-size", name: "voice above 2 MB", path: up + "voice", body: upload{field: "media", name: "a.amr", content: repeat("x", 2<<20+1)}},
		{rule: "media-format", name: "text as picture", path: up + "image", body: upload{field: "media", name: "a.txt", content: "x"}},
		{rule: "image-format", name: "GIF within an article", path: "/cgi-bin/media/uploadimg", body: upload{field: "media", name: "a.gif", content: "x"}},
		{rule: "media-id-missing", name: "no media_id", path: "/cgi-bin/media/get"},
		{rule: "media-id", name: "unknown file", path: "/cgi-bin/media/get?media_id=none"},
		{rule: "media-id", name: "file of four days ago", make: func(s *shop) (string, any) {
			id := s.image()
			s.clock.advance(4 * day)
			return "/cgi-bin/media/get?media_id=" + id, nil
		}},
		{rule: "media-id", name: "unknown material", path: "/cgi-bin/material/get_material", body: obj{"media_id": "none"}},
		{rule: "article-title", name: "video without description", path: "/cgi-bin/material/add_material?type=video", body: upload{field: "media", name: "a.mp4", content: "x"}},
		{rule: "batch-count", name: "21 entries", path: "/cgi-bin/material/batchget_material", body: obj{"type": "image", "offset": 0, "count": 21}},
		{rule: "article-count", name: "draft without article", path: "/cgi-bin/draft/add", body: obj{"articles": []obj{}}},
		{rule: "article-title", name: "article without title", make: withThumb(obj{"title": ""})},
		{rule: "article-content", name: "article without content", make: withThumb(obj{"content": ""})},
		{rule: "article-thumb", name: "article without picture", path: "/cgi-bin/draft/add", body: article(nil)},
		{rule: "publish-id", name: "unknown publication", path: "/cgi-bin/freepublish/get", body: obj{"publish_id": "1"}},
	}
}
