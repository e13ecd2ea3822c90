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
	pathKeys       = "/keys"
	pathAuthorize  = "/authorize"
	pathCallback   = "/authorize/callback"
	pathToken      = "/token"
	pathUserinfo   = "/userinfo"
	pathIntrospect = "/introspect"
	pathRevoke     = "/revoke"
	pathEndSession = "/end_session"
)

// route says what a path accepts, before anybody looks at what was sent.
type route struct {
	path    string
	methods string // separated by spaces
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
	table := map[string]route{}
	for _, r := range []route{
		{pathDiscovery, "GET HEAD", public, true, p.serveDiscovery},
		{pathKeys, "GET HEAD", public, true, p.serveKeys},
		{pathAuthorize, "GET POST", person, false, p.authorize},
		{pathCallback, "GET", person, false, p.callback},
		{pathToken, "POST", client, true, p.throughLibrary(schemeBasic)},
		{pathIntrospect, "POST", client, false, p.throughLibrary(schemeBasic)},
		{pathRevoke, "POST", client, true, p.throughLibrary(schemeBasic)},
		{pathUserinfo, "GET POST", resource, true, p.throughLibrary(schemeBearer)},
		{pathEndSession, "GET POST", person, false, p.endSession},
	} {
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

// Handler answers every path of [Provider.Paths] and 404 for others; the library's own routes for
// health, which say more than they should, are not among them.
func (p *Provider) Handler() http.Handler { return http.HandlerFunc(p.serve) }

func (p *Provider) serve(w http.ResponseWriter, r *http.Request) {
	route, ok := p.routes[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	origin := p.cfg.Origin(r)
	r = r.WithContext(withOrigin(r.Context(), origin))
	if route.cors && allowCrossOrigin(w, r, route.methods) {
		return
	}
	if !slices.Contains(strings.Fields(route.methods), r.Method) {
		w.Header().Set("Allow", strings.ReplaceAll(route.methods, " ", ", "))
		p.refuseAt(route, w, r, refuse(invalidRequest, "the method is not allowed here").with(http.StatusMethodNotAllowed))
		return
	}
	if route.kind == public {
		route.serve(w, r)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	if origin.RequestID != "" && w.Header().Get("X-Request-Id") == "" {
		w.Header().Set("X-Request-Id", origin.RequestID)
	}
	if refused := readParameters(w, r, route.kind); refused != nil {
		p.refuseAt(route, w, r, refused)
		return
	}
	route.serve(w, r)
}

// refuseAt answers an error in the form of the route.
func (p *Provider) refuseAt(route route, w http.ResponseWriter, r *http.Request, e *refusal) {
	switch route.kind {
	case person:
		p.problem(w, r, e)
	case client:
		p.writeError(w, r, schemeBasic, e)
	case resource:
		p.writeError(w, r, schemeBearer, e)
	default:
		p.writeError(w, r, "", e)
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
