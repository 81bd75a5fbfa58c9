package bind

import (
	"strings"
	"unicode"
)

// wish is what a text about the binding asks for.
type wish int

const (
	wishNone     wish = iota
	wishHelp          // how it is done
	wishPhone         // a code for a number
	wishPassword      // to bind a number by its password
	wishCode          // to be taken for a code
	wishEnd           // to end the binding
)

// words are what a text says.
type words struct {
	wish          wish
	phone, secret string
}

// The words that begin a text about the binding.
const (
	wordBind = "绑定"
	wordEnd  = "解绑"
)

// codeLength is how many digits codes and service passwords have.
const codeLength = 6

// parse reads a text. Digits and blanks may be those of a Chinese keyboard.
func parse(text string) words {
	text = strings.TrimSpace(strings.Map(narrow, text))
	if isSecret(text) {
		return words{wish: wishCode, secret: text}
	}
	if text == wordEnd || text == "解除绑定" {
		return words{wish: wishEnd}
	}
	rest, about := strings.CutPrefix(text, wordBind)
	if !about {
		return words{}
	}
	switch fields := strings.FieldsFunc(rest, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("+,，:：、", r) }); {
	case len(fields) == 0:
		return words{wish: wishHelp}
	case len(fields) == 1 && isDigits(fields[0]):
		return words{wish: wishPhone, phone: fields[0]}
	case len(fields) == 2 && isDigits(fields[0]) && isSecret(fields[1]):
		return words{wish: wishPassword, phone: fields[0], secret: fields[1]}
	case rest != strings.TrimLeftFunc(rest, unicode.IsSpace):
		return words{wish: wishHelp}
	}
	return words{} // a word that only begins like that
}

// narrow makes the digits and blanks of a Chinese keyboard those of ASCII.
func narrow(r rune) rune {
	switch {
	case r >= '０' && r <= '９':
		return '0' + r - '０'
	case r == '\u3000':
		return ' '
	}
	return r
}

func isSecret(s string) bool { return len(s) == codeLength && isDigits(s) }

// isNumber reports whether a text can be a mobile number.
func isNumber(s string) bool { return len(s) == 11 && s[0] == '1' && isDigits(s) }

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
