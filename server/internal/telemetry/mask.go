package telemetry

import (
	"cmp"
	"slices"
	"strings"
)

// hidden stands for a secret.
const hidden = "***"

// Masker hides secrets and phone numbers in texts. It is safe for concurrent
// use. The zero value hides phone numbers only.
type Masker struct {
	secrets *strings.Replacer // nil: none known
}

// NewMasker makes a Masker that hides the given secrets wherever they occur.
// Empty ones are ignored.
func NewMasker(secrets ...string) *Masker {
	secrets = slices.DeleteFunc(slices.Clone(secrets), func(s string) bool { return s == "" })
	if len(secrets) == 0 {
		return &Masker{}
	}
	// The longest first, so that a secret that begins with another is hidden whole.
	slices.SortFunc(secrets, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	pairs := make([]string, 0, 2*len(secrets))
	for _, s := range secrets {
		pairs = append(pairs, s, hidden)
	}
	return &Masker{secrets: strings.NewReplacer(pairs...)}
}

// Mask returns s with every known secret hidden and every phone number reduced
// to its first three and last four digits.
func (m *Masker) Mask(s string) string {
	if m.secrets != nil {
		s = m.secrets.Replace(s)
	}
	return maskPhones(s)
}

// maskPhones finds mainland mobile numbers: 11 digits from 13 to 19, also
// behind 86 or +86, standing alone. Digits inside a longer number or a word,
// such as a message id or a serial, are none.
func maskPhones(s string) string {
	var out []byte
	for i := 0; i < len(s); {
		if !alphanumeric(s[i]) {
			i++
			continue
		}
		end := i
		for end < len(s) && alphanumeric(s[end]) {
			end++
		}
		number := end - 11
		whole := end-i == 11 || end-i == 13 && s[i:i+2] == "86"
		if whole && s[number] == '1' && s[number+1] >= '3' && digits(s[number:end]) {
			if out == nil {
				out = []byte(s)
			}
			copy(out[number+3:number+7], "****")
		}
		i = end
	}
	if out == nil {
		return s
	}
	return string(out)
}

func digits(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

// secretName reports whether an attribute of that name holds a secret.
func secretName(key string) bool {
	key = strings.ToLower(key)
	for _, word := range []string{"secret", "password", "passwd", "access_token", "aes_key", "api_key", "authorization", "cookie", "dsn"} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return key == "token"
}
