package userlog

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// A line of a spool is the checksum of a message in 8 hexadecimal digits, a blank,
// the message in JSON, and a line feed, of which JSON has none inside.
const (
	sumDigits = 8
	// maxLine bounds a line that is read; what fit lets through is shorter in JSON.
	maxLine = 256 << 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendLine appends the line of a message to buf.
func appendLine(buf []byte, m Message) ([]byte, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return buf, fmt.Errorf("write message as JSON: %w", err)
	}
	buf = appendSum(buf, text)
	buf = append(buf, ' ')
	buf = append(buf, text...)
	return append(buf, '\n'), nil
}

func appendSum(buf, text []byte) []byte {
	sum := crc32.Checksum(text, castagnoli)
	return hex.AppendEncode(buf, []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
}

// readLines calls visit for each message of a spool, in the order of the lines.
// Lines that are torn or changed are passed over: bad counts them. An error is
// that of visit, which ends the reading, or of r.
func readLines(r io.Reader, visit func(Message) error) (bad int, err error) {
	in := bufio.NewReaderSize(r, maxLine)
	for {
		line, err := in.ReadSlice('\n')
		whole := err == nil
		for errors.Is(err, bufio.ErrBufferFull) { // too long: up to its end
			_, err = in.ReadSlice('\n')
		}
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return bad, fmt.Errorf("read spool: %w", err)
		}
		switch m, ok := parseLine(line, whole); {
		case ok:
			if err := visit(m); err != nil {
				return bad, err
			}
		case len(line) > 0:
			bad++
		}
		if ended {
			return bad, nil
		}
	}
}

func parseLine(line []byte, whole bool) (m Message, ok bool) {
	if !whole || len(line) < sumDigits+2 || line[sumDigits] != ' ' {
		return m, false
	}
	text := line[sumDigits+1 : len(line)-1]
	var sum [sumDigits]byte
	if string(appendSum(sum[:0], text)) != string(line[:sumDigits]) {
		return m, false
	}
	return m, json.Unmarshal(text, &m) == nil
}
