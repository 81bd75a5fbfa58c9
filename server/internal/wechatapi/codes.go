package wechatapi

import "slices"

// Class says what an errcode of the platform is about, and so what is to be done.
type Class string

// The classes of errcodes.
const (
	// ClassBusy: trouble of the platform, or a limit that passes. The call is made again.
	ClassBusy Class = "busy"
	// ClassToken: the access token is refused. The call is made again with the next one.
	ClassToken Class = "token"
	// ClassAccount: the credential or the account is refused, for every message. The
	// call is made again until people have mended it, and there is an alert.
	ClassAccount Class = "account"
	// ClassMessage: this message, or its receiver, is refused for good.
	ClassMessage Class = "message"
	// ClassLogin: the code or the refresh token of a follower's login is refused. The follower
	// logs in again, with another one.
	ClassLogin Class = "login"
	// ClassRepeated: the platform has had this message before. It is delivered.
	ClassRepeated Class = "repeated"
	// ClassUnknown: the table does not have the code. The call is made again some times,
	// and counts as ClassMessage then.
	ClassUnknown Class = "unknown"
)

// Errcode is one code of the platform that calls for tokens, messages or logins may be answered.
type Errcode struct {
	Code    int
	Class   Class
	Meaning string
}

// errcodes is the table, by code. docs/errcodes.md is made of it (TestErrcodesPage).
var errcodes = []Errcode{
	{-1, ClassBusy, "system error: the platform is busy"},
	{40001, ClassToken, "invalid credential: the access token is not the latest one, or the secret is wrong"},
	{40002, ClassAccount, "invalid grant_type"},
	{40003, ClassMessage, "invalid openid: it is malformed, or of another account"},
	{40004, ClassMessage, "invalid media type"},
	{40005, ClassMessage, "invalid file type: the platform does not take a file with this name or content"},
	{40006, ClassMessage, "invalid media size"},
	{40007, ClassMessage, "invalid media_id: it is unknown, or older than three days"},
	{40008, ClassMessage, "invalid message type"},
	{40013, ClassAccount, "invalid appid"},
	{40014, ClassToken, "invalid access_token"},
	{40015, ClassMessage, "invalid menu type"},
	{40016, ClassMessage, "invalid number of menu buttons"},
	{40017, ClassMessage, "invalid type of a menu button"},
	{40018, ClassMessage, "invalid length of the name of a menu button"},
	{40019, ClassMessage, "invalid length of the key of a menu button"},
	{40020, ClassMessage, "invalid length of the url of a menu button"},
	{40022, ClassMessage, "invalid number of levels of a menu"},
	{40023, ClassMessage, "invalid number of menu buttons below one"},
	{40024, ClassMessage, "invalid type of a menu button below another"},
	{40025, ClassMessage, "invalid length of the name of a menu button below another"},
	{40026, ClassMessage, "invalid length of the key of a menu button below another"},
	{40027, ClassMessage, "invalid length of the url of a menu button below another"},
	{40029, ClassLogin, "invalid code: it is unknown, or older than five minutes"},
	{40030, ClassLogin, "invalid refresh_token"},
	{40035, ClassMessage, "invalid args size"},
	{40036, ClassMessage, "invalid template_id size"},
	{40037, ClassMessage, "invalid template_id"},
	{40039, ClassMessage, "invalid url size"},
	{40097, ClassMessage, "invalid args"},
	{40125, ClassAccount, "invalid appsecret"},
	{40132, ClassMessage, "invalid username"},
	{40163, ClassLogin, "the code was used before"},
	{40164, ClassAccount, "the address of this server is not on the account's list of addresses"},
	{40165, ClassMessage, "invalid page of a miniprogram"},
	{40243, ClassAccount, "the appsecret is frozen"},
	{41001, ClassToken, "access_token missing"},
	{41002, ClassAccount, "appid missing"},
	{41003, ClassLogin, "refresh_token missing"},
	{41004, ClassAccount, "appsecret missing"},
	{41005, ClassMessage, "media data missing"},
	{41006, ClassMessage, "media_id missing"},
	{41008, ClassLogin, "code missing"},
	{41009, ClassMessage, "openid missing"},
	{41028, ClassMessage, "invalid form id"},
	{42001, ClassToken, "access_token expired"},
	{42002, ClassLogin, "refresh_token expired"},
	{42003, ClassLogin, "code expired"},
	{42007, ClassToken, "access_token and refresh_token exception: the owner has changed the password"},
	{43004, ClassMessage, "require subscribe: the receiver does not follow the account"},
	{43019, ClassMessage, "require remove blacklist: the receiver is on the account's blacklist"},
	{43101, ClassMessage, "the receiver refuses the message"},
	{43116, ClassMessage, "the template cannot be used"},
	{44001, ClassMessage, "empty media data"},
	{44002, ClassMessage, "empty post data"},
	{44004, ClassMessage, "empty content"},
	{45001, ClassMessage, "media size out of limit"},
	{45002, ClassMessage, "content size out of limit"},
	{45003, ClassMessage, "title size out of limit"},
	{45004, ClassMessage, "description size out of limit"},
	{45005, ClassMessage, "url size out of limit"},
	{45009, ClassAccount, "the day's quota of calls is used up"},
	{45011, ClassBusy, "too many calls in this minute"},
	{45015, ClassMessage, "response out of time limit: the receiver has written too long ago"},
	{45035, ClassAccount, "the address of this server is not registered, not in the list of addresses"},
	{45047, ClassMessage, "out of response count limit: too many messages since the receiver has written"},
	{45065, ClassRepeated, "clientmsgid exist"},
	{45066, ClassBusy, "same clientmsgid retried too fast"},
	{45067, ClassMessage, "clientmsgid size out of limit"},
	{45087, ClassMessage, "the receiver has blocked the account's messages"},
	{46001, ClassMessage, "media data does not exist"},
	{46003, ClassMessage, "the account has no menu"},
	{47001, ClassMessage, "data format error"},
	{47003, ClassMessage, "argument invalid: a field of the template does not take this value"},
	{48001, ClassAccount, "api unauthorized: the account may not use this interface"},
	{48002, ClassMessage, "the receiver blocks messages"},
	{48003, ClassAccount, "the account has not agreed to the terms of mass sending"},
	{48004, ClassAccount, "api forbidden for irregularities"},
	{48006, ClassAccount, "forbidden to clear the quota because its limit is reached"},
	{48008, ClassAccount, "no permission for this type of message"},
	{49003, ClassMessage, "the openid does not belong to the appid"},
	{50001, ClassAccount, "api unauthorized or user unauthorized"},
	{50002, ClassMessage, "user limited: the receiver's own account is frozen or closed"},
	{50004, ClassAccount, "the account may not use the token interface"},
	{50005, ClassMessage, "the receiver has unsubscribed"},
	{50007, ClassAccount, "the account is frozen"},
	{61003, ClassAccount, "the component is not authorized by the account"},
	{61004, ClassAccount, "the address of this server is not registered"},
	{61005, ClassAccount, "component ticket is expired"},
	{61006, ClassAccount, "component ticket is invalid"},
	{61007, ClassAccount, "api is unauthorized to component"},
	{61011, ClassAccount, "invalid component"},
	{61024, ClassAccount, "the component has to use its own token interface"},
	{61450, ClassBusy, "system error of the customer service"},
	{65400, ClassAccount, "the customer service is not enabled"},
	{89501, ClassAccount, "the address of this server waits for the admin's confirmation"},
	{89503, ClassAccount, "this call waits for the admin's confirmation"},
	{89506, ClassAccount, "the admin has refused this address twice, not before 24 hours"},
	{89507, ClassAccount, "the admin has refused this address, not before an hour"},
}

// Errcodes returns the table, by code.
func Errcodes() []Errcode { return slices.Clone(errcodes) }

// ClassOf returns the class of a code that a message was answered with.
func ClassOf(code int) Class {
	i, found := slices.BinarySearchFunc(errcodes, code, func(e Errcode, code int) int { return e.Code - code })
	if !found {
		return ClassUnknown
	}
	return errcodes[i].Class
}
