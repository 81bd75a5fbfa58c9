package strictyaml

import (
	"bytes"
	"encoding/binary"
	"errors"
	"unicode/utf16"
	"unicode/utf8"
)

// decodeText is the text of a file in UTF-8 without a byte order mark, its lines ended by
// a line feed alone.
func decodeText(content []byte) ([]byte, *FaultError) {
	switch {
	case bytes.HasPrefix(content, []byte{0xFF, 0xFE}):
		content = fromUTF16(content[2:], binary.LittleEndian)
	case bytes.HasPrefix(content, []byte{0xFE, 0xFF}):
		content = fromUTF16(content[2:], binary.BigEndian)
	case len(content) > 1 && content[1] == 0: // YAML begins with an ASCII character
		content = fromUTF16(content, binary.LittleEndian)
	case len(content) > 1 && content[0] == 0:
		content = fromUTF16(content, binary.BigEndian)
	default:
		content = bytes.TrimPrefix(content, []byte("\uFEFF"))
	}
	content = bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n"))
	content = bytes.ReplaceAll(content, []byte("\r"), []byte("\n"))
	line := 1
	for rest := content; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == '\n':
			line++
		case r == utf8.RuneError && size < 2:
			return nil, &FaultError{Line: line, Err: errors.New("is not UTF-8; save the file in UTF-8")}
		case r < ' ' && r != '\t', r == 0x7F:
			return nil, &FaultError{Line: line, Err: errors.New("holds a control character; write it as an escape in double quotes")}
		}
		rest = rest[size:]
	}
	return content, nil
}

// fromUTF16 turns UTF-16 into UTF-8. Half a character becomes an invalid byte, which is
// refused with its line.
func fromUTF16(content []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, 0, len(content)/2)
	for ; len(content) > 1; content = content[2:] {
		units = append(units, order.Uint16(content))
	}
	var out []byte
	for i := 0; i < len(units); i++ {
		r := rune(units[i])
		if utf16.IsSurrogate(r) {
			r = utf8.RuneError
			if i+1 < len(units) {
				r = utf16.DecodeRune(rune(units[i]), rune(units[i+1]))
			}
			if r == utf8.RuneError {
				out = append(out, 0xFF)
				continue
			}
			i++
		}
		out = utf8.AppendRune(out, r)
	}
	if len(content) > 0 {
		out = append(out, 0xFF)
	}
	return out
}
