package message

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Reply is what the platform read out of an answer to a push.
type Reply struct {
	// MsgType of the reply; empty for "success" and for an empty body.
	MsgType string
	// Content of a text reply.
	Content string
	// Plain is the answer in plaintext, as the checkers compare it.
	Plain string
}

// MaxText is the longest text of a reply and of a customer-service message, in bytes. Sources
// disagree whether the platform takes 2 048 or one less, so the mock refuses 2 048. Otherwise
// a text of that length would pass here and be lost there.
const MaxText = 2047

// maxArticles is how many articles a news reply may have.
const maxArticles = 8

// ReadReply judges the plaintext answer of a server to a push from openID to the
// account with originalID, as tolerant as the platform is: children in any
// order, CDATA or escaped text, any CreateTime, white space around. An empty
// originalID is not compared. An error says why the follower would see "service
// unavailable" (sheet 1.3, 2.4, 2.5).
func ReadReply(body []byte, openID, originalID string) (Reply, error) {
	trimmed := bytes.TrimSpace(body)
	if len(trimmed) == 0 {
		return Reply{}, nil
	}
	if string(trimmed) == "success" {
		return Reply{Plain: "success"}, nil
	}
	reply := Reply{Plain: string(body)}
	root, err := parseXML(body)
	if err != nil {
		return reply, err
	}
	if root.name != "xml" {
		return reply, fmt.Errorf("%w: root element is <%s>, want <xml>", errXML, root.name)
	}
	if err := expect(root, "ToUserName", openID); err != nil {
		return reply, err
	}
	if err := expect(root, "FromUserName", originalID); err != nil {
		return reply, err
	}
	if _, err := nonEmpty(root, "CreateTime"); err != nil {
		return reply, err
	}
	msgType, err := nonEmpty(root, "MsgType")
	if err != nil {
		return reply, err
	}
	reply.MsgType = msgType
	reply.Content, err = readKind(root, msgType)
	return reply, err
}

// readKind checks what a type must carry and returns the text of a text.
func readKind(root *node, msgType string) (content string, err error) {
	switch msgType {
	case "text":
		content, err = nonEmpty(root, "Content")
		if err == nil && len(content) > MaxText {
			err = fmt.Errorf("%w: text of %d bytes, the limit is %d", errXML, len(content), MaxText)
		}
		return content, err
	case "image":
		return "", wrapped(root, "Image", "MediaId")
	case "voice":
		return "", wrapped(root, "Voice", "MediaId")
	case "video":
		return "", wrapped(root, "Video", "MediaId")
	case "music":
		return "", wrapped(root, "Music", "ThumbMediaId")
	case "news":
		return "", readNews(root)
	case "transfer_customer_service":
		for _, c := range root.children {
			if c.name == "TransInfo" {
				return "", wrapped(root, "TransInfo", "KfAccount")
			}
		}
		return "", nil
	}
	return "", fmt.Errorf("%w: MsgType %q is not a reply type", errXML, msgType)
}

func readNews(root *node) error {
	text, err := nonEmpty(root, "ArticleCount")
	if err != nil {
		return err
	}
	count, err := strconv.Atoi(text)
	if err != nil || count < 1 || count > maxArticles {
		return fmt.Errorf("%w: ArticleCount %q, want 1 to %d", errXML, text, maxArticles)
	}
	articles, err := root.child("Articles")
	if err != nil {
		return err
	}
	if len(articles.children) != count {
		return fmt.Errorf("%w: ArticleCount %d, but %d articles", errXML, count, len(articles.children))
	}
	for i := range articles.children {
		item := &articles.children[i]
		if item.name != "item" {
			return fmt.Errorf("%w: <%s> among the articles", errXML, item.name)
		}
		if _, err := nonEmpty(item, "Title"); err != nil {
			return err
		}
	}
	return nil
}

func expect(n *node, name, want string) error {
	got, err := nonEmpty(n, name)
	if err != nil {
		return err
	}
	if want != "" && got != want {
		return fmt.Errorf("%w: %s is %q, want %q", errXML, name, got, want)
	}
	return nil
}

func wrapped(n *node, wrapper, name string) error {
	c, err := n.child(wrapper)
	if err != nil {
		return err
	}
	_, err = nonEmpty(c, name)
	return err
}

func nonEmpty(n *node, name string) (string, error) {
	c, err := n.child(name)
	if err != nil {
		return "", err
	}
	if len(c.children) > 0 {
		return "", fmt.Errorf("%w: <%s> has elements, want text", errXML, name)
	}
	text := c.text
	if name != "Content" {
		text = strings.TrimSpace(text)
	}
	if strings.TrimSpace(text) == "" {
		return "", fmt.Errorf("%w: <%s> is empty", errXML, name)
	}
	return text, nil
}
