package carrierapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"

	"oalab/server/carrier"
)

// service is what is known of the carrier's service.
type service struct {
	ports   []port
	groups  map[string]*group // by operation
	doubted atomic.Bool       // a call has failed: the description may be another by now
}

// group is the ports that have the same operations: those of a family where the carrier's
// description has a port for each, all of them where each port has all operations.
type group struct {
	ports   []*port
	current atomic.Int32 // the port that answered last
}

// newService groups the ports by their operations.
func newService(ports []port) *service {
	s := &service{ports: ports, groups: map[string]*group{}}
	same := map[string]*group{}
	for _, op := range carrier.Operations() {
		var having []*port
		var key []byte // the indices of these ports
		for i := range s.ports {
			if _, has := s.ports[i].Actions[op]; has {
				having, key = append(having, &s.ports[i]), fmt.Append(key, i, " ")
			}
		}
		if len(having) == 0 {
			continue
		}
		if same[string(key)] == nil {
			same[string(key)] = &group{ports: having}
		}
		s.groups[op] = same[string(key)]
	}
	return s
}

// port is one place where the service can be called, and where its address is from.
type port struct {
	carrier.Port
	origin string
}

const originConfig = "carrier.endpoint of the configuration"

const (
	// wsdlTries is how often one reading tries to fetch the WSDL.
	wsdlTries = 3
	// rereadPause is the least time between two readings of a description that is in doubt.
	rereadPause = 2 * time.Second
	// maxDocuments bounds the documents of one description.
	maxDocuments = 32
)

// errDescription is wrapped by the errors of a WSDL that cannot be had or used.
var errDescription = errors.New("the carrier's description cannot be used")

// reading is one fetch of the WSDL, which all who need it wait for.
type reading struct {
	done    chan struct{}
	service *service
	err     error
}

// find returns the service. The first caller begins to read the WSDL, the others wait for
// the same reading; after a failure the next caller tries again. A description in doubt
// stays in use while it is read again.
func (c *Client) find(ctx context.Context) (*service, error) {
	if s := c.service.Load(); s != nil {
		if c.wsdl != "" && s.doubted.Load() {
			c.readers.begin(c.read, rereadPause)
		}
		return s, nil
	}
	r := c.readers.begin(c.read, 0)
	if r == nil {
		return nil, fmt.Errorf("%w: the client is closed", errDescription)
	}
	select {
	case <-r.done:
		return r.service, r.err
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the WSDL %s: %w", c.wsdl, ctx.Err())
	}
}

// begin starts a reading, or joins the one under way. It returns nil after stop, and when
// the last one ended less than a pause ago.
func (r *readers) begin(read func(context.Context) (*service, error), pause time.Duration) *reading {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current != nil {
		return r.current
	}
	if r.base.Err() != nil || pause > 0 && time.Since(r.ended) < pause {
		return nil
	}
	now := &reading{done: make(chan struct{})}
	r.current = now
	r.running.Go(func() {
		now.service, now.err = read(r.base)
		r.mu.Lock()
		r.current, r.ended = nil, time.Now()
		r.mu.Unlock()
		close(now.done)
	})
	return now
}

// read fetches the description and puts it to use.
func (c *Client) read(ctx context.Context) (*service, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	s, err := backoff.Retry(ctx, func() (*service, error) { return c.fetch(ctx) },
		backoff.WithBackOff(backoff.NewConstantBackOff(50*time.Millisecond)), backoff.WithMaxTries(wsdlTries))
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", errDescription, c.wsdl, err)
	}
	old := c.service.Load()
	if old != nil && reflect.DeepEqual(old.ports, s.ports) {
		old.doubted.Store(false)
		return old, nil
	}
	c.service.Store(s)
	if old != nil {
		c.log.Info("the carrier's description has changed", "wsdl", c.wsdl, "address", s.ports[0].Address, "ports", len(s.ports))
	}
	return s, nil
}

// fetch reads the WSDL and what it imports. An import that cannot be had matters only if
// the description is incomplete without it.
func (c *Client) fetch(ctx context.Context) (*service, error) {
	first, err := c.document(ctx, c.wsdl)
	if err != nil {
		return nil, err
	}
	docs, seen := []*carrier.WSDL{first}, []string{c.wsdl}
	var missing error
	for i := 0; i < len(docs); i++ {
		for _, address := range docs[i].Imports() {
			if slices.Contains(seen, address) {
				continue
			}
			if seen = append(seen, address); len(seen) > maxDocuments {
				return nil, fmt.Errorf("it imports more than %d documents", maxDocuments)
			}
			doc, err := c.document(ctx, address)
			if err != nil {
				missing = errors.Join(missing, fmt.Errorf("import %s: %w", address, err))
				continue
			}
			docs = append(docs, doc)
		}
	}
	d, err := carrier.Describe(docs, c.endpoint)
	if err != nil {
		return nil, errors.Join(err, missing)
	}
	ports := make([]port, 0, len(d.Ports))
	for _, p := range d.Ports {
		origin := originConfig
		if p.Name != "" || c.endpoint == "" {
			origin = fmt.Sprintf("port %s of %s", p.Name, c.wsdl)
		}
		ports = append(ports, port{Port: p, origin: origin})
	}
	if len(d.Problems) > 0 {
		c.log.Debug("parts of the carrier's description cannot be used", "wsdl", c.wsdl, "problems", d.Problems)
	}
	return newService(ports), nil
}

func (c *Client) document(ctx context.Context, address string) (*carrier.WSDL, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	res, err := c.reading.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, carrier.MaxWSDL+1))
	if err != nil {
		return nil, err
	}
	kind := res.Header.Get("Content-Type")
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP status %d, type %q, the answer begins %s", res.StatusCode, kind, carrier.Beginning(raw))
	}
	if raw, err = carrier.Document(kind, raw); err != nil {
		return nil, err
	}
	// What is relative is so to where the document was found in the end.
	doc, err := carrier.ReadWSDL(raw, res.Request.URL.String())
	if err != nil {
		return nil, fmt.Errorf("type %q: %w; it begins %s", kind, err, carrier.Beginning(raw))
	}
	return doc, nil
}
