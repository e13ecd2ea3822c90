package op

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/vestibule-id/vestibule/identity"
)

// The paths of the protocol.
const (
	pathDiscovery  = "/.well-known/openid-configuration"
	pathMetadata   = "/.well-known/oauth-authorization-server" // RFC 8414: the same document
	pathKeys       = "/keys"
	pathAuthorize  = "/authorize"
	pathCallback   = "/authorize/callback"
	pathPushed     = "/par"
	pathDevice     = "/device_authorization"
	pathToken      = "/token"
	pathUserinfo   = "/userinfo"
	pathIntrospect = "/introspect"
	pathRevoke     = "/revoke"
	pathEndSession = "/end_session"
)

// route says what a path accepts, before anybody looks at what was sent.
type route struct {
	path    string
	allow   string // the methods, as the Allow header lists them
	methods []string
	kind    kind
	cors    bool // scripts of any origin may read the answer, without credentials
	serve   http.HandlerFunc
}

// kind says who is on the other side, and so in which form an answer and an error are given.
type kind int

const (
	public   kind = iota // a document for everybody; may be kept by caches
	person               // a browser: errors are pages
	client               // a program that proves who it is: a form is posted, errors are JSON
	resource             // a program that shows an access token: errors are JSON
)

// routeTable is everything a client can ask of the provider.
func (p *Provider) routeTable() map[string]route {
	documents, both, post := []string{"GET", "HEAD"}, []string{"GET", "POST"}, []string{"POST"}
	table := map[string]route{}
	for _, r := range []route{
		{path: pathDiscovery, methods: documents, kind: public, cors: true, serve: p.serveDiscovery},
		{path: pathMetadata, methods: documents, kind: public, cors: true, serve: p.serveDiscovery},
		{path: pathKeys, methods: documents, kind: public, cors: true, serve: p.serveKeys},
		{path: pathAuthorize, methods: both, kind: person, serve: p.authorize},
		{path: pathCallback, methods: []string{"GET"}, kind: person, serve: p.callback},
		{path: pathPushed, methods: post, kind: client, cors: true, serve: p.push},
		{path: pathDevice, methods: post, kind: client, serve: p.authorizeDevice},
		{path: pathToken, methods: post, kind: client, cors: true, serve: p.serveToken},
		{path: pathIntrospect, methods: post, kind: client, serve: p.serveIntrospection},
		{path: pathRevoke, methods: post, kind: client, cors: true, serve: p.throughLibrary(schemeBasic)},
		{path: pathUserinfo, methods: both, kind: resource, cors: true, serve: p.serveUserinfo},
		{path: pathEndSession, methods: both, kind: person, serve: p.endSession},
	} {
		r.allow = strings.Join(r.methods, ", ")
		table[r.path] = r
	}
	return table
}

// Paths lists the paths the provider answers, for whoever mounts [Provider.Handler].
func (p *Provider) Paths() []string {
	var paths []string
	for path := range p.routes {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

// Handler answers every path of [Provider.Paths] and the page 404 for others; the library's own routes for
// health, which say more than they should, are not among them.
func (p *Provider) Handler() http.Handler { return http.HandlerFunc(p.serve) }

func (p *Provider) serve(w http.ResponseWriter, r *http.Request) {
	route, ok := p.routes[r.URL.Path]
	switch {
	case !ok:
		p.cfg.Pages.Problem(w, r, http.StatusNotFound)
	case route.cors && allowCrossOrigin(w, r, route.allow):
	case slices.Contains(route.methods, r.Method) && route.kind == public:
		route.serve(w, r)
	default:
		p.serveOne(route, w, p.identified(w, r))
	}
}

// serveOne answers a request that concerns one client or one person: no cache may keep the answer.
func (p *Provider) serveOne(route route, w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	if !slices.Contains(route.methods, r.Method) {
		w.Header().Set("Allow", route.allow)
		p.refuseAt(route, w, r, refuse(invalidRequest, "the method is not allowed here").with(http.StatusMethodNotAllowed))
		return
	}
	if refused := readParameters(w, r, route.kind); refused != nil {
		p.refuseAt(route, w, r, refused)
		return
	}
	if route.kind == client {
		p.serveClient(route, w, r)
		return
	}
	route.serve(w, r)
}

// identified returns the request with its origin in the context, and puts its id into the answer.
func (p *Provider) identified(w http.ResponseWriter, r *http.Request) *http.Request {
	origin := p.cfg.Origin(r)
	if origin.RequestID != "" && w.Header().Get("X-Request-Id") == "" {
		w.Header().Set("X-Request-Id", origin.RequestID)
	}
	return r.WithContext(withOrigin(r.Context(), origin))
}

// refuseAt answers an error in the form of the route.
func (p *Provider) refuseAt(route route, w http.ResponseWriter, r *http.Request, e *refusal) {
	switch route.kind {
	case person:
		p.problem(w, r, e)
	case client:
		p.refuseClient(w, r, schemeBasic, e)
	case resource:
		p.refuseClient(w, r, schemeBearer, e)
	default:
		p.refuseClient(w, r, "", e)
	}
}

// originKey is where a request's origin is kept in its context: the library hands on nothing else.
type originKey struct{}

func withOrigin(ctx context.Context, o identity.Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// originOf says where the request behind a context came from. The caller fills in the actor.
func originOf(ctx context.Context) identity.Origin {
	o, _ := ctx.Value(originKey{}).(identity.Origin)
	return o
}
