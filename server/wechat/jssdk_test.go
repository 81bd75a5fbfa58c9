package wechat_test

import (
	"testing"

	"oalab/server/wechat"
)

// The vector is that of the platform's documentation.
func TestSignPage(t *testing.T) {
	t.Parallel()
	const ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
	for page, want := range map[string]string{
		"http://mp.weixin.qq.com?params=value":       "0f9de62fce790f9a083d5c99e95740ceb90c27ed",
		"http://mp.weixin.qq.com?params=value#/home": "0f9de62fce790f9a083d5c99e95740ceb90c27ed",
	} {
		if got := wechat.SignPage(ticket, "Wm3WZYTPz0wzccnW", "1414587457", page); got != want {
			t.Errorf("%s: %s, want %s", page, got, want)
		}
	}
}
