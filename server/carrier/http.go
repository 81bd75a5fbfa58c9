package carrier

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"regexp"
	"strconv"
	"strings"

	"oalab/server/xmltext"
)

// maxParts bounds the parts of a multipart body that are looked at for the root.
const maxParts = 64

// Document takes the XML out of the body of an HTTP message: the root part of one with
// attachments (MTOM, SOAP with attachments), in UTF-8 where the content type names
// another encoding. Any other body is returned as it is. The errors wrap ErrMalformed.
func Document(contentType string, body []byte) ([]byte, error) {
	media, params := mediaType(contentType)
	if strings.HasPrefix(media, "multipart/") {
		var err error
		if contentType, body, err = rootPart(params, body); err != nil {
			return nil, err
		}
		media, params = mediaType(contentType)
	}
	charset := params["charset"]
	if charset == "" {
		return body, nil
	}
	text, err := xmltext.Read(body, xmltext.Options{Charset: charset})
	if err != nil {
		return nil, malformed("%v (the content type %s names the encoding %q)", err, media, charset)
	}
	return text.XML, nil
}

// IsPage reports whether a content type is one that no SOAP message has: a page for a
// browser, or JSON.
func IsPage(contentType string) bool {
	switch media, _ := mediaType(contentType); media {
	case "text/html", "application/xhtml+xml", "application/json", "application/problem+json":
		return true
	}
	return false
}

// mediaType is the type of a header that may be written badly.
func mediaType(header string) (string, map[string]string) {
	media, params, err := mime.ParseMediaType(header)
	if err != nil {
		media, _, _ = strings.Cut(header, ";")
		media = strings.ToLower(strings.TrimSpace(media))
	}
	return media, params
}

// rootPart finds the part that holds the envelope: the one that "start" names, or the first.
func rootPart(params map[string]string, body []byte) (contentType string, part []byte, err error) {
	boundary := params["boundary"]
	if boundary == "" {
		return "", nil, malformed("the message has several parts, and its content type names no boundary")
	}
	start := strings.Trim(params["start"], "<> ")
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	found := false
	for n := range maxParts {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", nil, malformed("part %d of the message: %v", n+1, err)
		}
		isRoot := start != "" && strings.Trim(p.Header.Get("Content-ID"), "<> ") == start
		if found && !isRoot {
			continue
		}
		var from io.Reader = p
		if strings.EqualFold(p.Header.Get("Content-Transfer-Encoding"), "base64") {
			from = base64.NewDecoder(base64.StdEncoding, p)
		}
		if part, err = io.ReadAll(from); err != nil {
			return "", nil, malformed("part %d of the message: %v", n+1, err)
		}
		contentType, found = p.Header.Get("Content-Type"), true
		if isRoot || start == "" {
			break
		}
	}
	if !found {
		return "", nil, malformed("the message has no part between its boundaries %q", boundary)
	}
	return contentType, part, nil
}

// Beginning shows how a body that is no SOAP begins, in one line, without long numbers.
func Beginning(body []byte) string {
	const most = 160
	text := strings.Join(strings.Fields(strings.ToValidUTF8(string(body[:min(len(body), 4*most)]), "\uFFFD")), " ")
	if r := []rune(text); len(r) > most {
		text = string(r[:most]) + "…"
	}
	return strconv.Quote(digits.ReplaceAllString(text, "…"))
}

// digits are what may be a phone number.
var digits = regexp.MustCompile(`[0-9]{7,}`)
