package wechat

import (
	"crypto/sha1" // the protocol prescribes it
	"encoding/hex"
	"strings"
)

// SignPage returns the signature by which a page may use the JSSDK (OAU-8): over the account's
// jsapi ticket, and the page's address as the browser has it, up to a #.
func SignPage(ticket, nonce, timestamp, page string) string {
	page, _, _ = strings.Cut(page, "#")
	sum := sha1.Sum([]byte("jsapi_ticket=" + ticket + "&noncestr=" + nonce + "&timestamp=" + timestamp + "&url=" + page))
	return hex.EncodeToString(sum[:])
}
