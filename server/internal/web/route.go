package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// Route is an address that a feature answers.
type Route struct {
	// Feature names the owner in errors of the start; package server fills it in.
	Feature string
	Method  string
	// Pattern is the path. A segment {name} stands for any one segment, whose text Serve gets;
	// the first segment has no parameter.
	Pattern string
	Area    Area
	Serve   Serve
}

// Serve answers a request. An error is written in the form of the area, unless an answer was
// begun; the package's errors say with which status, and the text of any other is only logged.
type Serve func(w http.ResponseWriter, r *http.Request, path Path) error

// Path has the parameters of a path. It is an argument and no value of the request, as
// http.Request.SetPathValue costs each callback a map.
type Path interface {
	// Param is the text of segment {name}; "" where the pattern has none.
	Param(name string) string
}

// site knows which area a path belongs to, also a path that no route answers.
type site struct {
	segments map[string]Route  // first segment: a route below it
	taken    map[string]string // method and shape of a path: the feature
	origin   *http.CrossOriginProtection
	pages    string // Content-Security-Policy of pages
	refused  refused
}

// mount gives a route to the router. Two routes on one pattern, and two areas below one
// first segment, are errors that name both features.
func (s *site) mount(e *echo.Echo, r Route) error {
	where := r.Method + " " + r.Pattern
	path, shape, err := echoPath(r.Pattern)
	switch {
	case err != nil:
		return fmt.Errorf("route %s of %s: %w", where, r.Feature, err)
	case r.Method == "" || r.Serve == nil:
		return fmt.Errorf("route %s of %s: needs a method and a handler", where, r.Feature)
	case r.Area < Platform || r.Area > Control:
		return fmt.Errorf("route %s of %s: has no area", where, r.Feature)
	}
	same := r.Method + " " + shape
	if other, twice := s.taken[same]; twice {
		return fmt.Errorf("route %s: both %s and %s answer it", where, other, r.Feature)
	}
	first := firstSegment(r.Pattern)
	if other, known := s.segments[first]; known && other.Area != r.Area {
		return fmt.Errorf("route %s of %s is of area %s, and /%s belongs to area %s (%s of %s)",
			where, r.Feature, r.Area, first, other.Area, other.Pattern, other.Feature)
	}
	s.taken[same], s.segments[first] = r.Feature, r
	e.Add(r.Method, path, func(c echo.Context) error { return r.Serve(c.Response(), c.Request(), c) })
	return nil
}

// area is the one that a path belongs to. A path that no feature has claimed is answered as
// an API is.
func (s *site) area(path string) Area {
	if r, known := s.segments[firstSegment(path)]; known {
		return r.Area
	}
	return API
}

func firstSegment(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return first
}

// echoPath writes a pattern in the router's way. Its shape is the path without the names of
// its parameters: two routes that differ in them alone are the same.
func echoPath(pattern string) (path, shape string, err error) {
	rest, ok := strings.CutPrefix(pattern, "/")
	if !ok {
		return "", "", fmt.Errorf("pattern %q must begin with /", pattern)
	}
	for i, segment := range strings.Split(rest, "/") {
		name, open := strings.CutPrefix(segment, "{")
		name, closed := strings.CutSuffix(name, "}")
		if strings.ContainsAny(name, "{}:*") || open != closed || open && (name == "" || i == 0) {
			return "", "", fmt.Errorf("pattern %q: segment %q is neither plain nor a {name} behind a plain one", pattern, segment)
		}
		if open {
			path, shape = path+"/:"+name, shape+"/:"
		} else {
			path, shape = path+"/"+name, shape+"/"+name
		}
	}
	return path, shape, nil
}
