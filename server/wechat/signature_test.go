package wechat_test

import (
	"testing"

	"oalab/server/wechat"
)

// The vectors are published ones: the platform's documentation and the tests of
// five public SDKs.
func TestSign(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		parts []string
		want  string
	}{
		{"address check of the documentation", []string{"AAAAA", "1714036504", "1514711492"}, "f464b24fc39322e44b38aa78f5edd27bd1441696"},
		{"push of the documentation", []string{"AAAAA", "1714037059", "486452656"}, "899cf89e464efb63f54ddac96b0a0a235f53aa78"},
		{"encrypted push of the documentation, plain signature", []string{"AAAAA", "1714112445", "415670741"}, "6c5c811b55cc85e0e1b54100749188c20beb3f5d"},
		{"captured push in compatible mode", []string{"weixin", "1414387151", "917222494"}, "e3203b6433eb554dd2fcba78fa48cb948fcb4801"},
		{"captured push in safe mode", []string{"weixin", "1570075722", "863153744"}, "330ed3b64e363dc876f35e54a79e59b48739f567"},
		{"C# SDK", []string{"weixin", "1414243737", "1792106704"}, "35703636de2f9df2a77a662b68e521ce17c34db4"},
		{"Python SDK", []string{"test", "1410685589", "test"}, "f21891de399b4e33a1a93c9a7b8a8fffb5a443ff"},
		{"Node SDK, four parts", []string{"RMNlACHlV5ThzfRlVS4D4", "timestamp", "nonce", "encrypt"}, "8edac0945683c119ee71c9f6256d76c48aa08a96"},
		{"Go SDK", []string{"a", "b", "c"}, "a9993e364706816aba3e25717850c26c9cd0d89d"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := wechat.Sign(test.parts...); got != test.want {
				t.Errorf("Sign(%q) = %s, want %s", test.parts, got, test.want)
			}
			if !wechat.SignatureMatches(test.want, test.parts...) {
				t.Error("SignatureMatches refuses the published signature")
			}
		})
	}
}

func TestSignLeavesItsArgumentsAlone(t *testing.T) {
	t.Parallel()
	parts := []string{"c", "b", "a"}
	wechat.Sign(parts...)
	if parts[0] != "c" || parts[2] != "a" {
		t.Errorf("Sign reordered the caller's slice: %q", parts)
	}
}

func TestSignatureMatchesRefuses(t *testing.T) {
	t.Parallel()
	const good = "f464b24fc39322e44b38aa78f5edd27bd1441696"
	for name, signature := range map[string]string{
		"empty":       "",
		"short":       good[:39],
		"long":        good + "0",
		"upper case":  "F464B24FC39322E44B38AA78F5EDD27BD1441696",
		"other digit": "e464b24fc39322e44b38aa78f5edd27bd1441696",
	} {
		if wechat.SignatureMatches(signature, "AAAAA", "1714036504", "1514711492") {
			t.Errorf("%s: accepted", name)
		}
	}
}

func BenchmarkSignatureMatches(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if !wechat.SignatureMatches("f464b24fc39322e44b38aa78f5edd27bd1441696", "AAAAA", "1714036504", "1514711492") {
			b.Fatal("refused")
		}
	}
}
