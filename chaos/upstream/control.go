package upstream

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// maxControlBody bounds what the control port of a mock reads, in bytes.
const maxControlBody = 8 << 20

// Handler serves the rules of a mock's control port: GET returns them, PUT
// replaces them by a JSON array and returns them. An unknown field, a rule that
// is wrong, or one that accept (may be nil) refuses is a 400 that names it, and
// then nothing has changed.
func (s *Ruleset) Handler(accept func(Rule) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodGet:
		case http.MethodPut:
			if err := s.put(w, r, accept); err != nil {
				WriteError(w, http.StatusBadRequest, err)
				return
			}
		default:
			w.Header().Set("Allow", "GET, PUT")
			WriteError(w, http.StatusMethodNotAllowed, fmt.Errorf("%s is not allowed here, use GET or PUT", r.Method))
			return
		}
		WriteJSON(w, http.StatusOK, s.Rules())
	})
}

func (s *Ruleset) put(w http.ResponseWriter, r *http.Request, accept func(Rule) error) error {
	var rules []Rule
	if err := ReadJSON(w, r, &rules); err != nil {
		return err
	}
	if rules == nil {
		return errors.New("an array of rules is expected, [] heals")
	}
	for i, rule := range rules {
		if accept == nil {
			break
		}
		if err := accept(rule); err != nil {
			return fmt.Errorf("rule %d: %w", i, err)
		}
	}
	return s.Set(rules)
}

// ReadJSON reads the body of a control request strictly: one JSON value, no
// unknown field, 8 MiB at most.
func ReadJSON(w http.ResponseWriter, r *http.Request, v any) error {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxControlBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		if errors.Is(err, io.EOF) {
			return errors.New("the body is empty, JSON is expected")
		}
		return fmt.Errorf("read the body: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("read the body: more than one JSON value")
	}
	return nil
}

// WriteJSON answers a control request. A caller that has left is no error.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// WriteError answers a control request with {"error": "…"}.
func WriteError(w http.ResponseWriter, status int, err error) {
	WriteJSON(w, status, map[string]string{"error": err.Error()})
}
