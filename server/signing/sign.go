// Package signing owns the form in which requests to this system are signed (SEC-1): four
// parameters in the query, and a digest over the request under a secret. It is for other
// systems that are written in Go, too. docs/control.md describes the form.
package signing

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // a compatibility option of single apps, for systems that know no other
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The parameters of a signed request.
const (
	ParamApp       = "app"
	ParamTimestamp = "timestamp"
	ParamNonce     = "nonce"
	ParamSign      = "sign"
	// ParamSignType is absent for HMAC-SHA256.
	ParamSignType = "sign_type"
)

// MetaPrefix begins the names of the parameters in the metadata of gRPC.
const MetaPrefix = "oalab-"

// The kinds of signatures, values of ParamSignType.
const (
	TypeHMAC = "HMAC-SHA256"
	// TypeMD5 is for systems that know no other: an app has to be allowed to use it.
	TypeMD5 = "MD5"
)

// Text is what is signed: method, path, parameters and digest of the body, a line each. The
// parameters are those of the query without sign, each written name=value and escaped as in a
// query, sorted as bytes and joined with &.
func Text(method, path string, query url.Values, body []byte) []byte {
	var pairs []string
	for name, values := range query {
		if name == ParamSign {
			continue
		}
		for _, v := range values {
			pairs = append(pairs, url.QueryEscape(name)+"="+url.QueryEscape(v))
		}
	}
	slices.Sort(pairs)
	digest := sha256.Sum256(body)
	return []byte(method + "\n" + path + "\n" + strings.Join(pairs, "&") + "\n" + hex.EncodeToString(digest[:]))
}

// HMAC is the signature of a text under a secret.
func HMAC(text []byte, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(text)
	return hex.EncodeToString(mac.Sum(nil))
}

// MD5 is the signature of TypeMD5: the digest of the text, a line feed and the secret.
func MD5(text []byte, secret string) string {
	sum := md5.Sum(append(slices.Clone(text), "\n"+secret...)) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])
}

// Metadata are the parameters of a signed call of gRPC, in its metadata: each under MetaPrefix and
// its name. What is signed is the Text of a POST of the method's full name, such as
// /oalab.control.v1.Tokens/Get, with the message as its body; a stream is signed when it is
// opened, with an empty body.
func Metadata(method string, message []byte, app, secret string, now time.Time) map[string]string {
	query := url.Values{
		ParamApp: {app}, ParamTimestamp: {strconv.FormatInt(now.Unix(), 10)}, ParamNonce: {rand.Text()},
	}
	signed := map[string]string{MetaPrefix + ParamSign: HMAC(Text(http.MethodPost, method, query, message), secret)}
	for name := range query {
		signed[MetaPrefix+name] = query.Get(name)
	}
	return signed
}

// Sign signs a request whose body is given: it adds the parameters to its query.
func Sign(r *http.Request, body []byte, app, secret string, now time.Time) {
	query := r.URL.Query()
	query.Set(ParamApp, app)
	query.Set(ParamTimestamp, strconv.FormatInt(now.Unix(), 10))
	query.Set(ParamNonce, rand.Text())
	query.Set(ParamSign, HMAC(Text(r.Method, r.URL.EscapedPath(), query, body), secret))
	r.URL.RawQuery = query.Encode()
}
