package wechatapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	pathUpload = "/cgi-bin/media/upload"
	pathMedia  = "/cgi-bin/media/get"
)

// mediaTimeout bounds one transfer of a file.
const mediaTimeout = 30 * time.Second

// ErrTooLarge says that a file is larger than its caller takes.
var ErrTooLarge = errors.New("the file is too large")

// ErrPlace says that a video is said to be at an address that is not the platform's. It is not
// asked for there.
var ErrPlace = errors.New("the address of the video is not the platform's")

// leastRead is how much of an answer is read at least, so that an error is read as a whole.
const leastRead = 4096

// UploadMedia gives the platform a file of a kind, which is image, voice, video or thumb, and
// returns the media_id that it has for three days. By the end of fileName the platform knows
// the type. A repeat makes another media_id.
func (c *Client) UploadMedia(ctx context.Context, account, kind, fileName string, content []byte) (mediaID string, err error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("media", fileName)
	if err == nil {
		_, err = part.Write(content)
	}
	if err = errors.Join(err, form.Close()); err != nil {
		return "", fmt.Errorf("%s: encode request: %w", pathUpload, err)
	}
	var answer struct {
		MediaID string `json:"media_id"`
		ThumbID string `json:"thumb_media_id"`
	}
	err = c.withToken(ctx, account, pathUpload, func(token, secret string) error {
		secrets := []string{token, secret}
		said, _, err := c.exchange(ctx, question{
			method: http.MethodPost, path: pathUpload, query: url.Values{"access_token": {token}, "type": {kind}},
			contentType: form.FormDataContentType(), body: body.Bytes(), limit: maxAnswer, timeout: mediaTimeout,
		}, secrets)
		if err != nil {
			return err
		}
		return read(pathUpload, said, &answer, secrets)
	})
	if err != nil {
		return "", err
	}
	if mediaID = answer.MediaID + answer.ThumbID; mediaID == "" {
		return "", errors.New(pathUpload + ": the answer has no media_id")
	}
	return mediaID, nil
}

// FetchMedia returns a file of an account by its media_id, also one that a follower sent. One
// of more than limit bytes is ErrTooLarge. It may be repeated.
func (c *Client) FetchMedia(ctx context.Context, account, mediaID string, limit int) (content []byte, err error) {
	var answer struct {
		Video string `json:"video_url"`
	}
	err = c.withToken(ctx, account, pathMedia, func(token, secret string) error {
		secrets := []string{token, secret}
		said, contentType, err := c.exchange(ctx, question{
			method: http.MethodGet, path: pathMedia, query: url.Values{"access_token": {token}, "media_id": {mediaID}},
			limit: max(int64(limit)+1, leastRead), timeout: mediaTimeout,
		}, secrets)
		// A file is never JSON, and an error always is.
		if err != nil || !strings.HasPrefix(contentType, "application/json") && !strings.HasPrefix(contentType, "text/plain") {
			content = said
			return err
		}
		return read(pathMedia, said, &answer, secrets)
	})
	if err == nil && answer.Video != "" {
		content, err = c.fetchVideo(ctx, answer.Video, limit)
	}
	switch {
	case err != nil:
		return nil, err
	case len(content) > limit:
		return nil, fmt.Errorf("%s: %w: more than %d bytes", pathMedia, ErrTooLarge, limit)
	case len(content) == 0:
		return nil, errors.New(pathMedia + ": the answer has no file")
	}
	return content, nil
}

// fetchVideo gets a video from where the platform says that it is. The address comes from
// outside: only one of the platform's own is asked, without a token.
func (c *Client) fetchVideo(ctx context.Context, address string, limit int) ([]byte, error) {
	if !c.ownPlace(address) {
		return nil, ErrPlace
	}
	ctx, cancel := context.WithTimeout(ctx, mediaTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, ErrPlace
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s: fetch the video: %w", pathMedia, redact(err, nil))
	}
	defer res.Body.Close()
	content, err := io.ReadAll(io.LimitReader(res.Body, int64(limit)+1))
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("answered HTTP %d", res.StatusCode)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: fetch the video: %w", pathMedia, redact(err, nil))
	}
	return content, nil
}

// videoHosts end the names of hosts that the platform keeps videos at.
const videoHosts = ".qq.com"

// ownPlace reports whether an address is the platform's: at its API's host, or at one of its
// hosts for videos.
func (c *Client) ownPlace(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	base, err := url.Parse(c.base)
	if err == nil && strings.EqualFold(u.Host, base.Host) {
		return true
	}
	return u.Port() == "" && strings.HasSuffix(strings.ToLower(u.Hostname()), videoHosts)
}
