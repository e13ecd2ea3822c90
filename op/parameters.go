package op

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// maxForm bounds the body of every request (PRODUCT §4).
const maxForm = 64 << 10

// maxParameters bounds their number (SECURITY R98).
const maxParameters = 64

// readParameters reads the parameters of a request into r.Form and r.PostForm, where nobody reads them
// a second time. It refuses what two readers could understand in two ways: a parameter given twice
// (RFC 6749 §3.1), in the wrong place, or in a text that is none.
func readParameters(w http.ResponseWriter, r *http.Request, k kind) *refusal {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return refuse(invalidRequest, "the query cannot be read")
	}
	posted := url.Values{}
	if r.Method == http.MethodPost {
		if len(query) > 0 {
			return refuse(invalidRequest, "send the parameters in the body, not in the query")
		}
		var refused *refusal
		if posted, refused = readBody(w, r, k); refused != nil {
			return refused
		}
	}
	if k == resource && query.Has("access_token") {
		return refuse(invalidRequest, "send the access token in the Authorization header, not in the query")
	}
	r.PostForm = posted
	r.Form = posted
	if r.Method != http.MethodPost {
		r.Form = query
	}
	if refused := checkParameters(r.Form); refused != nil {
		return refused
	}
	return checkCredentials(r, k)
}

// readBody reads a form.
func readBody(w http.ResponseWriter, r *http.Request, k kind) (url.Values, *refusal) {
	if r.Header.Get("Content-Encoding") != "" {
		return nil, refuse(invalidRequest, "a compressed body is not accepted").with(http.StatusUnsupportedMediaType)
	}
	body, err := readAnnounced(w, r)
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return nil, refuse(invalidRequest, "the body is larger than 64 KiB").with(http.StatusRequestEntityTooLarge)
	}
	if err != nil {
		return nil, refuse(invalidRequest, "the body cannot be read").because(err)
	}
	if len(body) == 0 && k == resource { // the token is in the header
		return url.Values{}, nil
	}
	if form, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || form != "application/x-www-form-urlencoded" {
		return nil, refuse(invalidRequest, "the body must be application/x-www-form-urlencoded")
	}
	posted, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, refuse(invalidRequest, "the body cannot be read as a form")
	}
	return posted, nil
}

// readAnnounced reads a body; one that is announced as too large is not waited for.
func readAnnounced(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > maxForm {
		w.Header().Set("Connection", "close")
		return nil, &http.MaxBytesError{Limit: maxForm}
	}
	return io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
}

// checkParameters refuses doubled parameters and texts no database takes, and drops empty parameters,
// which count as left out (RFC 6749 §3.1).
func checkParameters(form url.Values) *refusal {
	if len(form) > maxParameters {
		return refuse(invalidRequest, "there are more than 64 parameters")
	}
	for name, values := range form {
		switch {
		case len(values) > 1:
			return refuse(invalidRequest, "a parameter is given twice")
		case !plain(name) || !plain(values[0]):
			return refuse(invalidRequest, "a parameter is not valid UTF-8, or contains NUL")
		case values[0] == "":
			delete(form, name)
		}
	}
	return nil
}

// checkCredentials refuses credentials the library would overlook or take from two places.
func checkCredentials(r *http.Request, k kind) *refusal {
	given := r.Header.Values("Authorization")
	if len(given) > 1 {
		return refuse(invalidRequest, "there is more than one Authorization header")
	}
	switch {
	case k == client && len(given) == 1:
		return checkBasic(r)
	case k == client && !r.PostForm.Has("client_id") && !r.PostForm.Has("client_assertion"):
		return refuse(invalidClient, "the client did not say who it is")
	case k == resource:
		return checkBearer(r, given)
	}
	return nil
}

// checkBasic refuses an Authorization header that is not Basic (RFC 6749 §2.3.1), and a second proof
// beside it.
func checkBasic(r *http.Request) *refusal {
	id, secret, ok := r.BasicAuth()
	if !ok {
		return refuse(invalidClient, "the Authorization header cannot be read as Basic")
	}
	for _, part := range []string{id, secret} {
		decoded, err := url.QueryUnescape(part)
		if err != nil || !plain(decoded) {
			return refuse(invalidClient, "encode the client id and secret as a form would, before joining them")
		}
		if part == id && r.PostForm.Has("client_id") && r.PostForm.Get("client_id") != decoded {
			return refuse(invalidRequest, "the body names another client than the Authorization header")
		}
	}
	if r.PostForm.Has("client_secret") || r.PostForm.Has("client_assertion") {
		return refuse(invalidRequest, "client authentication must not use more than one method")
	}
	return nil
}

// checkBearer refuses a token in two places, and one that is in none (RFC 6750 §2, §3.1).
func checkBearer(r *http.Request, given []string) *refusal {
	inBody := r.PostForm.Has("access_token")
	if len(given) == 0 {
		if !inBody {
			return refuse(invalidRequest, "an access token is missing").with(http.StatusUnauthorized)
		}
		return nil
	}
	scheme, token, _ := strings.Cut(given[0], " ")
	switch {
	case inBody:
		return refuse(invalidRequest, "the access token is given twice")
	case !strings.EqualFold(scheme, schemeBearer) && !strings.EqualFold(scheme, schemeDPoP) || strings.TrimSpace(token) == "" || !plain(token):
		return refuse(invalidRequest, "the Authorization header holds no Bearer token").with(http.StatusUnauthorized)
	}
	return nil
}

// longestURL is what proxies and browsers are sure to pass on.
const longestURL = 6 << 10

// asGET returns where a posted request goes on. A form posted by another site brings none of our
// cookies (SameSite=Lax): only as a GET does it meet the session and the browser it belongs to. One
// that is too long for a URL is answered as it came, as if nobody had logged in. Empty: stay here.
func asGET(r *http.Request, path string) string {
	if r.Method != http.MethodPost {
		return ""
	}
	to := path + "?" + r.Form.Encode()
	if len(to) > longestURL {
		return ""
	}
	return to
}
