package web

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"
)

// Area is what kind of caller an address is for. It decides the largest body, whether a
// browser on another site may call, and the form of errors. The first segment of a path
// belongs to one area.
type Area int

// The areas.
const (
	// Platform is what the platform calls: it has its own protocol, also for errors, and the
	// handler its own limit of the body.
	Platform Area = iota + 1
	// Page is what followers see in the platform's browser: an error is a page.
	Page
	// API is what scripts of pages and other systems call: JSON in an Envelope.
	API
	// Admin is for the operators: it is served at admin_listen alone where that is set (SEC-3).
	Admin
	// Control is what the servers of this system ask each other.
	Control
)

// policy is what an area decides.
type policy struct {
	name string
	// bodyLimit is the size of the largest body in bytes; 0 leaves it to the handler.
	bodyLimit int64
	// sameOrigin refuses a request that changes something and that a browser sends for a page
	// of another site (CSRF): a browser adds the follower's cookies to it.
	sameOrigin bool
	// page gives every answer the policy of pages, which its handler may replace.
	page bool
	// fail writes an error.
	fail func(w http.ResponseWriter, status int, message string) error
}

// policies is indexed by Area.
var policies = [...]policy{
	Platform: {name: "platform", fail: failBare},
	Page:     {name: "page", bodyLimit: 64 << 10, sameOrigin: true, page: true, fail: failPage},
	API:      {name: "api", bodyLimit: 1 << 20, sameOrigin: true, fail: failEnvelope},
	Admin:    {name: "admin", bodyLimit: 1 << 20, sameOrigin: true, fail: failEnvelope},
	Control:  {name: "control", bodyLimit: 1 << 20, fail: failEnvelope},
}

func (a Area) String() string { return policies[a].name }

// failBare gives the platform the status alone: it reads nothing else.
func failBare(w http.ResponseWriter, status int, _ string) error {
	w.WriteHeader(status)
	return nil
}

func failEnvelope(w http.ResponseWriter, status int, message string) error {
	return answer(w, status, Envelope{Code: status, Message: message})
}

// failPage tells a follower what to do. The id of the request is a plain word.
func failPage(w http.ResponseWriter, status int, _ string) error {
	text := "请求有误，请返回后重试。"
	switch {
	case status >= http.StatusInternalServerError:
		text = "系统繁忙，请稍后再试。"
	case status == http.StatusNotFound:
		text = "您访问的页面不存在。"
	case status == http.StatusForbidden:
		text = "您没有权限访问此页面。"
	case status == http.StatusTooManyRequests:
		text = "操作过于频繁，请稍后再试。"
	case status == http.StatusRequestEntityTooLarge:
		text = "提交的内容过大。"
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, err := fmt.Fprintf(w, "<!doctype html>\n<html lang=\"zh-CN\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"+
		"<title>提示</title><p>%s</p><p><small>%d · %s</small></p></html>\n", text, status, w.Header().Get(echo.HeaderXRequestID))
	return err
}

// answer writes the envelope with the id of the request.
func answer(w http.ResponseWriter, status int, e Envelope) error {
	e.RequestID = w.Header().Get(echo.HeaderXRequestID)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(e)
}

// Misdirected answers that another server has what was asked for; data says which one.
func Misdirected(w http.ResponseWriter, data any) error {
	const status = http.StatusMisdirectedRequest
	return answer(w, status, Envelope{Code: status, Message: "another node has this; data.members lists them", Data: data})
}

// OK answers with data in an envelope.
func OK(w http.ResponseWriter, data any) error {
	return answer(w, http.StatusOK, Envelope{Message: "ok", Data: data})
}
