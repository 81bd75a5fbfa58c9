package mockcarrier

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"oalab/server/carrier"
)

// Handler serves the SOAP service and its WSDL.
func (c *Carrier) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != Path:
			http.Error(w, "nothing here, the service is at "+Path, http.StatusNotFound)
		case int(c.inFlight.Add(1)) > c.cfg.MaxInFlight:
			c.inFlight.Add(-1)
			w.Header().Set("Retry-After", "1")
			http.Error(w, "too many calls under way", http.StatusServiceUnavailable)
		default:
			defer c.inFlight.Add(-1)
			c.serve(w, r)
		}
	})
}

func (c *Carrier) serve(w http.ResponseWriter, r *http.Request) {
	x := &exchange{carrier: c, epoch: c.current(), w: w, r: r, arrived: time.Now()}
	switch {
	case r.Method == http.MethodGet && wantsWSDL(r):
		x.describe()
	case r.Method == http.MethodPost:
		x.answer()
	default:
		w.Header().Set("Allow", "POST")
		http.Error(w, "calls come by POST, the WSDL is at "+Path+"?wsdl", http.StatusMethodNotAllowed)
	}
}

// wantsWSDL finds the query wsdl in any case, with or without a value.
func wantsWSDL(r *http.Request) bool {
	for name := range r.URL.Query() {
		if strings.EqualFold(name, "wsdl") {
			return true
		}
	}
	return false
}

// errMediaType is a request that is no SOAP by its own word; it is answered
// with status 415 and not with a fault.
var errMediaType = errors.New("unsupported media type")

// readCall reads a request and holds it against the rules of HTTP binding. The
// error is errMediaType or a *carrier.FaultError to answer with, in the version
// of the call, which is always set.
func readCall(w http.ResponseWriter, r *http.Request) (carrier.Call, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !slices.Contains([]string{"text/xml", "application/xml", "application/soap+xml"}, media) {
		return carrier.Call{Version: carrier.SOAP11}, fmt.Errorf("%w %q: send text/xml (SOAP 1.1) or application/soap+xml (1.2)",
			errMediaType, r.Header.Get("Content-Type"))
	}
	guess := carrier.SOAP11
	if media == "application/soap+xml" {
		guess = carrier.SOAP12
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, carrier.MaxEnvelope))
	if err != nil {
		return carrier.Call{Version: guess}, carrier.Faultf(carrier.FaultClient, "read the request: %v", err)
	}
	document, err := carrier.Document(r.Header.Get("Content-Type"), raw)
	if err != nil {
		return carrier.Call{Version: guess}, carrier.Faultf(carrier.FaultClient, "%v", err)
	}
	call, err := carrier.DecodeRequest(document)
	if call.Version == 0 {
		call.Version = guess
	}
	if err == nil {
		err = checkAction(call, r.Header)
	}
	if err == nil {
		err = checkLengths(call)
	}
	return call, err
}

// checkAction holds the SOAPAction against the body. SOAP 1.1 needs the header,
// though it may be empty; quotes are optional because SOAP::Lite leaves them
// out, and so is what is before the operation's name.
func checkAction(call carrier.Call, h http.Header) error {
	values, there := h["Soapaction"]
	if !there {
		if call.Version == carrier.SOAP11 {
			return carrier.Faultf(carrier.FaultClient, "the SOAPAction header is missing, SOAP 1.1 needs it")
		}
		return nil
	}
	action := strings.Trim(strings.TrimSpace(values[0]), `"`)
	if i := strings.LastIndexAny(action, ":/#"); i >= 0 {
		action = action[i+1:]
	}
	if action != call.Operation && carrier.Known(action) {
		return carrier.Faultf(carrier.FaultClient, "the SOAPAction is %s, the body asks for %s", action, call.Operation)
	}
	return nil
}

// maxName bounds serials, numbers, codes and addresses, which are kept in memory or written
// to the ledger.
const maxName = 64

func checkLengths(call carrier.Call) error {
	q := questionOf(call.Request)
	for _, field := range []struct{ name, value string }{
		{"Serial", q.serial}, {"Msisdn", q.phone}, {q.codeName, q.code}, {"Effective", q.effective}, {"ClientIP", q.ip},
	} {
		if len(field.value) > maxName {
			return carrier.Faultf(carrier.FaultClient, "%s is longer than %d bytes", field.name, maxName)
		}
	}
	return nil
}
