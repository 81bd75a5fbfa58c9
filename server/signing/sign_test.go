package signing_test

import (
	"net/url"
	"testing"

	"oalab/server/signing"
)

// TestVectors hold the form of the signature, computed by another program (docs/control.md).
func TestVectors(t *testing.T) {
	t.Parallel()
	const (
		secret = "an example secret of 32 characters"
		path   = "/control/v1/accounts/demo/token"
	)
	for _, v := range []struct{ method, path, query, body, hmac, md5 string }{
		{
			"GET", path, "app=shop&timestamp=1700000000&nonce=0123456789abcdef&sign=x", "",
			"011587d6879ee419ed0beef63e00cad02853d6b7abb990f26cd9ab3dee0d2583", "9a63378947d479e8450e2dae8d0dd76c",
		},
		{
			"POST", path + "/report", "nonce=0123456789abcdef&timestamp=1700000000&app=shop&a=2&a=1%202%26", `{"token":"a b&c"}`,
			"19cfe9f11c2c8070814cd8eaf2e4cffe0dccd7ad8ff126863d033c5269527674", "",
		},
	} {
		query, err := url.ParseQuery(v.query)
		if err != nil {
			t.Fatal(err)
		}
		text := signing.Text(v.method, v.path, query, []byte(v.body))
		if got := signing.HMAC(text, secret); got != v.hmac {
			t.Errorf("%s: HMAC %s of\n%s", v.method, got, text)
		}
		if got := signing.MD5(text, secret); v.md5 != "" && got != v.md5 {
			t.Errorf("%s: MD5 %s", v.method, got)
		}
	}
}
