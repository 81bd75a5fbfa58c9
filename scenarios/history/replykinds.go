package history

// The kinds of a reply, as the platform's MsgType names them, and the one that shows
// nothing: "success" or an empty body.
const (
	ReplyText     = "text"
	ReplyImage    = "image"
	ReplyVoice    = "voice"
	ReplyVideo    = "video"
	ReplyMusic    = "music"
	ReplyNews     = "news"
	ReplyTransfer = "transfer_customer_service"
	ReplyNone     = "none"
)

// ReplyKinds are all kinds of a reply, in the order of the platform's page.
func ReplyKinds() []string {
	return []string{ReplyText, ReplyImage, ReplyVoice, ReplyVideo, ReplyMusic, ReplyNews, ReplyTransfer, ReplyNone}
}
