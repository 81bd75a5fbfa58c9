// Package menu owns the custom menu of an account (MSG-10): its form, what the platform allows
// of it, its publication, and how it differs from what the platform shows.
package menu

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"unicode/utf8"

	"oalab/server/internal/wechatapi"
)

// Button is an entry of a menu. One with Sub opens a list and has a name alone.
type Button struct {
	Name string `yaml:"name"`
	// Type is what a tap does, such as click or view; "" with Sub.
	Type string `yaml:"type"`
	// Key tells the events of buttons apart that cause one.
	Key string `yaml:"key"`
	// URL is the page of type view, and of a phone that cannot open a mini program.
	URL string `yaml:"url"`
	// MediaID is what types media_id and view_limited show.
	MediaID string `yaml:"media_id"`
	// AppID and PagePath are those of a mini program.
	AppID    string `yaml:"appid"`
	PagePath string `yaml:"pagepath"`
	// ArticleID is what types article_id and article_view_limited show.
	ArticleID string   `yaml:"article_id"`
	Sub       []Button `yaml:"sub"`
}

// The platform's limits; lengths are in bytes.
const (
	MaxButtons = 3
	MaxSubs    = 5
	maxTop     = 16 // five Chinese characters
	maxSub     = 60
	maxKey     = 128
	maxURL     = 1024
	maxID      = 255
)

// withKey are the types of buttons that cause an event with their key.
var withKey = []string{
	"click", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album", "pic_weixin", "location_select",
}

// Validate returns all that the platform would refuse of a menu, each with the place of its
// button, such as "button 2.1" for the first one below the second, joined.
func Validate(buttons []Button) error {
	var faults []error
	if len(buttons) < 1 || len(buttons) > MaxButtons {
		faults = append(faults, fmt.Errorf("a menu has 1 to %d buttons, not %d", MaxButtons, len(buttons)))
	}
	keys := map[string]string{}
	for i, b := range buttons {
		place := fmt.Sprintf("button %d", i+1)
		if len(b.Sub) == 0 {
			faults = append(faults, b.faults(place, maxTop, keys)...)
			continue
		}
		faults = append(faults, nameFault(place, b.Name, maxTop)...)
		if (!equal(b, Button{Name: b.Name, Sub: b.Sub})) {
			faults = append(faults, fmt.Errorf("%s opens a list: it has a name and no type, key or page", place))
		}
		if len(b.Sub) > MaxSubs {
			faults = append(faults, fmt.Errorf("%s has %d buttons below it; the platform shows %d", place, len(b.Sub), MaxSubs))
		}
		for j, sub := range b.Sub {
			below := fmt.Sprintf("%s.%d", place, j+1)
			if len(sub.Sub) > 0 {
				faults = append(faults, fmt.Errorf("%s opens a list below a list; there are two levels", below))
				continue
			}
			faults = append(faults, sub.faults(below, maxSub, keys)...)
		}
	}
	return errors.Join(faults...)
}

// nameFault judges the words on a button.
func nameFault(place, name string, limit int) []error {
	switch {
	case name == "" || len(name) > limit:
		return []error{fmt.Errorf("%s: its name %q has %d bytes; it takes 1 to %d", place, name, len(name), limit)}
	case !utf8.ValidString(name):
		return []error{fmt.Errorf("%s: its name %q is not UTF-8", place, name)}
	}
	return nil
}

// faults judges a button that a follower can tap. keys has the places of the keys before.
func (b Button) faults(place string, limit int, keys map[string]string) []error {
	faults := nameFault(place, b.Name, limit)
	add := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("%s (%s): "+format, append([]any{place, b.Name}, args...)...))
	}
	// What stays of a button without the fields of its type must be empty.
	rest := b
	rest.Name, rest.Type, rest.Sub = "", "", nil
	switch {
	case slices.Contains(withKey, b.Type):
		if b.Key == "" || len(b.Key) > maxKey {
			add("its key has %d bytes; type %s takes 1 to %d", len(b.Key), b.Type, maxKey)
		} else if first, taken := keys[b.Key]; taken {
			add("%s has the key %s, too: their taps cannot be told apart", first, b.Key)
		} else {
			keys[b.Key] = place
		}
		rest.Key = ""
	case b.Type == "view":
		if !pageAddress(b.URL) {
			add("its url %q is not an http or https address of at most %d bytes", b.URL, maxURL)
		}
		rest.URL = ""
	case b.Type == "miniprogram":
		if !pageAddress(b.URL) || b.AppID == "" || b.PagePath == "" {
			add("type miniprogram takes url, appid and pagepath")
		}
		rest.URL, rest.AppID, rest.PagePath = "", "", ""
	case b.Type == "media_id" || b.Type == "view_limited":
		if b.MediaID == "" || len(b.MediaID) > maxID {
			add("type %s takes a media_id of at most %d bytes", b.Type, maxID)
		}
		rest.MediaID = ""
	case b.Type == "article_id" || b.Type == "article_view_limited":
		if b.ArticleID == "" || len(b.ArticleID) > maxID {
			add("type %s takes an article_id of at most %d bytes", b.Type, maxID)
		}
		rest.ArticleID = ""
	default:
		add("its type %q is none of click, view, miniprogram, scancode_push, scancode_waitmsg, pic_sysphoto, pic_photo_or_album, "+
			"pic_weixin, location_select, media_id, view_limited, article_id, article_view_limited", b.Type)
		return faults
	}
	if !equal(rest, Button{}) {
		add("it has fields that type %s does not take", b.Type)
	}
	return faults
}

func pageAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && len(s) <= maxURL && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// equal compares two buttons with all below them.
func equal(a, b Button) bool {
	subs := slices.EqualFunc(a.Sub, b.Sub, equal)
	return subs && a.Name == b.Name && a.Type == b.Type && a.Key == b.Key && a.URL == b.URL && a.MediaID == b.MediaID &&
		a.AppID == b.AppID && a.PagePath == b.PagePath && a.ArticleID == b.ArticleID
}

// Count is how many buttons a menu has, with those that open a list.
func Count(buttons []Button) int {
	n := len(buttons)
	for _, b := range buttons {
		n += len(b.Sub)
	}
	return n
}

// wire puts buttons into the platform's words.
func wire(buttons []Button) []wechatapi.MenuButton {
	out := make([]wechatapi.MenuButton, 0, len(buttons))
	for _, b := range buttons {
		out = append(out, wechatapi.MenuButton{
			Name: b.Name, Type: b.Type, Key: b.Key, URL: b.URL, MediaID: b.MediaID, AppID: b.AppID, PagePath: b.PagePath, ArticleID: b.ArticleID,
			Sub: wire(b.Sub),
		})
	}
	return out
}

// fromWire is the reverse of wire.
func fromWire(buttons []wechatapi.MenuButton) []Button {
	var out []Button
	for _, b := range buttons {
		out = append(out, Button{
			Name: b.Name, Type: b.Type, Key: b.Key, URL: b.URL, MediaID: b.MediaID, AppID: b.AppID, PagePath: b.PagePath, ArticleID: b.ArticleID,
			Sub: fromWire(b.Sub),
		})
	}
	return out
}
