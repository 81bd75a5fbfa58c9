package phone

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"oalab/mockwechat/api"
	"oalab/mockwechat/chat"
	"oalab/mockwechat/message"
)

// The types of the buttons of a menu (sheet 5.1).
const (
	doClick       = "click"
	doView        = "view"
	doMini        = "miniprogram"
	doScanPush    = "scancode_push"
	doScanWait    = "scancode_waitmsg"
	doPhoto       = "pic_sysphoto"
	doPicture     = "pic_photo_or_album"
	doAlbum       = "pic_weixin"
	doPlace       = "location_select"
	doMedia       = "media_id"
	doMediaView   = "view_limited"
	doArticle     = "article_id"
	doArticleView = "article_view_limited"
)

// maxPictures is how many pictures a follower sends at once.
const maxPictures = 9

// names is what tells a button from others of its type.
func names(b api.Button) string {
	switch b.Type {
	case doView:
		return b.URL
	case doMini:
		return b.PagePath
	case doMedia, doMediaView:
		return b.MediaID
	case doArticle, doArticleView:
		return b.ArticleID
	}
	return b.Key
}

// button is the button that an action presses.
func (a action) button() api.Button {
	return api.Button{Type: a.Do, Key: a.Key, URL: a.URL, PagePath: a.PagePath, MediaID: a.MediaID, ArticleID: a.ArticleID}
}

// press returns what the platform pushes when a follower presses a button, which must be in
// the follower's menu: an event, and the messages that follow it. Material and articles are
// given to the follower without a push.
func (s *Server) press(r *http.Request, v visit, do action) ([]message.Message, error) {
	menu, rule := api.MenuOf(v.acc, v.openID)
	if !has(menu, do.button()) {
		return nil, fmt.Errorf("%s %q: the follower's menu has no such button", do.Do, names(do.button()))
	}
	event := message.Message{Op: opPhone, OpenID: v.openID, Event: do.Do, EventKey: do.Key}
	switch do.Do {
	case doClick:
		event.Event = "CLICK"
	case doView, doMini:
		event.Event, event.EventKey = "VIEW", do.URL
		if do.Do == doMini {
			event.Event, event.EventKey = "view_miniprogram", do.PagePath
		}
		if rule != "" { // of a personalised menu
			event.Fields = []message.Field{{Name: "MenuId", Value: rule}}
		}
	case doScanPush, doScanWait:
		return scanned(event, do)
	case doPhoto, doPicture, doAlbum:
		return s.pictures(r, v, event, do.Count)
	case doPlace:
		return placed(event, do)
	default:
		return nil, s.give(v, do)
	}
	return []message.Message{event}, nil
}

func has(menu []api.Button, wanted api.Button) bool {
	for _, b := range menu {
		if b.Type == wanted.Type && names(b) == names(wanted) || has(b.Sub, wanted) {
			return true
		}
	}
	return false
}

// scanned is the event of a code that the follower's camera has read.
func scanned(event message.Message, do action) ([]message.Message, error) {
	if do.ScanType == "" {
		do.ScanType = "qrcode"
	}
	if do.Text == "" || do.ScanType != "qrcode" && do.ScanType != "barcode" {
		return nil, errors.New("text, scan_type: want what the code says, and qrcode or barcode")
	}
	event.Fields = []message.Field{{Name: "ScanCodeInfo", Fields: []message.Field{
		{Name: "ScanType", Value: do.ScanType}, {Name: "ScanResult", Value: do.Text},
	}}}
	return []message.Message{event}, nil
}

// placed is the event of a place that the follower has chosen, and the message that follows.
func placed(event message.Message, do action) ([]message.Message, error) {
	place, err := located(event.OpenID, do)
	if err != nil {
		return nil, err
	}
	event.Fields = []message.Field{{Name: "SendLocationInfo", Fields: append(slices.Clip(place.Fields), message.Field{Name: "Poiname"})}}
	return []message.Message{event, place}, nil
}

// pictures is the event of pictures that the follower has taken or chosen, and the messages
// that follow. The account can download them as it can those of a real follower.
func (s *Server) pictures(r *http.Request, v visit, event message.Message, count int) ([]message.Message, error) {
	count = max(count, 1)
	if count > maxPictures || event.Event == doPhoto && count > 1 {
		return nil, fmt.Errorf("count: want 1 to %d pictures, 1 from the camera", maxPictures)
	}
	pushes := []message.Message{event}
	list := make([]message.Field, count)
	for i := range list {
		number := s.p.NextMsgID()
		body, err := picture(number)
		if err != nil {
			return nil, err
		}
		id := api.KeepPicture(s.p, v.acc, strconv.FormatInt(number, 10)+".png", body)
		sum := md5.Sum(body)
		list[i] = message.Field{Name: "item", Fields: []message.Field{{Name: "PicMd5Sum", Value: hex.EncodeToString(sum[:])}}}
		pushes = append(pushes, message.Message{Op: opPhone, OpenID: v.openID, MsgType: "image", Fields: []message.Field{
			{Name: "PicUrl", Value: "http://" + r.Host + prefix + url.PathEscape(v.acc.Config.Name) + "/" + v.openID + "/media/" + id},
			{Name: "MediaId", Value: id},
		}})
	}
	pushes[0].Fields = []message.Field{{Name: "SendPicsInfo", Fields: []message.Field{
		{Name: "Count", Value: strconv.Itoa(count)}, {Name: "PicList", Fields: list},
	}}}
	return pushes, nil
}

// picture is what a follower has photographed: a plane of the number's colour.
func picture(number int64) ([]byte, error) {
	plane := image.NewRGBA(image.Rect(0, 0, 96, 96))
	draw.Draw(plane, plane.Bounds(), image.NewUniform(color.RGBA{byte(number >> 16), byte(number >> 8), byte(number), 255}), image.Point{}, draw.Src)
	var b bytes.Buffer
	err := png.Encode(&b, plane)
	return b.Bytes(), err
}

// give shows the follower the material or the article of a button.
func (s *Server) give(v visit, do action) error {
	shown, ok := api.ShownMedia(v.acc, do.MediaID, s.p.Now())
	if do.Do == doArticle || do.Do == doArticleView {
		shown, ok = api.ShownArticle(v.acc, do.ArticleID)
	}
	if !ok {
		return fmt.Errorf("%s %q: it is no longer there", do.Do, names(do.button()))
	}
	chat.Of(v.acc).Add(v.openID, chat.FromAccount, s.p.Now(), shown)
	return nil
}
