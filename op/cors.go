package op

import "net/http"

// allowCrossOrigin lets scripts of any origin read the answer, and reports whether the request was only
// the browser's question whether it may ask. Cookies are never allowed along: what is read here
// is public, or proven by what the request itself carries.
func allowCrossOrigin(w http.ResponseWriter, r *http.Request, allowed string) (preflight bool) {
	h := w.Header()
	h["Access-Control-Allow-Origin"] = anyOrigin
	if r.Method != http.MethodOptions {
		h["Access-Control-Expose-Headers"] = readableHeaders
		return false
	}
	h.Set("Allow", allowed)
	if r.Header.Get("Access-Control-Request-Method") != "" {
		h.Set("Access-Control-Allow-Methods", allowed)
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, DPoP")
		h.Set("Access-Control-Max-Age", "7200")
	}
	w.WriteHeader(http.StatusNoContent)
	return true
}

// The values are shared by all answers.
var (
	anyOrigin       = []string{"*"}
	readableHeaders = []string{"WWW-Authenticate, Retry-After, X-Request-Id"}
)
