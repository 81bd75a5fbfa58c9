package menu_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/menu"
	"oalab/server/internal/wechatapi"
)

func click(name, key string) menu.Button { return menu.Button{Name: name, Type: "click", Key: key} }

func list(name string, sub ...menu.Button) menu.Button { return menu.Button{Name: name, Sub: sub} }

func TestValidate(t *testing.T) {
	t.Parallel()
	full := []menu.Button{
		click("查询流量吗", "Q"), list("更多", click("a", "A"), click("b", "B"), click("c", "C"), click("d", "D"),
			menu.Button{Name: "e", Type: "miniprogram", URL: "https://oa.example/", AppID: "wx1", PagePath: "p"}),
		{Name: "页", Type: "view", URL: "https://oa.example/x?y=1"},
	}
	for _, test := range []struct {
		name string
		menu []menu.Button
		want []string // one line each
	}{
		{"all that is allowed", full, nil},
		{"no button", nil, []string{"a menu has 1 to 3 buttons, not 0"}},
		{"too many", []menu.Button{click("a", "A"), click("b", "B"), click("c", "C"), click("d", "D")}, []string{"a menu has 1 to 3 buttons, not 4"}},
		{
			"too many below",
			[]menu.Button{list("x", click("a", "A"), click("b", "B"), click("c", "C"), click("d", "D"), click("e", "E"), click("f", "F"))},
			[]string{"button 1 has 6 buttons below it; the platform shows 5"},
		},
		{
			"names are counted in bytes",
			[]menu.Button{click("查询流量吗呀", "Q"), list("", click(strings.Repeat("字", 21), "A"))},
			[]string{
				`button 1: its name "查询流量吗呀" has 18 bytes; it takes 1 to 16`, `button 2: its name "" has 0 bytes; it takes 1 to 16`,
				`button 2.1: its name "` + strings.Repeat("字", 21) + `" has 63 bytes; it takes 1 to 60`,
			},
		},
		{
			"a list has nothing else",
			[]menu.Button{{Name: "x", Type: "click", Key: "K", Sub: []menu.Button{click("a", "A")}}},
			[]string{"button 1 opens a list: it has a name and no type, key or page"},
		},
		{"three levels", []menu.Button{list("x", list("y", click("a", "A")))}, []string{"button 1.1 opens a list below a list; there are two levels"}},
		{"keys", []menu.Button{click("a", ""), click("b", strings.Repeat("k", 129)), list("c", click("d", "K"), click("e", "K"))}, []string{
			"button 1 (a): its key has 0 bytes; type click takes 1 to 128", "button 2 (b): its key has 129 bytes; type click takes 1 to 128",
			"button 3.2 (e): button 3.1 has the key K, too: their taps cannot be told apart",
		}},
		{"pages", []menu.Button{
			{Name: "a", Type: "view", URL: "javascript:alert(1)"},
			{Name: "b", Type: "view", URL: "https://" + strings.Repeat("x", 1020)},
			{Name: "c", Type: "miniprogram", URL: "https://oa.example/"},
		}, []string{
			`button 1 (a): its url "javascript:alert(1)" is not an http or https address of at most 1024 bytes`,
			`button 2 (b): its url "https://` + strings.Repeat("x", 1020) + `" is not an http or https address of at most 1024 bytes`,
			"button 3 (c): type miniprogram takes url, appid and pagepath",
		}},
		{"media", []menu.Button{{Name: "a", Type: "media_id"}, {Name: "b", Type: "article_id", MediaID: "m"}}, []string{
			"button 1 (a): type media_id takes a media_id of at most 255 bytes", "button 2 (b): type article_id takes an article_id of at most 255 bytes",
			"button 2 (b): it has fields that type article_id does not take",
		}},
		{
			"a field of another type",
			[]menu.Button{{Name: "a", Type: "click", Key: "K", URL: "https://oa.example/"}},
			[]string{"button 1 (a): it has fields that type click does not take"},
		},
		{"type", []menu.Button{{Name: "a", Type: "Click", Key: "K"}}, []string{`button 1 (a): its type "Click" is none of click, view, miniprogram, scancode_push, ` +
			"scancode_waitmsg, pic_sysphoto, pic_photo_or_album, pic_weixin, location_select, media_id, view_limited, article_id, article_view_limited"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			if err := menu.Validate(test.menu); err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	got := menu.Compare(
		[]menu.Button{click("a", "A"), list("l", click("b", "B"), click("c", "C"))},
		[]menu.Button{click("a", "A2"), list("l", click("b", "B")), {Name: "页", Type: "view", URL: "https://oa.example/"}})
	want := []menu.Difference{
		{Place: "1", Shown: `"a" click key "A"`, Stored: `"a" click key "A2"`},
		{Place: "2", Shown: `"l"`, Stored: `"l"`},
		{Place: "2.1", Shown: `"b" click key "B"`, Stored: `"b" click key "B"`},
		{Place: "2.2", Shown: `"c" click key "C"`},
		{Place: "3", Stored: `"页" view url "https://oa.example/"`},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// shows is a platform that shows what it was given, or drops the last button of it.
type shows struct {
	buttons []wechatapi.MenuButton
	drops   bool
	creates int
	err     error
}

func (s *shows) CreateMenu(_ context.Context, _ string, buttons []wechatapi.MenuButton) error {
	s.creates++
	s.buttons = buttons
	if s.drops {
		s.buttons = buttons[:len(buttons)-1]
	}
	return s.err
}

func (s *shows) FetchMenu(context.Context, string) ([]wechatapi.MenuButton, error) {
	return s.buttons, s.err
}

type stored []menu.Button

func (s stored) Menu(context.Context, string) ([]menu.Button, error) { return s, nil }

func TestPublish(t *testing.T) {
	t.Parallel()
	mine := stored{click("a", "A"), list("l", click("b", "B"))}
	p := &shows{}
	s := menu.New(mine, p)
	changes, err := s.Publish(t.Context(), "demo")
	if err != nil || len(changes) != 3 || p.creates != 1 {
		t.Errorf("%v, %v", changes, err)
	}
	if changes, err := s.Publish(t.Context(), "demo"); err != nil || len(changes) > 0 || p.creates != 1 {
		t.Errorf("again: %v, %v, %d calls", changes, err, p.creates)
	}
	if _, err := menu.New(stored{}, p).Publish(t.Context(), "demo"); !errors.Is(err, menu.ErrNoMenu) {
		t.Errorf("nothing is stored: %v", err)
	}
	if _, err := menu.New(stored{click("", "A")}, p).Publish(t.Context(), "demo"); err == nil || p.creates != 1 {
		t.Errorf("a menu that the platform refuses: %v", err)
	}
	if _, err := menu.New(mine, &shows{drops: true}).Publish(t.Context(), "demo"); err == nil || !strings.Contains(err.Error(), "shows another one at 2") {
		t.Errorf("the platform shows another menu: %v", err)
	}
	away := &shows{err: wechatapi.ErrNoPlatform}
	if _, err := menu.New(mine, away).Diff(t.Context(), "demo"); !errors.Is(err, wechatapi.ErrNoPlatform) {
		t.Errorf("the platform is away: %v", err)
	}
}
