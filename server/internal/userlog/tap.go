package userlog

import (
	"slices"
	"strings"
)

// Tap is a tap on a menu button, on a day such as 20261130.
type Tap struct {
	Day int
	// Event is the platform's name of it, such as CLICK or VIEW. Key is the button's key, its
	// page or its path in a mini program.
	Event, Key string
}

// tapEvents are the events that buttons of a menu cause, in small letters.
var tapEvents = []string{
	"click", "view", "view_miniprogram", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album", "pic_weixin", "location_select",
}

// IsTap reports whether an event comes from a menu button. Capitals do not matter.
func IsTap(event string) bool { return slices.Contains(tapEvents, strings.ToLower(event)) }
